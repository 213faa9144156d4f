"""Every figure of the test part with its 95 % interval, from lesions that are drawn again.

Photographs of one lesion resemble each other, so lesions are drawn, not images: with replacement,
within their class, because the split fixes how many of each class are tested (percentile bootstrap,
Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). Nothing is computed
twice: a draw is a row of weights, and all rows go through the same sums at once.

A draw in which a figure is not defined does not count for that figure. Where all draws agree, as
when every image was answered rightly, they say nothing, and the interval is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints
from server.training.evaluation.ranking import AREAS, areas
from server.training.evaluation.shares import Draws, Figure

CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", *AREAS)
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "macro_average_precision")
REPLICATES = 1000
_CELLS_AT_ONCE = 2_000_000
_TAIL = 0.025

Table = npt.NDArray[np.float64]


def with_intervals(
    probabilities: Floats, truth: Ints, lesions: Ints, labels: Sequence[str], seed: int
) -> tuple[dict[str, Figure], list[dict[str, Any]]]:
    """The headline figures, and those of each class.

    Args:
        probabilities: [images, classes].
        truth: [images], index of the true class.
        lesions: [images], index of the lesion.
        labels: class names, in the order of the columns.
        seed: of the draws.

    Returns:
        ``HEADLINE`` name to figure; for each class its ``label``, ``support`` (images),
        ``lesions`` and ``CLASS_FIGURES``.
    """
    draws = Draws.among(truth, lesions, seed)
    drawn = np.asarray(draws.weights[:REPLICATES], dtype=np.float64)
    weightings = np.vstack([np.ones((1, drawn.shape[1])), drawn])
    rows = max(1, _CELLS_AT_ONCE // max(1, len(truth)))
    parts = [
        _tables(probabilities, truth, weightings[start : start + rows][:, draws.lesions])
        for start in range(0, len(weightings), rows)
    ]
    headline, by_class = (np.concatenate(part) for part in zip(*parts, strict=True))
    classes = [
        {
            "label": label,
            "support": int((truth == code).sum()),
            "lesions": len(np.unique(lesions[truth == code])),
        }
        | dict(zip(CLASS_FIGURES, map(_figure, by_class[:, code].T), strict=True))
        for code, label in enumerate(labels)
    ]
    return dict(zip(HEADLINE, map(_figure, headline.T), strict=True)), classes


def _tables(probabilities: Floats, truth: Ints, weights: Table) -> tuple[Table, Table]:
    """[weightings, headline] and [weightings, classes, figures]; NaN = not defined."""
    classes = probabilities.shape[1]
    counts = _confusions(truth, probabilities.argmax(axis=1), classes, weights)
    ranks = np.stack(
        [areas(probabilities[:, code], truth == code, weights) for code in range(classes)], axis=1
    )
    hits = np.diagonal(counts, axis1=1, axis2=2)
    support, called, total = counts.sum(axis=2), counts.sum(axis=1), counts.sum(axis=(1, 2))
    others = total[:, None] - support
    sensitivity = _ratio(hits, support)
    specificity = _ratio(others - (called - hits), others)
    # Precision is 0 where nothing was called so, as in the metadata.
    precision = np.nan_to_num(_ratio(hits, called))
    f1 = np.where(support > 0, np.nan_to_num(_ratio(2 * hits, support + called)), np.nan)
    headline = [
        hits.sum(axis=1) / total,
        _mean(sensitivity),
        _mean(f1),
        _mean(ranks[:, :, 0]),
        _mean(ranks[:, :, 1]),
    ]
    each = np.stack([sensitivity, specificity, precision, f1], axis=2)
    return np.stack(headline, axis=1), np.concatenate([each, ranks], axis=2)


def _confusions(truth: Ints, answers: Ints, classes: int, weights: Table) -> Table:
    """[weightings, true class, answered class]."""
    cells = np.zeros((len(truth), classes * classes))
    cells[np.arange(len(truth)), truth * classes + answers] = 1
    return np.reshape(weights @ cells, (-1, classes, classes))


def _ratio(up: Table, down: Table) -> Table:
    ratio: Table = np.divide(up, down, out=np.full(np.shape(down), np.nan), where=down > 0)
    return ratio


def _mean(figures: Table) -> Table:
    """Over the classes for which the figure is defined."""
    known = ~np.isnan(figures)
    return _ratio(np.where(known, figures, 0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def _figure(values: Table) -> Figure:
    """The first value is that of the images as they are, the others are of the draws."""
    value, drawn = values[0], values[1:][~np.isnan(values[1:])]
    if np.isnan(value):
        return {"value": None, "low": None, "high": None}
    if not len(drawn) or drawn.min() == drawn.max():
        return {"value": float(value), "low": None, "high": None}
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return {"value": float(value), "low": float(low), "high": float(high)}
