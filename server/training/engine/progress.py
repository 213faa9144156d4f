"""Progress as work done over work to do, and the time left from measured rates.

Kinds of work differ a thousandfold in cost (a row of the head against an image of fine-tuning), so
each kind has its own measured rate. Until a kind was measured, its rate is guessed from the others
and the relative costs below.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Work = Literal["decode", "forward", "head", "train", "save"]

# In units of one image's forward pass; the ratios of MobileNetV2 at 160 pixels on two cores.
RELATIVE_COST: dict[Work, float] = {
    "decode": 0.4,
    "forward": 1.0,
    "head": 0.03,
    "train": 4.0,
    "save": 1500.0,
}
_MEMORY = 0.98
"""Share of its weight that a measurement keeps at the next one; rates follow the machine."""
_PAUSE = 30.0
"""A gap of more seconds between two measurements is a sleeping machine, not work."""


@dataclass(slots=True)
class _Rate:
    planned: float
    done: float = 0.0
    weight: float = 0.0
    seconds: float = 0.0

    @property
    def seconds_each(self) -> float | None:
        return self.seconds / self.weight if self.weight else None


class WorkMeter:
    """Counts work of every kind against the plan.

    Args:
        plan: how much of each kind the whole run needs.

    Attributes:
        images_per_second: of the last kind of work, counted in images of the network's size; None
            until something was measured.
    """

    def __init__(self, plan: Mapping[Work, float]) -> None:
        self._rates = {kind: _Rate(planned=plan.get(kind, 0.0)) for kind in RELATIVE_COST}
        self._since = time.monotonic()
        self.images_per_second: float | None = None

    def replan(self, plan: Mapping[Work, float]) -> None:
        """The run turned out to need other amounts; what was done and measured stays."""
        for kind, rate in self._rates.items():
            rate.planned = plan.get(kind, 0.0)

    def skip(self, kind: Work, amount: float) -> None:
        """Work that needs no doing, because an earlier run did it; it says nothing of the speed."""
        self._rates[kind].done += amount
        self._since = time.monotonic()

    def restart_clock(self) -> None:
        """Time up to here belonged to no counted work."""
        self._since = time.monotonic()

    def add(self, kind: Work, amount: float) -> None:
        """``amount`` of ``kind`` was done since the last call."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        rate = self._rates[kind]
        rate.done += amount
        if amount <= 0 or not 0 < seconds < _PAUSE * max(1.0, amount / 16):
            return
        rate.weight = rate.weight * _MEMORY + amount
        rate.seconds = rate.seconds * _MEMORY + seconds
        if kind != "save":
            self.images_per_second = rate.weight / rate.seconds

    @property
    def steps_total(self) -> int:
        """Units of work of the whole run."""
        return max(
            1, round(sum(rate.planned * RELATIVE_COST[k] for k, rate in self._rates.items()))
        )

    @property
    def steps_done(self) -> int:
        """Units of work done, at most ``steps_total``."""
        done = sum(
            min(rate.done, rate.planned) * RELATIVE_COST[kind] for kind, rate in self._rates.items()
        )
        return min(self.steps_total, round(done))

    @property
    def seconds_left(self) -> float | None:
        """Estimate; None until something was measured."""
        measured = [(kind, rate) for kind, rate in self._rates.items() if rate.seconds_each]
        if not measured:
            return None
        seconds = sum(rate.seconds for _, rate in measured)
        per_unit = seconds / sum(rate.weight * RELATIVE_COST[kind] for kind, rate in measured)
        left = 0.0
        for kind, rate in self._rates.items():
            each = rate.seconds_each or per_unit * RELATIVE_COST[kind]
            left += max(0.0, rate.planned - rate.done) * each
        return round(left, 1)
