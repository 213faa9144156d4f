"""Which of many numbers stand apart, by a rule that the numbers themselves do not bend.

The modified z-score of Iglewicz and Hoaglin ("How to Detect and Handle Outliers", 1993): the
distance from the median, in units of the median absolute deviation times 1.4826, which is the
standard deviation where numbers are spread normally. Above 3.5 a number counts as an outlier, as
they recommend. Where more than half of the numbers are equal, so that this deviation is zero, the
mean absolute deviation times 1.2533 stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

LIMIT = 3.5
FEWEST = 20
"""Of fewer numbers nothing is said: their spread is not known well enough."""
_TO_SIGMA = 1.4826
_MEAN_TO_SIGMA = 1.2533
_SMALLEST = 1e-3


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of the numbers, and what is below or above all that is usual."""

    median: float
    low: float
    high: float


def spread_of(numbers: Sequence[float]) -> Spread | None:
    """The usual range of ``numbers``; None of too few, or where all are the same."""
    if len(numbers) < FEWEST:
        return None
    middle = median(numbers)
    distances = [abs(number - middle) for number in numbers]
    sigma = _TO_SIGMA * median(distances) or _MEAN_TO_SIGMA * fmean(distances)
    if sigma == 0:
        return None
    return Spread(middle, middle - LIMIT * sigma, middle + LIMIT * sigma)


def spread_of_ratios(numbers: Sequence[float]) -> Spread | None:
    """The same where ratios count, not differences: half is as far off as twice.

    Multiplying all numbers by the same changes nothing.

    Args:
        numbers: 0 or more; below 0.001 they count as 0.001.
    """
    found = spread_of([math.log(max(_SMALLEST, number)) for number in numbers])
    if found is None:
        return None
    return Spread(math.exp(found.median), math.exp(found.low), math.exp(min(found.high, 700)))
