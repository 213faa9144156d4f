"""Batches on their way: pixels on the device, the clock that waits, the pace of checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from server.training.engine.augment import Strength
from server.training.engine.device import Device, going_on
from server.training.engine.images import ImageSource
from server.training.engine.pace import ALLOWANCE_SECONDS, Pace
from server.training.engine.records import RecordFile, RecordWriter
from server.training.engine.resident import on_the_device
from server.training.engine.waiting import Waiting

SIZE, IMAGES = 4, 7
CPU = Device(torch.device("cpu"), bfloat16=False, description="CPU, 2 threads")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[ImageSource]:
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    path, key, size = tmp_path / "pixels.bin", bytes(32), SIZE * SIZE * 3
    with RecordWriter(path, key, size) as writer:
        for image in pixels:
            writer.append(image)
    records = RecordFile(path, key, size)
    yield ImageSource(records, SIZE, CPU, Strength())
    records.close()


def test_pixels_kept_on_the_device_are_those_of_the_file(source: ImageSource) -> None:
    kept = on_the_device(source, room=IMAGES * SIZE * SIZE * 3)
    assert kept.resident is not None
    batches = [np.array([6, 0, 3]), np.array([2, 2])]
    for read, picked in zip(source.plain(batches), kept.plain(batches), strict=True):
        assert torch.equal(read, picked)


def test_pixels_that_do_not_fit_stay_in_the_file(source: ImageSource) -> None:
    assert on_the_device(source, room=IMAGES * SIZE * SIZE * 3 - 1) is source
    assert on_the_device(source) is source, "on a processor the file is as near as memory"


def test_the_clock_runs_only_while_the_next_batch_is_awaited() -> None:
    def slow() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    waiting = Waiting()
    for _ in waiting.watch(slow()):
        time.sleep(0.05)
    assert 0.06 <= waiting.seconds <= waiting.since_start - 0.15


def test_checkpoints_stop_being_written_when_they_have_cost_their_share() -> None:
    pace = Pace()
    assert pace.affordable()
    with pace.writing():
        time.sleep(0.05)
    assert pace.affordable(), "there is an allowance for short runs"
    pace._spent = ALLOWANCE_SECONDS
    assert not pace.affordable()
    pace._began -= 100 * (ALLOWANCE_SECONDS + 1)
    assert pace.affordable(), "one more is within a hundredth of a long run"


def test_a_checkpoint_inside_an_epoch_is_due_after_minutes_and_later_where_it_is_dear() -> None:
    pace = Pace()
    assert not pace.due_inside_epoch()
    pace._last -= 181
    assert pace.due_inside_epoch()
    pace._longest = 10.0
    assert not pace.due_inside_epoch(), "10 s are 1 % of 1000 s"
    pace._last -= 1000
    assert pace.due_inside_epoch()


def test_a_run_that_goes_on_keeps_the_precision_it_began_with() -> None:
    mixed = Device(torch.device("cpu"), bfloat16=True, description="CPU, 2 threads, bfloat16")
    went_on = going_on(mixed, bfloat16=False)
    assert (went_on.bfloat16, went_on.description) == (False, "CPU, 2 threads")
    assert going_on(mixed, bfloat16=True) is mixed
