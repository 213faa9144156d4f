"""A training process and everything it started.

A process is known by its number together with its start time, because numbers are given away
again. It has a session (POSIX) or process group (Windows) of its own, so that it outlives the
server and can be ended whole.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

_SAME_START_SECONDS = 2.0  # a corrected clock shifts the start times that the system reports
_AFTER_KILL_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.05
_RUN_DIR = re.compile(r"[0-9a-f]{8}/run-[0-9]+")  # any other was chosen by hand: not ours to end


class TrainingProcess:
    """One process, started here or by a server before this one."""

    def __init__(
        self, pid: int, started_at: float, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid = pid
        self.started_at = started_at
        self._child = child

    @classmethod
    def start(
        cls, command: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str]
    ) -> TrainingProcess:
        """Start ``command`` in ``folder``; all it prints is appended to ``log``.

        Its output goes straight to a file: a pipe would break when this server dies.

        Raises:
            OSError: when it cannot be started.
        """
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        try:
            started_at = psutil.Process(child.pid).create_time()
        except psutil.Error:  # it has ended already
            started_at = time.time()
        return cls(child.pid, started_at, child)

    @classmethod
    def find(cls, pid: int, started_at: float) -> TrainingProcess | None:
        """The living process with that number and that start time."""
        found = cls(pid, started_at)
        return found if found.is_alive() else None

    @property
    def is_adopted(self) -> bool:
        """Whether a server before this one started it."""
        return self._child is None

    @property
    def exit_code(self) -> int | None:
        """None while it lives, and when it was not started by this server."""
        return None if self._child is None else self._child.poll()

    def is_alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self._same_process() is not None

    def end(self, grace_seconds: float) -> None:
        """Ask the process and all that it started to end; after the grace, make them."""
        members = list(self._members())
        for member in members:
            _quietly(member.terminate)
        self._wait_for_end(members, grace_seconds)
        for member in {*members, *self._members()}:
            _quietly(member.kill)
        self._wait_for_end(members, _AFTER_KILL_SECONDS)

    def end_leftovers(self) -> None:
        """After its end: kill what it started and left behind."""
        for member in self._members():
            _quietly(member.kill)

    def _wait_for_end(self, members: Sequence[psutil.Process], seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if not self.is_alive() and not any(_lives(member) for member in members):
                return
            time.sleep(_LOOK_EVERY_SECONDS)

    def _same_process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < _SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def _members(self) -> Iterator[psutil.Process]:
        """The process if it lives, and every living one that it started, near or far.

        On POSIX they share its session, whose number is not given away while one of them lives;
        those that left it, and all on Windows, are found only while the process itself lives.
        """
        leader = self._same_process()
        if leader is not None:
            yield leader
            # also those that made a session of their own
            with contextlib.suppress(psutil.Error):
                yield from leader.children(recursive=True)
        if sys.platform == "win32":
            return
        if leader is None and psutil.pid_exists(self.pid) and not self._is_our_zombie():
            return  # the number belongs to somebody else now, and so does the session
        for process in psutil.process_iter():
            try:
                if process.pid != self.pid and os.getsid(process.pid) == self.pid:
                    yield process
            except OSError:
                continue

    def _is_our_zombie(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started_at) < _SAME_START_SECONDS
        except psutil.Error:
            return False


def training_processes(jobs_dir: Path) -> dict[str, TrainingProcess]:
    """Every living process that was started for a job below ``jobs_dir``, by its run folder."""
    found: dict[str, TrainingProcess] = {}
    for process in psutil.process_iter():
        try:
            run_dir = _run_dir(process.cmdline(), jobs_dir)
            if run_dir is None or process.status() == psutil.STATUS_ZOMBIE:
                continue
            this = TrainingProcess(process.pid, process.create_time())
        except psutil.Error:
            continue
        # a forked worker shows the command line of its parent; the parent is the older one
        if run_dir not in found or this.started_at < found[run_dir].started_at:
            found[run_dir] = this
    return found


def _run_dir(command: Sequence[str], jobs_dir: Path) -> str | None:
    if "--run-dir" not in command[:-1]:
        return None
    path = Path(command[command.index("--run-dir") + 1])
    inside = path.relative_to(jobs_dir).as_posix() if path.is_relative_to(jobs_dir) else ""
    return inside if _RUN_DIR.fullmatch(inside) else None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except psutil.Error:
        return
