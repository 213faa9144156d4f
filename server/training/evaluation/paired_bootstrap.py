"""The difference between two sides' figures, with an interval, from answers to the same images.

Both sides answered the same photographs of the same lesions, so what makes one test part easy makes
it easy for both. Drawing the lesions again, together for both sides, keeps that out of the
difference (paired bootstrap, Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
chapter 16). Lesions are drawn within their class, because the split fixes how many of each class
are tested.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.training.evaluation.figure import Table, figure_of
from server.training.evaluation.metrics import Floats, Ints

HEADLINE = ("balanced_accuracy", "macro_auc", "accuracy", "macro_f1")
"""The first columns of every table of figures here; the sensitivity of each class follows."""

REPLICATES = 2000
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Round:
    """Models of both sides that were tested on the same images.

    Attributes:
        truth: [images], index of the true class.
        lesions: [images], index of the lesion, the same lesion having one index in all rounds.
        a, b: what each model of a side answered, each [images, classes].
    """

    truth: Ints
    lesions: Ints
    a: tuple[Floats, ...]
    b: tuple[Floats, ...]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.a[0].shape[1])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure or a difference; NaN where it is not defined.

    Attributes:
        value: on the images as they are.
        low, high: the 95 % interval.
    """

    value: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Differences:
    """What ``paired_bootstrap`` found; lists run over ``HEADLINE``, then the classes.

    Attributes:
        a, b: [models, figures] of each side, every model on the images of its round.
        mean_a, mean_b: [figures], the mean over the rounds.
        difference: a minus b.
    """

    a: Table
    b: Table
    mean_a: Table
    mean_b: Table
    difference: tuple[Estimate, ...]


