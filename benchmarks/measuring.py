"""Pairs of measurements: two things timed in turns, so that a disturbance meets both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing: the middle one, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one value or more."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        digits = 2 if abs(self.median) < 10 else 1
        low, high = f"{self.low:.{digits}f}", f"{self.high:.{digits}f}"
        return f"{self.median:.{digits}f} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of ``ours`` and ``theirs``, measured in turns."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> Spread:
        """How many times as fast ours is, pair by pair."""
        return Spread.of([b / a for a, b in zip(self.ours, self.theirs, strict=True)])

    def rates(self, images: int) -> tuple[Spread, Spread]:
        """Images a second of both, when one measurement is of ``images``."""
        return (
            Spread.of([images / seconds for seconds in self.ours]),
            Spread.of([images / seconds for seconds in self.theirs]),
        )


def in_turns(ours: Work, theirs: Work, pairs: int) -> Pairs:
    """Time both ``pairs`` times; who goes first changes, and one pair before warms up."""
    ours()
    theirs()
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        order = ((0, ours), (1, theirs))
        for which, work in order if number % 2 == 0 else reversed(order):
            found[which].append(seconds(work))
    return Pairs(tuple(found[0]), tuple(found[1]))


def seconds(work: Work) -> float:
    """Wall time of ``work``, done once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
