"""Checkpoints: everything that a run needs to go on, at the end of an epoch or inside one.

Two files in the run's folder: ``checkpoint.pt`` (the state between two steps) and
``best_epoch_0007.pt`` (the weights that did best on validation so far). The best is written first
and the checkpoint names it, and both appear whole or not at all, so a kill at any moment leaves a
pair that fits. While only the head trains, only the head is kept: the backbone is what the weights
file or the seed says. Random numbers need no place in it: each follows from the seed, the epoch
and the step.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from server.domain.events import EpochEnded
from server.training.engine.room import when_there_is_room
from server.training.engine.tally import EpochSoFar

CHECKPOINT_NAME = "checkpoint.pt"
_FORMAT = 2
_BEST_NAME = re.compile(r"best_epoch_[0-9]{4,}\.pt")

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
    """A moment between two steps.

    Attributes:
        fingerprint: of the settings and the data; another run's checkpoint has another one.
        epoch: the last that is finished.
        so_far: of the epoch after it, when it is under way.
        head_only: whether ``weights`` are the head's alone, and the phase is the head's.
        weights: of the network, as they train.
        phase: state of the optimizer, and of the average of the weights if one is kept.
        history: one entry an epoch.
        best: where the best weights lie; None before the end of the first epoch.
        seconds, trained, waited: spent on finished epochs: all, in steps, waiting for input.
        bfloat16: whether the run computes in mixed precision.
    """

    fingerprint: str
    epoch: int
    so_far: EpochSoFar | None
    head_only: bool
    weights: State
    phase: State
    history: tuple[EpochEnded, ...]
    best: Best | None
    seconds: float
    trained: float
    waited: float
    bfloat16: bool


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
    best, so_far = checkpoint.best, checkpoint.so_far
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
    fields |= {
        "format": _FORMAT,
        "so_far": None if so_far is None else asdict(so_far),
        "weights": dict(checkpoint.weights),
        "phase": dict(checkpoint.phase),
        "history": [dict(entry) for entry in checkpoint.history],
        "best": None if best is None else asdict(best),
    }
    _write(fields, path)
    for old in run_dir.glob("best_epoch_*.pt"):
        if best is None or old.name != best.file:
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
    if found.get("fingerprint") != fingerprint:
        raise UnusableCheckpoint(f"{path.name} belongs to other settings or other images")
    try:
        checkpoint = _as_checkpoint(found)
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableCheckpoint(f"{path.name} is damaged") from error
    best = checkpoint.best
    if best is not None:
        _bring(path.parent / best.file, run_dir / best.file)
    return checkpoint


def _as_checkpoint(found: Mapping[str, Any]) -> Checkpoint:
    """The fields of a file, which may be a stranger's.

    Raises:
        KeyError, TypeError, ValueError: when it lacks one, or names best weights that are not
            beside it.
    """
    best = None if found["best"] is None else Best(**found["best"])
    if best is not None and not _BEST_NAME.fullmatch(best.file):
        raise ValueError(best.file)
    so_far = None if found["so_far"] is None else EpochSoFar(**found["so_far"])
    fields = {name: found[name] for name in Checkpoint.__slots__}
    fields |= {"best": best, "so_far": so_far, "history": tuple(found["history"])}
    return Checkpoint(**fields)


def _bring(kept: Path, wanted: Path) -> None:
    load_weights(kept)
    if kept.resolve() != wanted.resolve():
        when_there_is_room(lambda: shutil.copyfile(kept, wanted), wanted)


def _write(content: Any, path: Path) -> None:
    """Whole, or not under its name; waits for room on a full disk."""
    partial = path.with_name(f"{path.name}.partial")

    def write() -> None:
        try:
            with partial.open("wb") as file:
                torch.save(content, file)
                file.flush()
                os.fsync(file.fileno())
        except Exception:
            partial.unlink(missing_ok=True)
            raise

    when_there_is_room(write, path)
    partial.replace(path)


def _read(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UnusableCheckpoint(f"{path.name} is missing") from error
    except Exception as error:  # torch names no common class for what a torn file causes
        raise UnusableCheckpoint(f"{path.name} is damaged") from error
