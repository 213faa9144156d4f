"""Whether a training process that the system calls alive is frozen.

A stopped process, or one that hangs in the kernel, is in the list of processes for ever. What
lives shows it: it rewrites its pulse every second, speaks, or uses the processor. Looks are
counted, not seconds, so that a laptop that slept for a night finds its run as it left it.
"""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from server.runner.process import TrainingProcess
from server.store.log_files import size_of
from server.store.runs import RunFolder

LOOKS = 30


class SignsOfLife:
    """Looks at one process.

    Args:
        process: that is looked at.
        folder, log: of its run.
        patience_seconds: without any sign after which it is frozen, in ``LOOKS`` looks.
    """

    def __init__(
        self, process: TrainingProcess, folder: RunFolder, log: Path, patience_seconds: float
    ) -> None:
        self._process = process
        self._folder = folder
        self._log = log
        self._every_seconds = patience_seconds / LOOKS
        self._due = 0.0
        self._last: object = None
        self._silent = 0

    def is_frozen(self) -> bool:
        """Look, if it is time to."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._every_seconds
            signs = self._signs()
            self._silent = self._silent + 1 if signs == self._last else 0
            self._last = signs
        return self._silent >= LOOKS

    def _signs(self) -> object:
        return (
            self._folder.read_pulse(),
            size_of(self._folder.events),
            size_of(self._log),
            self._processor_seconds(),
        )

    def _processor_seconds(self) -> float:
        try:
            times = psutil.Process(self._process.pid).cpu_times()
            return times.user + times.system
        except psutil.Error:
            return 0.0
