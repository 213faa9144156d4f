"""Runs that are killed, stopped or abandoned: nothing half-written, nothing done twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.domain.events import EXIT_ABANDONED, EXIT_FINISHED
from tests.unit.training.program import (
    PATIENCE_SECONDS,
    REPOSITORY,
    Events,
    command,
    draw_tiny_set,
    read_events,
    run,
    start,
    wait_until,
)

FLAGS = ["--epochs", "6", "--fine-tune-epochs", "3"]


def history(events: Events) -> list[dict[str, Any]]:
    """The epochs, without what a clock says."""
    return [
        {
            name: value
            for name, value in event.items()
            if name not in ("time", "seconds", "waiting_share")
        }
        for event in events
        if event["event"] == "epoch"
    ]


def checkpoint_of(epoch: int) -> Any:
    return lambda event: event["event"] == "checkpoint" and event["epoch"] >= epoch


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_tiny_set(tmp_path_factory.mktemp("data") / "tiny", lesions=6)


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Events:
    home = tmp_path_factory.mktemp("undisturbed")
    done = run(command(data, *FLAGS, "--events", home / "events.jsonl"), home)
    assert done.returncode == EXIT_FINISHED, done.stdout
    return read_events(home / "events.jsonl")


@pytest.mark.parametrize("epoch", [2, 4], ids=["in the head phase", "in fine-tuning"])
def test_a_run_killed_with_9_goes_on_as_if_nothing_had_happened(
    data: Path, undisturbed: Events, tmp_path: Path, epoch: int
) -> None:
    first_events = tmp_path / "first.jsonl"
    first = start(
        command(data, *FLAGS, "--events", first_events, "--run-dir", tmp_path / "first"), tmp_path
    )
    wait_until(first, first_events, checkpoint_of(epoch))
    first.kill()
    first.communicate()

    resumed: list[str | Path] = [
        *FLAGS,
        "--events",
        tmp_path / "second.jsonl",
        "--run-dir",
        tmp_path / "second",
    ]
    resumed += ["--resume-from", tmp_path / "first" / "checkpoint.pt"]
    done = run(command(data, *resumed), tmp_path)

    assert done.returncode == EXIT_FINISHED, done.stdout
    events = read_events(tmp_path / "second.jsonl")
    went_on_after = events[0]["resumed_from_epoch"]
    assert went_on_after >= epoch
    assert history(events) == history(undisturbed)[went_on_after:], "no epoch is done again"
    (written,) = (tmp_path / "models").glob("*_history.json")
    whole = json.loads(written.read_text(encoding="utf-8"))["epochs"]
    assert [entry["loss"] for entry in whole] == [e["loss"] for e in history(undisturbed)]
    assert events[-1]["headline"] == undisturbed[-1]["headline"]


def test_a_torn_checkpoint_is_not_gone_on_from_and_that_is_said(data: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"PK torn off")
    events = tmp_path / "events.jsonl"
    torn: list[str | Path] = [
        "--epochs",
        "1",
        "--events",
        events,
        "--resume-from",
        tmp_path / "checkpoint.pt",
    ]
    done = run(command(data, *torn), tmp_path)
    assert done.returncode == EXIT_FINISHED
    assert "checkpoint.pt is damaged" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
def test_sigterm_ends_it_with_nothing_half_written(data: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    process = start(command(data, "--epochs", "1000", "--events", events), tmp_path)
    wait_until(process, events, checkpoint_of(1))
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 143
    assert "no model was saved" in output
    assert "--resume-from" in output
    assert not list((tmp_path / "models").glob("*"))
    assert read_events(events)[-1]["event"] not in ("finished", "failed")


_WATCHED = """
import subprocess, sys, time
from pathlib import Path
from server.training.engine.heartbeat import watch_heartbeat
watch_heartbeat(Path(sys.argv[1]), print, every=0.05)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_process_ends_with_all_it_started_when_its_heart_is_no_longer_beaten(
    tmp_path: Path,
) -> None:
    beat = tmp_path / "heartbeat"
    beat.write_text("0", encoding="ascii")
    process = subprocess.Popen(
        [sys.executable, "-c", _WATCHED, str(beat)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    child = psutil.Process(int(process.stdout.readline()))
    for number in range(60):
        beat.write_text(str(number), encoding="ascii")
        time.sleep(0.05)
        assert process.poll() is None, "it ended although its heart was beaten"
    assert process.wait(timeout=PATIENCE_SECONDS) == EXIT_ABANDONED
    child.wait(timeout=PATIENCE_SECONDS)  # it went with the process
    process.stdout.close()


@pytest.mark.slow
def test_a_training_run_that_is_abandoned_ends_by_itself(data: Path, tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    beat.write_text("once", encoding="ascii")
    done = run(command(data, "--epochs", "1000", "--heartbeat", beat), tmp_path)
    assert done.returncode == EXIT_ABANDONED
    assert not list((tmp_path / "models").glob("derma_*"))
