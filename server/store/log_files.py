"""The log of a job, ``logs/jobs/<job_id>.log``, and the log of all, ``logs/training.log``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_BLOCK = 64 * 1024


class JobLogs:
    """Where the logs of jobs lie.

    Args:
        logs_dir: the folder ``logs/``.
    """

    def __init__(self, logs_dir: Path) -> None:
        self.training_log = logs_dir / "training.log"
        self._folder = logs_dir / "jobs"

    def of_job(self, job_id: str) -> Path:
        """What the processes of that job print goes here."""
        return self._folder / f"{job_id}.log"

    def note(self, job_id: str, sentence: str) -> None:
        """Say something in the log of the job and in that of all; a full disk must not matter."""
        stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        try:
            _append(self.of_job(job_id), f"{sentence}\n")
            _append(self.training_log, f"{stamp} {job_id} {sentence}\n")
        except OSError as error:
            log.warning("job log not written", job=job_id, error=str(error))


def tail_lines(path: Path, count: int) -> str:
    """The last ``count`` lines; reads blocks from the end, so the size does not matter."""
    if count <= 0 or not path.is_file():
        return ""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        text = b""
        while position > 0 and text.count(b"\n") <= count:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            text = file.read(step) + text
    lines = text.splitlines(keepends=True)[-count:]
    return b"".join(lines).decode("utf-8", errors="replace")


def new_lines(path: Path, offset: int) -> tuple[str, int]:
    """The whole lines after byte ``offset``, and where to go on; one block at most."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            text = file.read(_BLOCK)
    except FileNotFoundError:
        return "", offset
    end = text.rfind(b"\n") + 1
    if end == 0 and len(text) == _BLOCK:  # one endless line
        end = len(text)
    return text[:end].decode("utf-8", errors="replace"), offset + end


def size_of(path: Path) -> int:
    """Bytes in the file; 0 while there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
