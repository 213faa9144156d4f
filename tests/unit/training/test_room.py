"""On a full disk the training waits, says so, and then writes what it would have written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from server.domain.events import EXIT_FINISHED
from server.domain.pulse import waiting_for, written
from server.training.engine import room
from server.training.engine.checkpoint import load_weights, save_weights
from server.training.engine.records import RecordFile, RecordWriter
from server.training.events import Announcer, EventFile
from tests.integration.small_disk import MIB, Hog, small_disk
from tests.unit.training.program import (
    PATIENCE_SECONDS,
    command,
    draw_tiny_set,
    read_events,
    start,
    wait_until,
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", mebibytes=48) as made:
        yield made


@pytest.fixture
def said(disk: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was said of waiting; the hog leaves as soon as it hears of it."""
    heard: list[str] = []

    def say(sentence: str) -> None:
        heard.append(sentence)
        if sentence:
            Hog(disk).leave()

    monkeypatch.setattr(room, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(room, "_say", say)
    return heard


def _check(said: list[str], disk: Path) -> None:
    assert [bool(sentence) for sentence in said] == [True, False]
    assert said[0].startswith("The disk is full")
    assert list(disk.rglob("*.partial")) == []


def test_weights_are_written_whole_after_the_disk_was_full(disk: Path, said: list[str]) -> None:
    weights = {"layer": torch.arange(MIB, dtype=torch.float32)}
    Hog(disk).eat()
    name = save_weights(weights, disk, 7)
    assert torch.equal(load_weights(disk / name)["layer"], weights["layer"])
    _check(said, disk)


def test_records_go_on_at_the_byte_at_which_the_disk_was_full(disk: Path, said: list[str]) -> None:
    key, rows = bytes(32), np.random.default_rng(0).integers(0, 256, (40, MIB // 2), dtype=np.uint8)
    with RecordWriter(disk / "a.bin", key, MIB // 2) as writer:
        for place, row in enumerate(rows):
            if place == 3:
                Hog(disk).eat()
            writer.append(row)
    records = RecordFile(disk / "a.bin", key, MIB // 2)
    found = np.zeros_like(rows)
    records.read_into(np.arange(len(rows)), found)
    records.close()
    assert np.array_equal(found, rows)
    _check(said, disk)


def test_no_event_is_lost_or_torn_by_a_full_disk(disk: Path, said: list[str]) -> None:
    file = EventFile(disk / "events.jsonl")
    announcer = Announcer([file])
    Hog(disk).eat()
    for number in range(200):
        announcer.warning(f"{number} " + "x" * 100)
    file.close()
    told = [json.loads(line) for line in (disk / "events.jsonl").read_text().splitlines()]
    assert [int(event["message"].split()[0]) for event in told] == list(range(200))
    _check(said, disk)


def test_without_anybody_to_tell_a_full_disk_is_an_error_as_before(disk: Path) -> None:
    Hog(disk).eat()
    with pytest.raises(OSError, match="No space left"):
        room.when_there_is_room(lambda: (disk / "a").write_bytes(b"x"), disk)


def test_a_model_that_does_not_fit_on_the_disk_is_saved_when_there_is_room(
    disk: Path, tmp_path: Path
) -> None:
    data = draw_tiny_set(tmp_path / "tiny", lesions=6)
    hog = disk / "hog"
    hog.write_bytes(b"x" * (shutil.disk_usage(disk).free - 9 * MIB))
    events, pulse = disk / "run" / "events.jsonl", tmp_path / "pulse"
    flags: list[str | Path] = ["--epochs", "2", "--fine-tune-epochs", "0", "--events", events]
    flags += ["--run-dir", disk / "run", "--output-dir", disk / "models", "--pulse", pulse]
    process = start(command(data, *flags), tmp_path)
    wait_until(process, events, lambda event: event["event"] == "stage" and bool(_waits(pulse)))
    assert _waits(pulse).startswith("The disk is full")
    assert list((disk / "models").glob("derma_*")) == []
    hog.unlink()
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == EXIT_FINISHED, output
    assert "There is room again." in output
    finished = read_events(events)[-1]
    assert finished["event"] == "finished"
    assert sorted(path.name for path in (disk / "models").iterdir()) == sorted(
        finished["files"].values()
    )
    assert _waits(pulse) == ""


def _waits(pulse: Path) -> str:
    return waiting_for(pulse.read_bytes()) if pulse.exists() else ""


def test_the_pulse_keeps_its_size_and_says_what_it_was_told() -> None:
    assert waiting_for(written(1)) == ""
    assert waiting_for(b"") == ""
    assert waiting_for(written(2, "Für Platz\nwarten")) == "Für Platz warten"
    assert len({len(written(n, "ä" * n)) for n in (0, 1, 150, 151, 10_000)}) == 1
