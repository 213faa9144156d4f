"""A frozen process is told from one that is only slow; looks count, not seconds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server.domain.pulse import written
from server.runner.process import TrainingProcess
from server.runner.signs_of_life import LOOKS, SignsOfLife
from server.store.runs import RunFolder


@pytest.fixture
def sleeper() -> Iterator[TrainingProcess]:
    """A process that is alive and does nothing at all."""
    words = "print('asleep', flush=True); import sys; sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    yield TrainingProcess(child.pid, psutil.Process(child.pid).create_time(), child)
    child.communicate()


def _signs(process: TrainingProcess, tmp_path: Path) -> SignsOfLife:
    return SignsOfLife(process, RunFolder(tmp_path), tmp_path / "log", patience_seconds=0)


def test_who_gives_no_sign_for_so_many_looks_is_frozen(
    sleeper: TrainingProcess, tmp_path: Path
) -> None:
    signs = _signs(sleeper, tmp_path)
    looks = [signs.is_frozen() for _ in range(3 * LOOKS)]
    assert not any(looks[:LOOKS])
    assert looks[-1]


@pytest.mark.parametrize("sign", ["pulse", "events.jsonl", "log"])
def test_one_sign_is_enough_and_begins_the_count_anew(
    sleeper: TrainingProcess, tmp_path: Path, sign: str
) -> None:
    signs = _signs(sleeper, tmp_path)
    for number in range(10):
        for _ in range(LOOKS):
            assert not signs.is_frozen()
        content = written(number) if sign == "pulse" else b"x" * (number + 1)
        (tmp_path / sign).write_bytes(content)
