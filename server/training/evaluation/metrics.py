"""The figures of a classifier, from probabilities and true labels.

All formulas are those of Sokolova and Lapalme, "A systematic analysis of performance measures for
classification tasks" (2009), one class against the rest; the area under the ROC curve is the
Mann-Whitney statistic (Hanley and McNeil, 1982), ties counted half. ``docs/science.md`` says what
each one means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """One class against the rest; each figure in [0, 1], None where it is not defined.

    Attributes:
        precision: of the images called this class, the share that is (0 when none was called so).
        recall, sensitivity: of the images of this class, the share that was found; one figure
            under the names of two fields.
        specificity: of the images of other classes, the share that was not called this class.
        f1: harmonic mean of precision and recall.
        auc: chance that an image of this class gets a higher probability for it than another one.
        support: images of this class.
    """

    label: str
    precision: float
    recall: float | None
    sensitivity: float | None
    specificity: float | None
    f1: float
    auc: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one part of the data; each in [0, 1].

    Attributes:
        accuracy: share of images whose most probable class is the true one.
        balanced_accuracy: mean recall over the classes that occur (chance: 1 / classes).
        macro_f1: mean F1 over the classes that occur.
        macro_auc: mean one-versus-rest AUC; None when a class does not occur.
        confusion_matrix: ``labels`` and ``counts``; row = true class, column = answered class.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    macro_auc: float | None
    per_class: tuple[ClassMetrics, ...]
    confusion_matrix: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @property
    def headline(self) -> dict[str, float]:
        """The figures that a list shows."""
        figures = {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
        }
        return figures if self.macro_auc is None else figures | {"macro_auc": self.macro_auc}


def measure(probabilities: Floats, truth: Ints, labels: Sequence[str]) -> Metrics:
    """Every figure of one set of answers.

    Args:
        probabilities: [images, classes], each row summing to 1.
        truth: [images], index of the true class.
        labels: class names, in the order of the columns.

    Raises:
        ValueError: for no images, or shapes that do not fit.
    """
    classes = len(labels)
    if len(truth) == 0 or probabilities.shape != (len(truth), classes):
        raise ValueError(f"{probabilities.shape} probabilities do not fit {len(truth)} labels.")
    counts = confusion(truth, probabilities.argmax(axis=1), classes)
    per_class = tuple(
        _one_against_rest(
            counts, index, label, area_under_roc(probabilities[:, index], truth == index)
        )
        for index, label in enumerate(labels)
    )
    occurring = [each for each in per_class if each.support]
    areas = [each.auc for each in per_class if each.auc is not None]
    return Metrics(
        accuracy=float(np.trace(counts) / counts.sum()),
        balanced_accuracy=_mean([each.recall for each in occurring if each.recall is not None]),
        macro_f1=_mean([each.f1 for each in occurring]),
        macro_auc=_mean(areas) if len(areas) == classes else None,
        per_class=per_class,
        confusion_matrix={"labels": list(labels), "counts": counts.tolist()},
    )


def majority_baseline(train_truth: Ints, truth: Ints, labels: Sequence[str]) -> tuple[str, Metrics]:
    """What always answering the most common training class would score on ``truth``.

    Returns:
        That class, and the figures.
    """
    common = int(np.bincount(train_truth, minlength=len(labels)).argmax())
    return labels[common], measure(always(common, len(truth), len(labels)), truth, labels)


def always(code: int, images: int, classes: int) -> npt.NDArray[np.float64]:
    """[images, classes]: the probabilities of who answers one class whatever the picture."""
    answers = np.zeros((images, classes))
    answers[:, code] = 1.0
    return answers


def confusion(truth: Ints, answers: Ints, classes: int) -> npt.NDArray[np.int64]:
    """[classes, classes] counts; row = true class, column = answered class."""
    cells = np.bincount(truth * classes + answers, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def balanced_accuracy(truth: Ints, answers: Ints, classes: int) -> float:
    """Mean recall over the classes that occur."""
    counts = confusion(truth, answers, classes)
    support = counts.sum(axis=1)
    return float((counts.diagonal()[support > 0] / support[support > 0]).mean())


def area_under_roc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float | None:
    """Chance that a positive scores above a negative, ties half; None without both kinds."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(ties)
    mid_rank = (last_rank - (ties - 1) / 2)[place]
    rank_sum = float(mid_rank[positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def _one_against_rest(
    counts: npt.NDArray[np.int64], index: int, label: str, auc: float | None
) -> ClassMetrics:
    hits = int(counts[index, index])
    support = int(counts[index].sum())
    called = int(counts[:, index].sum())
    others = int(counts.sum()) - support
    recall = hits / support if support else None
    return ClassMetrics(
        label=label,
        precision=hits / called if called else 0.0,
        recall=recall,
        sensitivity=recall,
        specificity=(others - (called - hits)) / others if others else None,
        f1=2 * hits / (support + called) if support + called else 0.0,
        auc=auc,
        support=support,
    )


def _mean(values: Sequence[float]) -> float:
    return float(sum(values) / len(values))
