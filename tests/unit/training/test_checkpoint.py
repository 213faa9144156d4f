"""Checkpoints: found again whole, or refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from server.training.engine.checkpoint import (
    CHECKPOINT_NAME,
    Best,
    Checkpoint,
    UnusableCheckpoint,
    load_checkpoint,
    load_weights,
    save_checkpoint,
    save_weights,
)
from server.training.engine.tally import EpochSoFar


def after(epoch: int, run_dir: Path) -> Checkpoint:
    """A checkpoint whose best epoch is its last."""
    weights = {"weight": torch.full((2, 2), float(epoch))}
    best = Best(epoch, 0.5, 1.0, save_weights(weights, run_dir, epoch), head_only=True)
    return Checkpoint(
        fingerprint="mine",
        epoch=epoch,
        so_far=EpochSoFar(steps=3, loss=1.5, hits=2.0, seconds=0.5, waited=0.1),
        head_only=True,
        weights=weights,
        phase={"optimizer": {"state": {}}, "average": None},
        history=(),
        best=best,
        seconds=1.5,
        trained=1.0,
        waited=0.1,
        bfloat16=False,
    )


def test_what_was_saved_comes_back_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    saved = after(3, tmp_path / "old")
    path = save_checkpoint(saved, tmp_path / "old")
    found = load_checkpoint(path, "mine", tmp_path / "new")
    assert replace(found, weights={}) == replace(saved, weights={})
    assert torch.equal(found.weights["weight"], saved.weights["weight"])
    assert found.best is not None
    best = load_weights(tmp_path / "new" / found.best.file)
    assert torch.equal(best["weight"], saved.weights["weight"])


def test_only_the_last_and_the_best_are_kept(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        save_checkpoint(after(epoch, tmp_path), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT_NAME, "best_epoch_0003.pt"}


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(after(1, tmp_path), tmp_path)
    with pytest.raises(UnusableCheckpoint, match="other settings or other images"):
        load_checkpoint(path, "theirs", tmp_path)


@pytest.mark.parametrize("name", [CHECKPOINT_NAME, "best_epoch_0001.pt"])
@pytest.mark.parametrize("keep", [0, 0.3, 0.9])
def test_a_torn_file_is_refused(tmp_path: Path, name: str, keep: float) -> None:
    path = save_checkpoint(after(1, tmp_path), tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnusableCheckpoint, match=f"{name} is damaged"):
        load_checkpoint(path, "mine", tmp_path)


def test_a_checkpoint_without_its_best_weights_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(after(1, tmp_path), tmp_path)
    (tmp_path / "best_epoch_0001.pt").unlink()
    with pytest.raises(UnusableCheckpoint, match="is missing"):
        load_checkpoint(path, "mine", tmp_path)


@pytest.mark.parametrize(
    ("balanced_accuracy", "loss", "beaten"),
    [(0.6, 9.0, True), (0.4, 0.1, False), (0.5, 0.9, True), (0.5, 1.0, False), (0.5, 1.1, False)],
)
def test_balanced_accuracy_decides_and_the_loss_breaks_ties(
    balanced_accuracy: float, loss: float, beaten: bool
) -> None:
    best = Best(1, 0.5, 1.0, "best.pt", head_only=True)
    assert best.is_beaten_by(balanced_accuracy, loss) is beaten
