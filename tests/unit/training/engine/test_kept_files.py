"""What is kept beside a dataset has an end, and nobody who is using it loses it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from server.training.engine.kept_files import KEPT, mark_used

KIN = "features_*.bin"


def kept(folder: Path, name: str, age: float) -> Path:
    """A file that was last used ``age`` seconds ago."""
    path = folder / name
    path.write_bytes(b"kept")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_those_used_last_stay_and_the_one_in_hand_always(tmp_path: Path) -> None:
    """The file in hand stays although its time is the oldest; of the others, the newest."""
    by_age = [kept(tmp_path, f"features_{age}.bin", 100.0 * age) for age in range(KEPT + 2)]
    mark_used(by_age[-1], KIN)
    assert {path for path in by_age if path.exists()} == {*by_age[: KEPT - 1], by_age[-1]}


def test_what_is_used_again_and_again_outlives_what_is_not(tmp_path: Path) -> None:
    """A run's features survive any number of other settings, as long as it comes back."""
    favourite = kept(tmp_path, "features_favourite.bin", 1000)
    for other in range(2 * KEPT):
        kept(tmp_path, f"features_{other}.bin", 500 - other)
        mark_used(favourite, KIN)
    assert favourite.exists()
    assert len(list(tmp_path.glob(KIN))) == KEPT


def test_files_of_another_kind_are_left_alone(tmp_path: Path) -> None:
    """Pixels, and whatever a person put there, are none of its business."""
    others = [kept(tmp_path, name, 1e6) for name in ("pixels_1.bin", "features.txt", "notes.bin")]
    for number in range(2 * KEPT):
        mark_used(kept(tmp_path, f"features_{number}.bin", 0), KIN)
    assert all(other.exists() for other in others)


def test_a_draft_goes_when_nobody_has_written_to_it_for_a_day(tmp_path: Path) -> None:
    """The draft of a run that was killed goes; one that is being written stays."""
    dead = kept(tmp_path, "features_1.bin.77.partial", 2 * 86_400)
    alive = kept(tmp_path, "features_2.bin.78.partial", 3_600)
    mark_used(kept(tmp_path, "features_3.bin", 0), KIN)
    assert (dead.exists(), alive.exists()) == (False, True)


def test_what_cannot_be_removed_is_left_and_the_rest_goes(tmp_path: Path) -> None:
    """One file that the system will not give up does not stop the run, nor spare the others."""
    stuck = tmp_path / "features_stuck.bin"
    stuck.mkdir()  # no system unlinks a folder
    os.utime(stuck, (time.time() - 900, time.time() - 900))
    old = kept(tmp_path, "features_old.bin", 1000)
    for number in range(KEPT):
        mark_used(kept(tmp_path, f"features_{number}.bin", 0), KIN)
    assert (stuck.exists(), old.exists()) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file by itself")
def test_a_run_reads_on_in_a_file_that_another_run_removed(tmp_path: Path) -> None:
    """On POSIX the name goes and the content stays until it is closed."""
    old = kept(tmp_path, "features_old.bin", 1000)
    with old.open("rb") as file:
        for number in range(KEPT):
            mark_used(kept(tmp_path, f"features_{number}.bin", 0), KIN)
        assert not old.exists()
        assert file.read() == b"kept"
