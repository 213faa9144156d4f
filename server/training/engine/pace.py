"""When to write a checkpoint: a kill costs minutes at most, and the writing next to nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

EVERY_SECONDS = 180.0
"""Between two checkpoints inside an epoch."""
SHARE = 0.01
"""Of the time of a run that checkpoints may take."""
ALLOWANCE_SECONDS = 2.0
"""They may always take this long, so that a short run has some at all."""


class Pace:
    """Measures what checkpoints cost, and says when the next one is due."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._spent = 0.0
        self._longest = 0.0

    def due_inside_epoch(self) -> bool:
        """Whether so much work would be lost that a checkpoint is worth its time."""
        since = time.monotonic() - self._last
        return since >= max(EVERY_SECONDS, self._longest / SHARE)

    def affordable(self) -> bool:
        """Whether another checkpoint keeps all of them within their share of the time."""
        budget = ALLOWANCE_SECONDS + SHARE * (time.monotonic() - self._began)
        return self._spent + self._longest <= budget

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Within, a checkpoint is written."""
        began = time.monotonic()
        yield
        self._last = time.monotonic()
        self._longest = max(self._longest, self._last - began)
        self._spent += self._last - began
