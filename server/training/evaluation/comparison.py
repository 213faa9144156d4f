"""Two models, or two recipes with several seeds each, compared on the same test lesions.

The answer is one sentence, and balanced accuracy decides it, as was settled before any comparison:
a difference is shown when the 95 % interval of the paired bootstrap leaves out zero. Where it does
not, the sentence says that no difference is shown, which is not the same as "they are equal". Pure
NumPy; ``docs/science.md`` explains it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from server.training.evaluation.common_ground import ScoredModel, find_common_ground
from server.training.evaluation.figure import CONFIDENCE
from server.training.evaluation.mcnemar import McNemar, mcnemar
from server.training.evaluation.paired_bootstrap import (
    HEADLINE,
    REPLICATES,
    Differences,
    paired_bootstrap,
)

DECIDED_BY = "balanced_accuracy"
FIGURE_NAMES = {
    "balanced_accuracy": "balanced accuracy",
    "macro_auc": "macro AUC",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
}
_ONE_RUN_EACH = (
    "The interval says how much depends on which lesions were tested. How much depends on the seed "
    "it cannot say: train each recipe with several seeds and compare them together."
)
_SAME_FILE = "Both sides are the same model."


@dataclass(frozen=True, slots=True)
class SideFigure:
    """One figure of one side.

    Attributes:
        mean: over the side's models.
        spread: standard deviation over them; None for a single model.
        values: of each model.
    """

    mean: float | None
    spread: float | None
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class FigureCompared:
    """One figure of both sides, and a minus b with its 95 % interval; None where not defined."""

    figure: str
    a: SideFigure
    b: SideFigure
    difference: float | None
    low: float | None
    high: float | None
    shown: bool


@dataclass(frozen=True, slots=True)
class SettingThatDiffers:
    """A setting that is not the same on both sides; each side's values, without repeats."""

    name: str
    a: tuple[str, ...]
    b: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer, whole.

    Attributes:
        sentence: what to take away.
        shown: whether a difference of the deciding figure is shown.
        better: the side with the higher one, where it is shown.
        models: names of the models of each side that take part.
        lesions, images: that both sides were tested on and neither had seen.
        test_parts: how many different test parts they come from.
        figures: the headline figures.
        sensitivities: of each class, ``figure`` being its label.
        mcnemar: on lesions, see ``evaluation.mcnemar``.
        left_out: what is not compared, and why.
        settings: what differs between the sides.
        notes: what else must be known to read the answer.
    """

    sentence: str
    shown: bool
    better: Literal["a", "b"] | None
    decided_by: str
    models: dict[str, tuple[str, ...]]
    lesions: int
    images: int
    test_parts: int
    confidence: float
    replicates: int
    figures: tuple[FigureCompared, ...]
    sensitivities: tuple[FigureCompared, ...]
    mcnemar: McNemar
    left_out: tuple[str, ...]
    settings: tuple[SettingThatDiffers, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def compare(
    a: Sequence[ScoredModel],
    b: Sequence[ScoredModel],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Compare the models of side ``a`` with those of side ``b``.

    Args:
        a, b: at least one model each; several are one recipe with several seeds.
        replicates: of the bootstrap.
        seed: of the bootstrap; the same gives the same intervals.

    Raises:
        InvalidInput: when they share too few test lesions or answer other classes.
    """
    ground = find_common_ground(a, b)
    found = paired_bootstrap(ground.rounds, ground.models, replicates=replicates, seed=seed)
    rows = _figures(found, [*HEADLINE, *ground.labels])
    figures, sensitivities = rows[: len(HEADLINE)], rows[len(HEADLINE) :]
    deciding = next(each for each in figures if each.figure == DECIDED_BY)
    better: Literal["a", "b"] | None = None
    if deciding.shown and deciding.difference is not None:
        better = "a" if deciding.difference > 0 else "b"
    taking_part = [
        [model for model in side if model.name in names]
        for side, names in zip((a, b), ground.models, strict=True)
    ]
    return Comparison(
        sentence=_sentence(figures, deciding, better, ground.models, ground.lesions),
        shown=better is not None,
        better=better,
        decided_by=DECIDED_BY,
        models=dict(zip(("a", "b"), ground.models, strict=True)),
        lesions=ground.lesions,
        images=ground.images,
        test_parts=len(ground.rounds),
        confidence=CONFIDENCE,
        replicates=replicates,
        figures=figures,
        sensitivities=sensitivities,
        mcnemar=mcnemar(ground.rounds),
        left_out=ground.left_out,
        settings=_settings_that_differ(*taking_part),
        notes=_notes(*taking_part),
    )


