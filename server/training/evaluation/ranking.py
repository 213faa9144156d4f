"""How well a score ranks one class above the rest, for many weightings of the images at once.

Three areas of one class against the rest: under the ROC curve (ties counted half; Hanley and
McNeil, 1982), the average precision (sum of precision times the gain in recall, no interpolation,
as in scikit-learn), and under the part of the ROC curve above 80 % sensitivity, from 0 to 1, as
the official ISIC scorer defines it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats

Weights = npt.NDArray[np.float64]
SENSITIVITY = 0.8
AREAS = ("auc", "average_precision", "pauc_80")


def areas(scores: Floats, positive: npt.NDArray[np.bool_], weights: Weights) -> Weights:
    """The three ``AREAS`` for every weighting.

    Args:
        scores: [images], higher for the class.
        positive: [images], whether the image is of the class.
        weights: [weightings, images], how often each image counts.

    Returns:
        [weightings, 3]; NaN where a weighting lacks images of the class or of the rest.
    """
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    # Images with one score cross a threshold together.
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    counted = weights[:, order]
    true = np.add.reduceat(counted * positive[order], starts, axis=1)
    false = np.add.reduceat(counted * ~positive[order], starts, axis=1)
    found = np.full((len(weights), len(AREAS)), np.nan)
    known = (true.sum(axis=1) > 0) & (false.sum(axis=1) > 0)
    if known.any():
        found[known] = _areas(true[known], false[known])
    return found


def _areas(true: Weights, false: Weights) -> Weights:
    """[weightings, 3] from the weights that each threshold lets in, [weightings, thresholds]."""
    hits, alarms = true.cumsum(axis=1), false.cumsum(axis=1)
    positives, negatives = hits[:, -1:], alarms[:, -1:]
    called = hits + alarms
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    average_precision = (true / positives * precision).sum(axis=1)
    after = hits / positives
    before = after - true / positives
    width = false / negatives
    auc = (width * (before + after) / 2).sum(axis=1)
    # The share of a step that lies above the wanted sensitivity; rounding must not lose a step.
    rise = after - before
    missing = np.clip(SENSITIVITY - before, 0, None)
    below = np.divide(missing, rise, out=(missing > 1e-12).astype(np.float64), where=rise > 1e-12)
    below = np.clip(below, 0, 1)
    lower = np.maximum(before, SENSITIVITY)
    partial = (width * (1 - below) * (lower + after) / 2).sum(axis=1)
    return np.stack([auc, average_precision, partial], axis=1)
