"""The pulse that this program shows to whoever watches it; see ``domain.pulse``."""

from __future__ import annotations

import contextlib
import itertools
import threading
from pathlib import Path

from server.domain.pulse import written

BEAT_EVERY_SECONDS = 1.0


class Pulse:
    """Rewrites one file in place, so that a full disk does not stop it.

    Args:
        path: of the file; made when missing.

    Raises:
        OSError: when it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open("rb+", buffering=0)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting_for = ""
        self.beat()

    def beat(self) -> None:
        """Rewrite the file; a file that cannot be written now is tried again at the next beat."""
        with self._lock, contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(written(next(self._numbers), self._waiting_for))

    def wait_for(self, sentence: str) -> None:
        """Say what the program waits for; empty = it goes on."""
        self._waiting_for = sentence
        self.beat()

    def keep_beating(self, every: float = BEAT_EVERY_SECONDS) -> None:
        """Beat from a background thread as long as this process lives."""
        threading.Thread(target=self._beat_on, args=(every,), name="pulse", daemon=True).start()

    def _beat_on(self, every: float) -> None:
        pause = threading.Event()
        while not pause.wait(every):
            self.beat()
