"""Runs ``train.py`` as a person would and reads what it left behind."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.images import fresh
from benchmarks.processes import ROOT, run_watched

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Run:
    """One training, from the folder of images to the saved model.

    Attributes:
        seconds: of the run, from reading the folder to the checked files; imports not counted.
        with_imports: of the whole program.
        peak_memory: of all its processes, bytes.
        waiting: share of the training steps' time that was spent waiting for images; None when
            no whole network was trained.
        metadata: as the model's file has it.
    """

    seconds: float
    with_imports: float
    peak_memory: int
    waiting: float | None
    metadata: dict[str, Any]

    @property
    def split(self) -> dict[str, list[str]]:
        """Image ids of each part."""
        images: dict[str, list[str]] = self.metadata["split"]["images"]
        return {part: images[part] for part in PARTS}

    @property
    def test(self) -> dict[str, Any]:
        """Figures on the test part."""
        figures: dict[str, Any] = self.metadata["metrics"]["test"]
        return figures

    def summary(self) -> dict[str, Any]:
        """Plain JSON without the lists of images."""
        wanted = ("accuracy", "balanced_accuracy", "macro_auc")
        return {
            "seconds": self.seconds,
            "with_imports": self.with_imports,
            "peak_memory_bytes": self.peak_memory,
            "waiting_share": self.waiting,
            "settings": self.metadata["settings"],
            "split_counts": self.metadata["split"]["counts"],
            "test": {name: self.test[name] for name in wanted},
        }


def train(data: Path, work: Path, weights_dir: Path | None, flags: Sequence[str]) -> Run:
    """Train on a fresh copy of ``data``; everything it writes goes into ``work`` and is removed.

    Raises:
        ProgramFailed: when the training did.
    """
    folder, home, events = work / "run" / data.name, work / "home", work / "events.jsonl"
    fresh(data, folder)
    command: list[str | Path] = [sys.executable, ROOT / "server" / "training" / "train.py"]
    command += ["--data-dir", folder, "--output-dir", work / "models", "--events", events, *flags]
    if weights_dir is not None:
        command += ["--weights-dir", weights_dir]
    try:
        finished = run_watched(command, work / "train.log", {"DERMASCAN_HOME": str(home)})
        (path,) = (work / "models").glob("*_metadata.json")
        metadata = json.loads(path.read_text("utf-8"))
        return Run(
            seconds=metadata["timings"]["this_attempt_seconds"],
            with_imports=finished.seconds,
            peak_memory=finished.peak_memory,
            waiting=_waiting(events),
            metadata=metadata,
        )
    finally:
        for leftover in (folder.parent, home, work / "models"):
            shutil.rmtree(leftover, ignore_errors=True)
        events.unlink(missing_ok=True)


def _waiting(events: Path) -> float | None:
    """Share of the fine-tuning's seconds that its steps waited for images."""
    lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    epochs = [e for e in lines if e["event"] == "epoch" and e["phase"] == "fine-tuning"]
    seconds = sum(epoch["seconds"] for epoch in epochs)
    if not seconds:
        return None
    return float(sum(epoch["waiting_share"] * epoch["seconds"] for epoch in epochs) / seconds)