def paired_bootstrap(
    rounds: Sequence[Round],
    names: tuple[Sequence[str], Sequence[str]] = ((), ()),
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Differences:
    """The difference of every figure between the two sides, with its 95 % interval.

    With several rounds (the same recipe with several seeds, each with its own test part) the rounds
    are drawn again too, and with several models of a side in one round those models, so that the
    interval knows of the seeds as well as of the lesions. Drawing few of them again makes intervals
    too narrow by a factor that is known, sqrt((k - 1) / k) for k of them, and is undone
    (Hesterberg, "What Teachers Should Know About the Bootstrap", 2015).

    Args:
        rounds: at least one.
        names: of the models of each side; only so that exchanging the sides exchanges everything.

    Raises:
        ValueError: without a round.
    """
    if not rounds:
        raise ValueError("There is nothing to compare.")
    weights = draw_lesions(rounds, replicates, np.random.default_rng(seed))
    as_they_are = np.ones((1, weights.shape[1]))
    sides_now = [_side(rounds, side, as_they_are) for side in ("a", "b")]
    sides_drawn = [_side(rounds, side, weights) for side in ("a", "b")]
    means = [np.mean([np.mean(models, axis=0) for models in side], axis=0) for side in sides_now]
    drawn = _draw_seeds(sides_drawn, names, seed)
    values = (means[0] - means[1])[0]
    return Differences(
        a=np.concatenate([models[:, 0] for models in sides_now[0]]),
        b=np.concatenate([models[:, 0] for models in sides_now[1]]),
        mean_a=means[0][0],
        mean_b=means[1][0],
        difference=tuple(
            _estimate(value, column) for value, column in zip(values, drawn.T, strict=True)
        ),
    )


def draw_lesions(rounds: Sequence[Round], replicates: int, random: np.random.Generator) -> Table:
    """How often each lesion is drawn, with replacement, among those of its class.

    Returns:
        [replicates, lesions] counts; each class keeps its number of lesions.
    """
    lesions = np.concatenate([each.lesions for each in rounds])
    truth = np.concatenate([each.truth for each in rounds])
    # a patient with lesions of two classes counts to the first of them
    unique, first = np.unique(lesions, return_index=True)
    class_of = truth[first]
    weights = np.zeros((replicates, int(unique.max()) + 1))
    for label in np.unique(class_of):
        members = unique[class_of == label]
        share = np.full(len(members), 1 / len(members))
        weights[:, members] = random.multinomial(len(members), share, size=replicates)
    return weights


def weighted_figures(probabilities: Floats, truth: Ints, lesions: Ints, weights: Table) -> Table:
    """``HEADLINE`` and the sensitivity of each class, as if each lesion were there so many times.

    With all weights 1 these are the figures of ``metrics.measure``. A figure over the classes
    leaves out those that do not occur, and is NaN when none does.

    Args:
        probabilities: [images, classes].
        truth, lesions: [images].
        weights: [replicates, lesions].

    Returns:
        [replicates, figures].
    """
    classes = probabilities.shape[1]
    cells = np.zeros((weights.shape[1], classes * classes))
    np.add.at(cells, (lesions, truth * classes + probabilities.argmax(axis=1)), 1)
    counts = (weights @ cells).reshape(-1, classes, classes)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    support, called = counts.sum(axis=2), counts.sum(axis=1)
    occurs = support > 0
    recall = np.divide(hits, support, out=np.full_like(support, np.nan), where=occurs)
    f1 = 2 * hits / np.maximum(support + called, 1)
    area = np.stack(
        [_areas(probabilities[:, k], truth == k, lesions, weights) for k in range(classes)], axis=1
    )
    headline = [
        _mean(recall, occurs),
        _mean(area, ~np.isnan(area)),
        hits.sum(axis=1) / np.maximum(support.sum(axis=1), 1),
        _mean(f1, occurs),
    ]
    return np.concatenate([np.stack(headline, axis=1), recall], axis=1)


def _areas(
    scores: Floats, positive: npt.NDArray[np.bool_], lesions: Ints, weights: Table
) -> npt.NDArray[np.float64]:
    """Area under the ROC curve for each row of ``weights``; ties count half."""
    order = np.argsort(scores, kind="stable")
    positive, lesions = positive[order], lesions[order]
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    step = max(1, _CELLS_AT_ONCE // max(1, len(scores)))
    return np.concatenate(
        [
            _areas_of(weights[begin : begin + step][:, lesions], positive, starts)
            for begin in range(0, len(weights), step)
        ]
    )


def _areas_of(weights: Table, positive: npt.NDArray[np.bool_], starts: Ints) -> Table:
    up = np.add.reduceat(weights * positive, starts, axis=1)
    down = np.add.reduceat(weights * ~positive, starts, axis=1)
    pairs = up.sum(axis=1) * down.sum(axis=1)
    won = (up * (np.cumsum(down, axis=1) - down / 2)).sum(axis=1)
    area: Table = np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return area


def _mean(values: Table, counted: npt.NDArray[np.bool_]) -> Table:
    many = counted.sum(axis=1)
    total = np.where(counted, values, 0).sum(axis=1)
    mean: Table = np.divide(total, many, out=np.full(len(many), np.nan), where=many > 0)
    return mean


def _side(rounds: Sequence[Round], side: str, weights: Table) -> list[Table]:
    """For each round [models, replicates, figures]."""
    return [
        np.stack(
            [
                weighted_figures(answers, each.truth, each.lesions, weights)
                for answers in getattr(each, side)
            ]
        )
        for each in rounds
    ]


def _draw_seeds(
    sides: Sequence[list[Table]], names: tuple[Sequence[str], Sequence[str]], seed: int
) -> Table:
    """[replicates, figures] of a minus b, with rounds or models drawn again."""
    if len(sides[0]) > 1:
        per_round = [a.mean(axis=0) - b.mean(axis=0) for a, b in zip(*sides, strict=True)]
        return _drawn_again(np.stack(per_round), np.random.default_rng([seed, 1]))
    a, b = (
        _drawn_again(side[0], np.random.default_rng([seed, 2, _number(of)]))
        for side, of in zip(sides, names, strict=True)
    )
    return a - b


def _drawn_again(values: Table, random: np.random.Generator) -> Table:
    """The mean over the first axis, of as many as there are, drawn with replacement."""
    many, replicates = values.shape[0], values.shape[1]
    if many == 1:
        return np.asarray(values[0])
    counts = random.multinomial(many, np.full(many, 1 / many), size=replicates)
    middle = values.mean(axis=0)
    drawn = np.einsum("mrf,rm->rf", values, counts) / many
    return np.asarray(middle + (drawn - middle) * np.sqrt(many / (many - 1)))


def _number(names: Sequence[str]) -> int:
    return zlib.crc32("\n".join(names).encode())


def _estimate(value: float, drawn: Table) -> Estimate:
    found = figure_of(value, drawn)
    ends = (np.nan if end is None else end for end in (found["low"], found["high"]))
    return Estimate(float(value), *ends)
