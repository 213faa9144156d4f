"""Checkpoints from strangers, as a restored backup may hold: no file outside is read or written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from server.training.engine.checkpoint import CHECKPOINT_NAME, UnusableCheckpoint, load_checkpoint

SECRET = {"secret": torch.full((2,), 0.123456)}
HONEST = "best_epoch_0001.pt"


def _fields(best_file: Any) -> dict[str, Any]:
    """A checkpoint in the form of this version, whose best weights are called ``best_file``."""
    best = {
        "epoch": 1,
        "balanced_accuracy": 0.5,
        "loss": 1.0,
        "file": best_file,
        "head_only": False,
    }
    numbers = dict.fromkeys(("seconds", "trained", "waited"), 0.0)
    return numbers | {
        "format": 2,
        "fingerprint": "mine",
        "epoch": 1,
        "so_far": None,
        "head_only": False,
        "weights": {},
        "phase": {},
        "history": [],
        "best": best,
        "bfloat16": False,
    }


def _everything_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.fault(14, "checkpoints that name weights elsewhere", "nothing read, nothing written")
@pytest.mark.parametrize(
    "named", ["../secret.pt", "{absolute}", "a/../../secret.pt", "..\\secret.pt", "", ".", 7, None]
)
def test_best_weights_are_taken_from_beside_the_checkpoint_only(
    tmp_path: Path, named: str | int | None
) -> None:
    given, run_dir = tmp_path / "given" / "run-1", tmp_path / "home" / "run-2"
    given.mkdir(parents=True)
    run_dir.mkdir(parents=True)
    secret = given.parent / "secret.pt"
    torch.save(SECRET, secret)
    name = named.format(absolute=secret) if isinstance(named, str) else named
    torch.save(_fields(name), given / CHECKPOINT_NAME)
    before = _everything_below(tmp_path)
    with pytest.raises(UnusableCheckpoint, match=r"checkpoint\.pt is damaged"):
        load_checkpoint(given / CHECKPOINT_NAME, "mine", run_dir)
    assert _everything_below(tmp_path) == before


def test_the_same_checkpoint_with_its_weights_beside_it_is_taken(tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    given, run_dir = tmp_path / "given", tmp_path / "run"
    given.mkdir()
    run_dir.mkdir()
    torch.save(SECRET, given / HONEST)
    torch.save(_fields(HONEST), given / CHECKPOINT_NAME)
    found = load_checkpoint(given / CHECKPOINT_NAME, "mine", run_dir)
    assert found.best is not None
    assert found.best.file == HONEST
    assert (run_dir / HONEST).read_bytes() == (given / HONEST).read_bytes()


@pytest.mark.fault(14, "checkpoints that lack a part", "refused in a sentence")
@pytest.mark.parametrize("part", sorted(set(_fields(None)) - {"format"}))
def test_a_checkpoint_that_lacks_a_part_is_refused(tmp_path: Path, part: str) -> None:
    fields = _fields(None) | {"best": None}
    del fields[part]
    torch.save(fields, tmp_path / CHECKPOINT_NAME)
    with pytest.raises(UnusableCheckpoint, match=r"^checkpoint\.pt "):
        load_checkpoint(tmp_path / CHECKPOINT_NAME, "mine", tmp_path)


@pytest.mark.parametrize("part", ["best", "so_far", "history"])
def test_a_checkpoint_with_something_else_in_a_part_is_refused(tmp_path: Path, part: str) -> None:
    torch.save(_fields(HONEST) | {part: 7}, tmp_path / CHECKPOINT_NAME)
    with pytest.raises(UnusableCheckpoint, match=r"^checkpoint\.pt is damaged"):
        load_checkpoint(tmp_path / CHECKPOINT_NAME, "mine", tmp_path)


def test_a_list_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / CHECKPOINT_NAME)
    with pytest.raises(UnusableCheckpoint, match="not a checkpoint of this version"):
        load_checkpoint(tmp_path / CHECKPOINT_NAME, "mine", tmp_path)
