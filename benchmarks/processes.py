"""Runs a program to its end and watches the memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
_EVERY_SECONDS = 0.1


class ProgramFailed(SystemExit):
    """The program ended with an error, and so does the measurement; its last words are shown."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended well.

    Attributes:
        seconds: wall time, its start included.
        peak_memory: largest sum of the resident sizes of all its processes at one moment, bytes.
        output: what it wrote, both streams.
    """

    seconds: float
    peak_memory: int
    output: str


def run_watched(
    command: Sequence[str | Path], log: Path, extra: Mapping[str, str] | None = None
) -> Finished:
    """Run ``command`` in the repository's root, its output into ``log``.

    Args:
        extra: added to the environment.

    Raises:
        ProgramFailed: when it ends with another status than 0.
    """
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(extra or {})},
        )
        watch = _MemoryWatch(process.pid)
        try:
            status = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
            peak = watch.stop()
    text = log.read_text("utf-8", errors="replace")
    if status != 0:
        raise ProgramFailed(
            f"The program ended with {status}: {' '.join(map(str, command))}\n{text[-2000:]}"
        )
    return Finished(time.perf_counter() - began, peak, text)


class _MemoryWatch:
    """Looks at a process and its children ten times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._peak = 0
        self._thread = threading.Thread(target=self._look, name="memory watch", daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """The largest sum seen, bytes."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._peak = max(self._peak, self._resident())

    def _resident(self) -> int:
        total = 0
        try:
            family = [self._process, *self._process.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in family:
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue  # it ended meanwhile
        return total
