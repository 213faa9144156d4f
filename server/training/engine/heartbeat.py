"""Stops the run when whoever started it is gone, so that no orphan trains on.

See ``domain.events.HEARTBEAT_MISSES`` for the rule.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import psutil

from server.domain.events import EXIT_ABANDONED, HEARTBEAT_MISSES

LOOK_EVERY_SECONDS = 1.0


def watch_heartbeat(
    path: Path, say: Callable[[str], None], every: float = LOOK_EVERY_SECONDS
) -> threading.Thread:
    """Start watching ``path`` from a background thread; ends the process when it stays the same.

    Args:
        path: rewritten by the starter every second.
        say: is told why, just before the end.
        every: seconds between two looks.
    """
    watcher = threading.Thread(
        target=_watch, args=(path, say, every), name="heartbeat", daemon=True
    )
    watcher.start()
    return watcher


def _watch(path: Path, say: Callable[[str], None], every: float) -> None:
    pause = threading.Event()
    last = _content(path)
    misses = 0
    while misses < HEARTBEAT_MISSES:
        pause.wait(every)
        now = _content(path)
        # A file that cannot be read just now (Windows, while it is being replaced) is a miss.
        changed = now is not None and now != last
        misses = 0 if changed else misses + 1
        last = now if now is not None else last
    try:
        say("Stopped: the process that started this run no longer beats its heart.")
    finally:
        _end_children()
        os._exit(EXIT_ABANDONED)


def _end_children() -> None:
    """Nothing that this process started trains on without it."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
