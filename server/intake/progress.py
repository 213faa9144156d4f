"""How far the import program has come, written to a file for whoever wants to know.

Seconds left are those of the present step at its pace so far, and are said only once the pace has
been seen for a while.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

_EVERY_SECONDS = 0.25
_PACE_AFTER_SECONDS = 2.0


class Progress:
    """Counts the work of one step after the other.

    Args:
        file: replaced in one step, a few times a second at most; None = nobody wants to know.
        now: seconds that only ever grow.
    """

    def __init__(self, file: Path | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._now = now
        self._step = ""
        self._done = 0
        self._total: int | None = None
        self._began = self._told = 0.0

    def begin(self, step: str, total: int | None) -> None:
        """The next step, and of how many pieces it is made (None = not known)."""
        self._step, self._done, self._total = step, 0, total
        self._began = self._now()
        self._tell()

    def one_more(self) -> None:
        """One more piece is done."""
        self._done += 1
        if self._now() - self._told >= _EVERY_SECONDS or self._done == self._total:
            self._tell()

    @property
    def seconds_left(self) -> float | None:
        """Of this step; None = not to be known yet."""
        passed = self._now() - self._began
        if self._total is None or not self._done or passed < _PACE_AFTER_SECONDS:
            return None
        return round(passed / self._done * max(0, self._total - self._done), 1)

    def _tell(self) -> None:
        if self._file is None:
            return
        self._told = self._now()
        content = {
            "step": self._step,
            "done": self._done,
            "total": self._total,
            "seconds_left": self.seconds_left,
        }
        draft = self._file.with_suffix(".tmp")
        # it is only news: a full disk, or a reader on Windows, must not end the work
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(content), "utf-8")
            draft.replace(self._file)


SILENT = Progress()
