"""How much of each basket was announced file by file, and how much has arrived."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.domain.basket import FileState


@dataclass(slots=True)
class Tally:
    """Sums over the files of one basket. Sizes in bytes.

    Attributes:
        files, size: announced file by file so far.
        whole: files that have arrived whole.
        arrived: bytes that were acknowledged.
    """

    files: int = 0
    size: int = 0
    whole: int = 0
    arrived: int = 0

    def add(self, file: FileState) -> None:
        self.files += 1
        self.size += file.record.size
        self._count(file, 1)

    def take_away(self, file: FileState) -> None:
        self.files -= 1
        self.size -= file.record.size
        self._count(file, -1)

    def move(self, before: FileState, after: FileState) -> None:
        self._count(before, -1)
        self._count(after, 1)

    def _count(self, file: FileState, sign: int) -> None:
        self.whole += sign * file.is_whole
        self.arrived += sign * file.offset


class Tallies:
    """The tally of every basket that was asked for since the start, counted once from its folder.

    Args:
        files_of: the files of a basket, from the disk.
    """

    def __init__(self, files_of: Callable[[str], Iterator[FileState]]) -> None:
        self._files_of = files_of
        self._by_id: dict[str, Tally] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, basket_id: str) -> Iterator[Tally]:
        """The tally of that basket, for this thread alone inside the block."""
        with self._lock:
            tally = self._by_id.get(basket_id)
            if tally is None:
                tally = Tally()
                for file in self._files_of(basket_id):
                    tally.add(file)
                self._by_id[basket_id] = tally
            yield tally

    def forget(self, basket_id: str) -> None:
        with self._lock:
            self._by_id.pop(basket_id, None)
