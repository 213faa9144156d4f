"""The real import program over one folder, watched from outside: memory, disk, answer."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
_LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True)
class Watched:
    """What the program said, and the most that it used, in bytes."""

    exit_code: int
    answer: dict[str, Any]
    memory: int
    disk: int

    @property
    def images(self) -> set[str]:
        return {each["path"] for each in self.answer["manifest"]["images"]}

    @property
    def named(self) -> set[str]:
        """Files that a problem names."""
        return {each["file"] for each in self.answer["manifest"]["problems"]}


def take_in(folder: Path, *flags: str) -> Watched:
    """Run the program; its standard error must stay free of tracebacks."""
    program = subprocess.Popen(
        [sys.executable, "-m", "server.intake", str(folder), *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    over, most = threading.Event(), [0, 0]

    def follow() -> None:
        while not over.wait(_LOOK_EVERY_SECONDS):
            most[0] = max(most[0], _memory(program.pid))
            most[1] = max(most[1], size_of(folder))

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        printed, said = program.communicate(timeout=300)
    finally:
        program.kill()
        over.set()
        follower.join()
    assert "Traceback" not in said, said
    assert most[0] > 0
    return Watched(program.returncode, json.loads(printed), most[0], most[1])


def size_of(folder: Path) -> int:
    """Bytes of all files below ``folder``, while they may come and go."""
    total = 0
    for inside, _, names in os.walk(folder):  # passes over folders that are gone
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(inside, name)).st_size  # noqa: PTH118
    return total


def _memory(pid: int) -> int:
    """The most that the process ever held, where the system remembers it; else what it holds."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
