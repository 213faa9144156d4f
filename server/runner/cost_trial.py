"""Asks the training program what a training would cost; it finds out by a trial of a few steps."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Lock

import psutil

from server.domain.errors import Conflict, DermaScanError, InvalidInput, OutOfMemory
from server.domain.events import EXIT_FINISHED, EXIT_OUT_OF_MEMORY, EXIT_REFUSED
from server.domain.training_cost import TrainingCost
from server.domain.training_request import TrainingRequest
from server.runner.heartbeat import Heart
from server.runner.launch import flags, flags_of

_LIMIT_SECONDS = 180.0
_LOOK_EVERY_SECONDS = 0.5


class CostTrial:
    """The question. It takes as long as the trial, some ten seconds and the start.

    Args:
        program: the training program.
        data_dir: where datasets lie.
        weights_dir: where pretrained weights lie; None = the program's own places only.
        limit_seconds: a trial that takes longer is ended.
    """

    def __init__(
        self,
        program: Path,
        data_dir: Path,
        weights_dir: Path | None,
        limit_seconds: float = _LIMIT_SECONDS,
    ) -> None:
        self._program = program
        self._data_dir = data_dir
        self._weights_dir = weights_dir
        self._limit_seconds = limit_seconds
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = Lock()
        self._stopped = False

    def __call__(self, request: TrainingRequest) -> TrainingCost:
        """The cost of ``request``, measured now.

        Raises:
            InvalidInput, OutOfMemory: the training itself would be refused so.
            Conflict: the trial took too long, or the server is going down.
            RuntimeError: the program died; its last words are in the message.
        """
        with tempfile.TemporaryDirectory(
            prefix="dermascan-trial-", ignore_cleanup_errors=True
        ) as folder:
            heart = Heart(Path(folder) / "heartbeat", _LOOK_EVERY_SECONDS)
            heart.beat()
            try:
                child = self._start(request, Path(folder))
                try:
                    printed, said = self._wait(child, heart)
                finally:
                    if child.returncode is None:
                        _end(child)
                        child.communicate()
                    with self._lock:
                        self._running.discard(child)
            finally:
                heart.stop()
        if child.returncode == EXIT_FINISHED:
            return TrainingCost.from_dict(json.loads(printed))
        raise self._refusal(child.returncode, said)

    def stop(self) -> None:
        """End a trial that runs, and start no more: the server is going down."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for child in running:
            _end(child)

    def _start(self, request: TrainingRequest, folder: Path) -> subprocess.Popen[str]:
        places: dict[str, object] = {
            "weights-dir": self._weights_dir,
            "run-dir": folder / "run",
            "heartbeat": folder / "heartbeat",
        }
        asked = [*flags_of(request, self._data_dir), *flags(places)]
        with self._lock:
            if self._stopped:
                raise _going_down()
            child = subprocess.Popen(
                [sys.executable, str(self._program), "--estimate", *asked],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONUTF8": "1"},
            )
            self._running.add(child)
            return child

    def _wait(self, child: subprocess.Popen[str], heart: Heart) -> tuple[str, str]:
        give_up = time.monotonic() + self._limit_seconds
        while True:
            heart.beat()
            try:
                return child.communicate(timeout=_LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired as late:
                if time.monotonic() > give_up:
                    raise Conflict(
                        f"The trial took longer than {self._limit_seconds:.0f} seconds and was "
                        "stopped, so the cost is not known; try again when the computer has less "
                        "to do, or choose a smaller network or image size."
                    ) from late

    def _refusal(self, exit_code: int, said: str) -> DermaScanError | RuntimeError:
        if self._stopped:
            return _going_down()
        lines = said.strip().splitlines() or [""]
        if exit_code == EXIT_REFUSED:
            return InvalidInput(lines[-1])
        if exit_code == EXIT_OUT_OF_MEMORY:
            return OutOfMemory(lines[-1])
        return RuntimeError(f"The trial ended with {exit_code}: {said[-2000:]}")


def _going_down() -> Conflict:
    return Conflict("The server is going down; try again in a minute.")


def _end(child: subprocess.Popen[str]) -> None:
    """End the program and what it started; no harm when it has just ended."""
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(child.pid)
        for member in [*family.children(recursive=True), family]:
            member.kill()
