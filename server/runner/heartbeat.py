"""The heartbeat file: as long as its content changes, the training process knows it is watched."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import IO

_WIDTH = 20


class Heart:
    """Beats into one file, in place, so that a full disk does not stop it.

    Args:
        path: of the heartbeat file.
        every_seconds: least time between two beats.
    """

    def __init__(self, path: Path, every_seconds: float) -> None:
        self._path = path
        self._every_seconds = every_seconds
        self._due = 0.0
        self._last: float | None = None
        self._file: IO[bytes] | None = None

    def beat(self) -> None:
        """Rewrite the file if it is time.

        Raises:
            OSError: when it cannot be written.
        """
        now = time.monotonic()
        if now < self._due:
            return
        if self._file is None:
            self._path.touch()
            self._file = self._path.open("rb+", buffering=0)
        self._file.seek(0)
        self._file.write(f"{time.time_ns():>{_WIDTH}}".encode())
        self._due = now + self._every_seconds
        self._last = now

    @property
    def silent_seconds(self) -> float:
        """Since the last beat; infinite before the first."""
        return math.inf if self._last is None else time.monotonic() - self._last

    def stop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
