"""Ends a program that uses too much memory, where the system itself cannot be told to.

Linux lets a process limit itself (``intake/own_limits.py``); Windows does not, macOS only says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

_LOOK_EVERY_SECONDS = 0.2


class MemoryWatch:
    """Attributes:
    exceeded: the program was ended because it used too much.
    """

    def __init__(self) -> None:
        self.exceeded = False


@contextmanager
def memory_watched(pid: int, most: int, end: Callable[[], None]) -> Iterator[MemoryWatch]:
    """Inside the block, ``end`` is called once the process holds more than ``most`` bytes."""
    watch, over = MemoryWatch(), threading.Event()

    def follow() -> None:
        try:
            process = psutil.Process(pid)
            while not over.wait(_LOOK_EVERY_SECONDS):
                if process.memory_info().rss > most:
                    watch.exceeded = True
                    end()
                    return
        except psutil.Error:  # it has ended
            return

    follower = threading.Thread(target=follow, name="import-memory", daemon=True)
    follower.start()
    try:
        yield watch
    finally:
        over.set()
        follower.join()
