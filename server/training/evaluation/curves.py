"""ROC and precision–recall of each class against the others, thinned to what a diagram can show.

The points are those of scikit-learn: one for each probability that occurs, ties together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints

MOST_POINTS = 200
Line = npt.NDArray[np.float64]


def describe_curves(probabilities: Floats, truth: Ints, labels: Sequence[str]) -> dict[str, Any]:
    """``roc`` and ``precision_recall``: for each class its label and two lists of equal length.

    A class without a positive, or for ROC without a negative, has no curve and is left out.
    """
    roc, precision_recall = [], []
    for place, label in enumerate(labels):
        hits, called = _counts(probabilities[:, place], truth == place)
        positives, negatives = hits[-1], called[-1] - hits[-1]
        if positives and negatives:
            across = np.r_[0.0, (called - hits) / negatives]
            across, up = _thinned(across, np.r_[0.0, hits / positives])
            roc.append(
                {"label": label, "false_positive_rate": across.tolist(), "sensitivity": up.tolist()}
            )
        if positives:
            recall, precision = _thinned(hits / positives, hits / called)
            precision_recall.append(
                {"label": label, "recall": recall.tolist(), "precision": precision.tolist()}
            )
    return {"roc": roc, "precision_recall": precision_recall}


def _counts(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Line, Line]:
    """True positives and all that are called so, at each falling threshold."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(scores[order]) != 0, True])
    return np.cumsum(positive[order])[ends].astype(np.float64), (ends + 1).astype(np.float64)


def _thinned(across: Line, up: Line) -> tuple[Line, Line]:
    """At most ``MOST_POINTS`` of the points, evenly along the line, both ends among them."""
    across, up = _without_straight(across, up)
    if len(across) <= MOST_POINTS:
        return across, up
    steps = np.abs(np.diff(across)) + np.abs(np.diff(up))
    along = np.r_[0.0, np.cumsum(steps)]
    wanted = np.linspace(0, along[-1], MOST_POINTS)
    kept = np.unique(np.r_[0, np.searchsorted(along, wanted[1:-1]), len(along) - 1])
    return across[kept], up[kept]


def _without_straight(across: Line, up: Line) -> tuple[Line, Line]:
    """Without the points that lie on the straight line between their neighbours."""
    first, second = np.diff(across), np.diff(up)
    turns = np.abs(first[:-1] * second[1:] - first[1:] * second[:-1]) > 1e-15
    kept = np.r_[True, turns, True][: len(across)]
    return across[kept], up[kept]
