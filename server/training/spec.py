"""Everything that one run of the training program was told, checked and with its defaults."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from server.domain.architectures import architecture
from server.domain.training_request import TrainingRequest
from server.training.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """One run: what is asked for, and where everything lies.

    Attributes:
        request: the knobs of the training.
        data_dir: the dataset's folder.
        output_dir: where the finished model's files go.
        run_dir: work files and checkpoints of this run.
        keep_run_dir: False = removed once the model is saved.
        weights_dir: where pretrained weight files are looked for; None = nowhere.
        log_file: appended to.
        events: the JSON lines of ``domain.events`` go here; None = nowhere.
        heartbeat: the run stops by itself when this file no longer changes; None = it runs on.
        pulse: rewritten every second, to show that the run lives; None = nobody looks.
        stop_file: the run stops early when it appears; None = it never does.
        resume_from: a checkpoint to go on from.
        job_id: of the job this run belongs to; None = started by hand.
        model_name: stem of the model's files.
        recipe: of the report whose training is run again; None = a training of its own.
    """

    request: TrainingRequest
    data_dir: Path
    output_dir: Path
    run_dir: Path
    keep_run_dir: bool
    weights_dir: Path | None
    log_file: Path
    events: Path | None
    heartbeat: Path | None
    resume_from: Path | None
    job_id: str | None
    model_name: str
    recipe: Recipe | None = None
    pulse: Path | None = None
    stop_file: Path | None = None


def home(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of all run-time state: ``DERMASCAN_HOME``, or ``server/``."""
    chosen = (os.environ if environment is None else environment).get("DERMASCAN_HOME", "").strip()
    return Path(chosen).expanduser().resolve() if chosen else REPOSITORY / "server"


def reserve_model_name(architecture_name: str, output_dir: Path) -> str:
    """A stem that is nobody else's, such as ``derma_densenet169_20251203_180000`` (time in UTC).

    Making the folder for the unfinished files is what reserves it, so that two runs that start in
    the same second get two names.

    Raises:
        OSError: when nothing can be written to ``output_dir``.
    """
    moment = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    stem = f"derma_{architecture(architecture_name).name.lower()}_{moment}"
    names = [stem, *(f"{stem}_{number}" for number in range(2, 1000))]
    for name in names:
        if not list(output_dir.glob(f"{name}[._]*")):
            with contextlib.suppress(FileExistsError):
                (output_dir / f".{name}.partial").mkdir(parents=True)
                return name
    raise FileExistsError(f"Every name like {stem} is taken in {output_dir}")
