"""Runs the plain Keras script in its own environment, on a split that one of our runs drew."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT, run_watched

FULL_EPOCHS = 30


@dataclass(frozen=True, slots=True)
class PeerRun:
    """One run of the script.

    Attributes:
        seconds: of 30 epochs, imports not counted.
        epochs: how many of them were really run.
        peak_memory: of all its processes, bytes.
        answer: the JSON that it printed.
    """

    seconds: float
    epochs: int
    peak_memory: int
    answer: dict[str, Any]

    @property
    def is_extrapolated(self) -> bool:
        return self.epochs != FULL_EPOCHS

    def summary(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "seconds": self.seconds,
            "measured_epochs": self.epochs,
            "extrapolated_to_epochs": FULL_EPOCHS if self.is_extrapolated else None,
            "peak_memory_bytes": self.peak_memory,
            **{key: self.answer[key] for key in ("test", "images", "versions", "split")},
            "measured": self.answer["seconds"],
        }


def run_peer(
    python: Path,
    data: Path,
    weights: Path,
    split: Mapping[str, Sequence[str]],
    *,
    epochs: int,
    seed: int,
    work: Path,
) -> PeerRun:
    """Run ``keras_script.py`` with the interpreter of its own environment.

    Raises:
        ProgramFailed: when it ends with an error.
    """
    parts = work / f"split_{seed}.json"
    parts.write_text(json.dumps(split), "utf-8")
    script = ROOT / "benchmarks" / "keras_script.py"
    command: list[str | Path] = [python, script, data, "--weights", weights, "--split", parts]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    finished = run_watched(command, work / f"peer_{seed}.log")
    answer = json.loads(finished.output.strip().splitlines()[-1])
    peak = max(finished.peak_memory, answer["peak_memory_bytes"] or 0)
    return PeerRun(whole_run_seconds(answer["seconds"]), epochs, peak, answer)


def whole_run_seconds(measured: Mapping[str, Any]) -> float:
    """Seconds of 30 epochs from those that were measured.

    What was measured stays as it is; every epoch that is missing counts as the middle one of the
    measured, the first (which builds the graph) left out where there are others.
    """
    epochs = measured["epochs"]
    missing = FULL_EPOCHS - len(epochs)
    return float(measured["total"] + missing * statistics.median(epochs[1:] or epochs))
