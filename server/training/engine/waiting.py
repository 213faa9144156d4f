"""How long the training waits for its input."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Waiting:
    """A clock that runs while the next batch is not there yet.

    Attributes:
        seconds: waited so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = time.perf_counter()

    @property
    def since_start(self) -> float:
        """Seconds since this clock was made."""
        return time.perf_counter() - self._began

    def watch(self, batches: Iterator[Item]) -> Iterator[Item]:
        """``batches``, each asked for under the clock."""
        while True:
            asked = time.perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            finally:
                self.seconds += time.perf_counter() - asked
            yield batch
