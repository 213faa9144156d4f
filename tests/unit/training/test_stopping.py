"""Stop early, keep the best: what is finished counts, what was begun does not, and it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.domain.events import EXIT_FINISHED
from server.training.stopping import StopWish
from tests.unit.training.program import (
    PATIENCE_SECONDS,
    Events,
    command,
    draw_tiny_set,
    read_events,
    start,
    wait_until,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_tiny_set(tmp_path_factory.mktemp("data") / "tiny", lesions=6)


def _epochs(events: Events) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "epoch"]


def _json(home: Path, ending: str) -> Any:
    (path,) = (home / "models").glob(f"*{ending}")
    return json.loads(path.read_text(encoding="utf-8"))


def _check_that_it_is_said(home: Path, events: Events) -> int:
    """Events, metadata, report and card agree on where it stopped; returns that epoch."""
    (stopped,) = [event for event in events if event["event"] == "stopped_early"]
    finished = _epochs(events)
    assert events[-1]["event"] == "finished"
    metadata, report = _json(home, "_metadata.json"), _json(home, "_report.json")
    assert metadata["stopped_early"] == report["stopped_early"]
    said = metadata["stopped_early"]
    assert said["after_epoch"] == stopped["epoch"] == report["recipe"]["stopped_after"]
    assert [each["epoch"] for each in _json(home, "_history.json")["epochs"]] == list(
        range(1, stopped["epoch"] + 1)
    )
    if finished:
        assert finished[-1]["epoch"] == stopped["epoch"]
    (card,) = (home / "models").glob("*_card.md")
    assert "Stopped early, as asked, after epoch" in card.read_text(encoding="utf-8")
    (page,) = (home / "models").glob("*_report.html")
    assert said["sentence"] in page.read_text(encoding="utf-8")
    return int(stopped["epoch"])


def test_a_head_that_is_stopped_is_tested_and_saved_and_that_is_said(
    data: Path, tmp_path: Path
) -> None:
    events, wish = tmp_path / "events.jsonl", tmp_path / "stop"
    flags: list[str | Path] = ["--epochs", "1000", "--fine-tune-epochs", "3", "--events", events]
    process = start(command(data, *flags, "--stop-file", wish), tmp_path)
    wait_until(process, events, lambda event: event["event"] == "epoch" and event["epoch"] >= 2)
    wish.touch()
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == EXIT_FINISHED, output
    told = read_events(events)
    assert _check_that_it_is_said(tmp_path, told) >= 2
    assert {event["phase"] for event in _epochs(told)} == {"head"}
    best = max(_epochs(told), key=lambda e: (e["val_balanced_accuracy"], -e["val_loss"]))
    assert _json(tmp_path, "_metadata.json")["best_epoch"] == best["epoch"]


def test_a_run_that_goes_on_in_fine_tuning_and_is_stopped_keeps_what_was_finished(
    data: Path, tmp_path: Path
) -> None:
    flags = ["--epochs", "1000", "--fine-tune-epochs", "999"]
    events, first_run = tmp_path / "first.jsonl", tmp_path / "first"
    first = start(command(data, *flags, "--events", events, "--run-dir", first_run), tmp_path)
    wait_until(first, events, lambda e: e["event"] == "checkpoint" and e["epoch"] >= 2)
    first.kill()
    first.communicate()

    events, wish = tmp_path / "second.jsonl", tmp_path / "stop"
    flags += ["--resume-from", str(first_run / "checkpoint.pt"), "--events", str(events)]
    second = start(command(data, *flags, "--stop-file", wish), tmp_path)
    wait_until(second, events, lambda e: e["event"] == "stage" and e["stage"] == "fine-tuning")
    wish.touch()
    output, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == EXIT_FINISHED, output
    told = read_events(events)
    assert _check_that_it_is_said(tmp_path, told) >= told[0]["resumed_from_epoch"]


@pytest.mark.parametrize(
    ("there", "after", "finished", "holds"),
    [
        (True, None, 0, False),  # nothing to keep yet
        (True, None, 1, True),
        (False, None, 7, False),
        (False, 5, 4, False),
        (False, 5, 5, True),
    ],
)
def test_the_wish_holds_when_it_is_there_and_there_is_something_to_keep(
    tmp_path: Path, there: bool, after: int | None, finished: int, holds: bool
) -> None:
    if there:
        (tmp_path / "stop").touch()
    assert StopWish(tmp_path / "stop", after).holds(finished) is holds