def _figures(found: Differences, names: Sequence[str]) -> tuple[FigureCompared, ...]:
    return tuple(
        FigureCompared(
            figure=name,
            a=_side_figure(found.a[:, place], found.mean_a[place]),
            b=_side_figure(found.b[:, place], found.mean_b[place]),
            difference=_number(difference.value),
            low=_number(difference.low),
            high=_number(difference.high),
            shown=difference.is_shown,
        )
        for place, (name, difference) in enumerate(zip(names, found.difference, strict=True))
    )


def _side_figure(values: np.ndarray[Any, np.dtype[np.float64]], mean: float) -> SideFigure:
    spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    return SideFigure(_number(mean), _number(spread), tuple(map(_number, values)))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _sentence(
    figures: Sequence[FigureCompared],
    deciding: FigureCompared,
    better: Literal["a", "b"] | None,
    models: tuple[tuple[str, ...], tuple[str, ...]],
    lesions: int,
) -> str:
    names = dict(zip(("a", "b"), _side_names(models), strict=True))
    where = f"on the {lesions} lesions that both were tested on"
    means = {"a": _text(deciding.a.mean), "b": _text(deciding.b.mean)}
    if better is None:
        also = [each for each in figures if each.shown and each is not deciding]
        return (
            f"No difference shown: {where}, the balanced accuracy of {names['a']} is {means['a']} "
            f"and that of {names['b']} {means['b']}, a difference of "
            f"{_signed(deciding.difference)} {_interval(deciding)}{_also(also)}."
        )
    worse = "b" if better == "a" else "a"
    low, high = sorted(abs(value) for value in (deciding.low or 0.0, deciding.high or 0.0))
    return (
        f"{_opening(names[better])} has the higher balanced accuracy {where}: "
        f"{means[better]} against {means[worse]} of {names[worse]}, a difference of "
        f"{_text(abs(deciding.difference or 0.0))} with a 95 % interval from {_text(low)} to "
        f"{_text(high)}."
    )


def _interval(deciding: FigureCompared) -> str:
    if deciding.low is None or deciding.high is None:
        return "whichever of the lesions are drawn, so without an interval"
    return f"with a 95 % interval from {_signed(deciding.low)} to {_signed(deciding.high)}"


def _also(others: Sequence[FigureCompared]) -> str:
    if not others:
        return ""
    said = " and ".join(f"{FIGURE_NAMES[o.figure]} by {_signed(o.difference)}" for o in others)
    return f"; {said} {'does' if len(others) == 1 else 'do'} differ"


def _side_names(models: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[str, str]:
    a, b = (
        names[0] if len(names) == 1 else f"side {side} (mean of {len(names)} models)"
        for side, names in zip(("A", "B"), models, strict=True)
    )
    return a, b


def _opening(name: str) -> str:
    """A model's name is a file name and keeps its letters; "side A" opens with a capital."""
    return name.replace("side ", "Side ", 1) if name.startswith("side ") else name


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{'−' if round(value, 3) < 0 else '+' if round(value, 3) > 0 else ''}{abs(value):.3f}"


def _settings_that_differ(
    a: Sequence[ScoredModel], b: Sequence[ScoredModel]
) -> tuple[SettingThatDiffers, ...]:
    names = dict.fromkeys(name for model in (*a, *b) for name in model.made_with)
    rows = [SettingThatDiffers(name, _values(a, name), _values(b, name)) for name in names]
    return tuple(row for row in rows if sorted(row.a) != sorted(row.b))


def _values(models: Sequence[ScoredModel], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(model.made_with.get(name, "–")) for model in models))


def _notes(a: Sequence[ScoredModel], b: Sequence[ScoredModel]) -> tuple[str, ...]:
    notes = []
    if any(model.is_sample for model in (*a, *b)):
        notes.append(
            "Drawn pictures are among what was learnt from: the figures say nothing about skin."
        )
    if {model.name for model in a} == {model.name for model in b}:
        notes.append(_SAME_FILE)
    elif len(a) == len(b) == 1:
        notes.append(_ONE_RUN_EACH)
    return tuple(notes)
