"""Checkpoints: everything that a run needs to go on at the end of an epoch.

Two files in the run's folder: ``checkpoint.pt`` (the state after the last epoch) and
``best_epoch_0007.pt`` (the weights that did best on validation so far). The best is written first
and the checkpoint names it, and both appear whole or not at all, so a kill at any moment leaves a
pair that fits. While only the head trains, only the head is kept: the backbone is what the weights
file or the seed says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from server.domain.events import EpochEnded

CHECKPOINT_NAME = "checkpoint.pt"
_FORMAT = 1

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch that did best on validation.

    Attributes:
        file: name of its weights, beside the checkpoint.
        head_only: whether that file holds only the head, on the backbone the run started from.
    """

    epoch: int
    balanced_accuracy: float
    loss: float
    file: str
    head_only: bool

    def is_beaten_by(self, balanced_accuracy: float, loss: float) -> bool:
        """Higher balanced accuracy wins; at a tie, the lower loss."""
        return (-balanced_accuracy, loss) < (-self.balanced_accuracy, self.loss)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of an epoch.

    Attributes:
        fingerprint: of the settings and the data; another run's checkpoint has another one.
        epoch: the last that is finished.
        head_only: whether ``weights`` are the head's alone.
        weights, optimizer: their states.
        history: one entry an epoch.
        best: where the best weights lie.
        seconds: spent on the run so far.
    """

    fingerprint: str
    epoch: int
    head_only: bool
    weights: State
    optimizer: State
    history: tuple[EpochEnded, ...]
    best: Best
    seconds: float


class UnusableCheckpoint(Exception):
    """A checkpoint that is damaged, or of another run; the text says which, for a person."""


def save_weights(weights: State, run_dir: Path, epoch: int) -> str:
    """Keep the weights of an epoch.

    Returns:
        The file's name.
    """
    name = f"best_epoch_{epoch:04d}.pt"
    _write(dict(weights), run_dir / name)
    return name


def load_weights(path: Path) -> State:
    """The weights that ``save_weights`` kept.

    Raises:
        UnusableCheckpoint: when the file is missing or damaged.
    """
    weights = _read(path)
    if not isinstance(weights, dict):
        raise UnusableCheckpoint(f"{path.name} is damaged")
    return weights


def save_checkpoint(checkpoint: Checkpoint, run_dir: Path) -> Path:
    """Put ``checkpoint`` in place of the one before, and forget best weights nobody names."""
    path = run_dir / CHECKPOINT_NAME
    fields = {
        name: getattr(checkpoint, name) for name in Checkpoint.__slots__ if name not in ("best",)
    }
    _write(
        fields
        | {
            "format": _FORMAT,
            "weights": dict(checkpoint.weights),
            "history": [dict(entry) for entry in checkpoint.history],
            "best": asdict(checkpoint.best),
        },
        path,
    )
    for old in run_dir.glob("best_epoch_*.pt"):
        if old.name != checkpoint.best.file:
            old.unlink(missing_ok=True)
    return path


def load_checkpoint(path: Path, fingerprint: str, run_dir: Path) -> Checkpoint:
    """Read a checkpoint, and bring its best weights into ``run_dir``.

    Raises:
        UnusableCheckpoint: when it is damaged or of other settings or data.
    """
    found = _read(path)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise UnusableCheckpoint(f"{path.name} is not a checkpoint of this version")
    if found["fingerprint"] != fingerprint:
        raise UnusableCheckpoint(f"{path.name} belongs to other settings or other images")
    fields = {name: value for name, value in found.items() if name != "format"}
    best = Best(**found["best"])
    kept, wanted = path.parent / best.file, run_dir / best.file
    load_weights(kept)
    if kept.resolve() != wanted.resolve():
        shutil.copyfile(kept, wanted)
    return Checkpoint(**fields | {"best": best, "history": tuple(found["history"])})


def _write(content: Any, path: Path) -> None:
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UnusableCheckpoint(f"{path.name} is missing") from error
    except Exception as error:  # torch names no common class for what a torn file causes
        raise UnusableCheckpoint(f"{path.name} is damaged") from error
