"""A figure with its 95 % interval, by the percentiles of the same figure on lesions drawn again.

Percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]
CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_ROUNDING = 1e-12


class Figure(TypedDict):
    """A figure as the report holds it: None where it, or an end of its interval, is not known."""

    value: float | None
    low: float | None
    high: float | None


def figure_of(value: float | None, drawn: Table | None = None) -> Figure:
    """A figure, and where the middle 95 % of its draws lie.

    A draw in which the figure is not defined does not count. Where the draws agree, as when every
    image was answered rightly, they say nothing, and the interval is left open.

    Args:
        value: on the images as they are; None or NaN where it is not defined.
        drawn: [draws], NaN where it is not defined; None where nothing was drawn.
    """
    if value is None or np.isnan(value):
        return {"value": None, "low": None, "high": None}
    known = np.empty(0) if drawn is None else drawn[~np.isnan(drawn)]
    ends = np.quantile(known, [_TAIL, 1 - _TAIL]) if len(known) else np.zeros(2)
    if np.ptp(ends) < _ROUNDING:
        return {"value": float(value), "low": None, "high": None}
    return {"value": float(value), "low": float(ends[0]), "high": float(ends[1])}
