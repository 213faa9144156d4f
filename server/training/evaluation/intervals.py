"""Every figure of the test part with its 95 % interval, from lesions that are drawn again.

Photographs of one lesion resemble each other, so lesions are drawn, not images: with replacement,
within their class, because the split fixes how many of each class are tested. Nothing is computed
twice: a draw is a row of weights, and all rows go through the same sums at once. Two sets of
answers under the same draws give the interval of their difference as well (paired bootstrap, Efron
and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 16).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.training.evaluation.figure import Figure, Table, figure_of
from server.training.evaluation.metrics import Floats, Ints
from server.training.evaluation.ranking import AREAS, areas
from server.training.evaluation.shares import Draws

CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", *AREAS)
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "macro_average_precision")
REPLICATES = 1000
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The figures of one set of answers: first on the images as they are, then on each draw.

    Attributes:
        headline: [1 + draws, ``HEADLINE``]; NaN where a figure is not defined.
        by_class: [1 + draws, classes, ``CLASS_FIGURES``].
    """

    headline: Table
    by_class: Table

    def figures(self) -> dict[str, Figure]:
        """``HEADLINE`` name to figure."""
        return _figures(HEADLINE, self.headline)

    def minus(self, other: Redrawn) -> dict[str, Figure]:
        """How much higher each headline figure is than that of other answers, same draws."""
        return _figures(HEADLINE, self.headline - other.headline)

    def classes(self, truth: Ints, lesions: Ints, labels: Sequence[str]) -> list[dict[str, Any]]:
        """For each class its ``label``, ``support`` (images), ``lesions`` and ``CLASS_FIGURES``."""
        return [
            {
                "label": label,
                "support": int((truth == code).sum()),
                "lesions": len(np.unique(lesions[truth == code])),
                **_figures(CLASS_FIGURES, self.by_class[:, code]),
            }
            for code, label in enumerate(labels)
        ]


def redraw(probabilities: Floats, truth: Ints, draws: Draws) -> Redrawn:
    """Every figure, as if each lesion had been tested as often as it was drawn.

    Args:
        probabilities: [images, classes].
        truth: [images], index of the true class.
        draws: of the lesions of these images; the first ``REPLICATES`` count.
    """
    drawn = np.asarray(draws.weights[:REPLICATES], dtype=np.float64)
    weightings = np.vstack([np.ones((1, drawn.shape[1])), drawn])
    rows = max(1, _CELLS_AT_ONCE // max(1, len(truth)))
    parts = [
        _tables(probabilities, truth, weightings[start : start + rows][:, draws.lesions])
        for start in range(0, len(weightings), rows)
    ]
    headline, by_class = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Redrawn(headline, by_class)


def _figures(names: Sequence[str], table: Table) -> dict[str, Figure]:
    """[1 + draws, names] as figures."""
    return {
        name: figure_of(column[0], column[1:]) for name, column in zip(names, table.T, strict=True)
    }


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
