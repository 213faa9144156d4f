"""A running import, seen from outside: how far it is, and a way to end it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from server.domain.dataset_import import ImportProgress
from server.domain.errors import Conflict

PROGRESS_FILE = "progress.json"


class Stopped(Conflict):
    """The import was cancelled, or the server is going down."""


class ImportWatch:
    """Handed to whoever does the import; any thread may look or stop.

    From ``publish`` on it is too late to stop: the dataset is about to show what came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._publishing = False
        self._end_program: Callable[[], None] | None = None
        self._progress: Path | None = None

    def stop(self) -> bool:
        """End the import, whatever it does at this moment; False = it is too late."""
        with self._lock:
            if self._publishing:
                return False
            self._stopped = True
            end = self._end_program
        if end is not None:
            end()
        return True

    def check(self) -> None:
        """Raises:
        Stopped: the import shall end.
        """
        with self._lock:
            if self._stopped:
                raise _stopped()

    def publish(self) -> None:
        """What comes now is done to its end.

        Raises:
            Stopped: somebody was faster.
        """
        with self._lock:
            if self._stopped:
                raise _stopped()
            self._publishing = True

    def follow(self, progress: Path, end_program: Callable[[], None]) -> None:
        """A program works now, and writes its progress to that file.

        Raises:
            Stopped: it shall not; the caller ends it.
        """
        with self._lock:
            if self._stopped:
                raise _stopped()
            self._progress, self._end_program = progress, end_program

    def leave(self) -> None:
        """The program has ended."""
        with self._lock:
            self._progress = self._end_program = None

    def progress(self) -> ImportProgress | None:
        """How far it is; None = nothing has been measured at this moment."""
        with self._lock:
            file = self._progress
        if file is None:
            return None
        try:
            return ImportProgress(**json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # not written yet, or just being replaced
            return None


def _stopped() -> Stopped:
    return Stopped("The import was stopped before its end; nothing was added.")
