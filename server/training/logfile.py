"""The training log: one line a remark, with the time and the job, appended for ever.

Several runs may append at once, so every line is one write.
"""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path

from server.domain.events import Event
from server.domain.room import is_disk_full
from server.training.console import Console


class LogFile:
    """Listener that writes what the terminal shows, and more, into a file.

    Args:
        path: of the log; folders are made.
        job_id: stands in every line; "-" for a run started by hand.

    Raises:
        OSError: when the file cannot be written.
    """

    def __init__(self, path: Path, job_id: str | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._job = job_id or "-"
        self._words = Console(self.note, progress=False)

    def __call__(self, event: Event) -> None:
        self._words(event)

    def note(self, message: str) -> None:
        """Write a remark, each of its lines stamped."""
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [f"{moment} {self._job} {line}\n" for line in message.splitlines() if line.strip()]
        try:
            self._file.write("".join(lines).encode())
        except OSError as error:
            if not is_disk_full(error):  # what the log has no room for is told elsewhere
                raise

    def crash(self, error: BaseException) -> None:
        """Write where an unexpected error came from; the log is the only place that shows it."""
        self.note("".join(traceback.format_exception(error)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
