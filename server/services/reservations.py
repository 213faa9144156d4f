"""One import at a time for a dataset name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from server.domain.errors import Conflict


class Reservations:
    """Which names are being written to. Letter case does not tell two names apart."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def reserve(self, name: str) -> Iterator[None]:
        """Hold ``name`` inside the block.

        Raises:
            Conflict: somebody else holds it.
        """
        key = name.casefold()
        with self._lock:
            if key in self._held:
                raise busy(name)
            self._held.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(key)

    def is_held(self, name: str) -> bool:
        with self._lock:
            return name.casefold() in self._held


def busy(name: str) -> Conflict:
    """What to say to whoever comes second."""
    return Conflict(
        f"Another upload to the dataset {name!r} is in progress; try again when it is done.",
        dataset=name,
    )
