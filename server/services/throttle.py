"""How often somebody may fail: a sliding window over the last failures of a key."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

_MAX_KEYS = 10_000


class Throttle:
    """At most ``limit`` failures a key within ``seconds``.

    A try counts as a failure from its beginning until ``forgive`` says otherwise, so that many
    tries at the same moment cannot slip through together.
    """

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._tries: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> int:
        """Count one try. Returns 0 when it is allowed, else the whole seconds to wait."""
        with self._lock:
            now = self._clock()
            self._forget_old(now)
            tries = self._tries.setdefault(key, deque())
            while tries and tries[0] <= now - self._seconds:
                tries.popleft()
            if len(tries) >= self._limit:
                return max(1, math.ceil(tries[0] + self._seconds - now))
            tries.append(now)
            return 0

    def forgive(self, key: str) -> None:
        """The last try was none of those that are counted: it succeeded."""
        with self._lock:
            tries = self._tries.get(key)
            if tries:
                tries.pop()
                if not tries:
                    del self._tries[key]

    def _forget_old(self, now: float) -> None:
        if len(self._tries) < _MAX_KEYS:
            return
        self._tries = {
            key: tries
            for key, tries in self._tries.items()
            if tries and tries[-1] > now - self._seconds
        }
        while len(self._tries) >= _MAX_KEYS:  # all are fresh: the oldest make room
            del self._tries[next(iter(self._tries))]
