"""A share of some images, with its 95 % interval from lesions that are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.training.evaluation.figure import Figure, Table, figure_of
from server.training.evaluation.metrics import Ints
from server.training.evaluation.paired_bootstrap import REPLICATES, Round, draw_lesions

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Draws:
    """Lesions drawn again.

    Attributes:
        lesions: [images], index of each image's lesion.
        weights: [replicates, lesions], how often each lesion was drawn.
    """

    lesions: Ints
    weights: npt.NDArray[np.floating]

    @classmethod
    def among(cls, truth: Ints, lesions: Ints, seed: int = 0) -> Draws:
        """Lesions drawn within their class, as the split fixes how many of each are tested."""
        random = np.random.default_rng(seed)
        part = Round(truth=truth, lesions=lesions, a=(), b=())
        return cls(lesions, draw_lesions([part], REPLICATES, random))

    def within(self, chosen: Marks) -> Draws:
        """The same draws for some of the images alone."""
        found, lesions = np.unique(self.lesions[chosen], return_inverse=True)
        return Draws(lesions, self.weights[:, found])


def share(hits: Marks, counted: Marks, draws: Draws | None) -> Figure:
    """Of the images that are ``counted``, the share that are also ``hits``; all [images].

    It is None where no image counts, and has no interval where no lesions were drawn.
    """
    return figure_of(_value(hits, counted), _drawn(hits, counted, draws))


def mean_share(hits: Marks, counted: Sequence[Marks], draws: Draws | None) -> Figure:
    """The mean of several shares, over those that count any image."""
    values = [value for each in counted if (value := _value(hits, each)) is not None]
    if not values:
        return figure_of(None)
    value = sum(values) / len(values)
    if draws is None:
        return figure_of(value)
    drawn = np.ma.masked_invalid([_drawn(hits, each, draws) for each in counted]).mean(axis=0)
    return figure_of(value, np.asarray(drawn.filled(np.nan), dtype=np.float64))


def _value(hits: Marks, counted: Marks) -> float | None:
    images = int(counted.sum())
    return int((hits & counted).sum()) / images if images else None


def _drawn(hits: Marks, counted: Marks, draws: Draws | None) -> Table | None:
    """[replicates]; NaN where no counted image was drawn."""
    if draws is None:
        return None
    lesions = draws.weights.shape[1]
    of_all = np.bincount(draws.lesions[counted], minlength=lesions)
    of_hits = np.bincount(draws.lesions[counted & hits], minlength=lesions)
    up, down = draws.weights @ of_hits, draws.weights @ of_all
    return np.asarray(np.divide(up, down, out=np.full(len(down), np.nan), where=down > 0))
