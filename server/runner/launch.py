"""Starts the training program for a claimed job: its folder, its name, its command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.domain.job import Job
from server.domain.pulse import written
from server.domain.training_request import TrainingRequest
from server.runner.device import only
from server.runner.heartbeat import Heart
from server.runner.process import TrainingProcess
from server.store.log_files import JobLogs
from server.store.runs import JobRuns, RunFolder

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Launcher:
    """Starts training processes.

    Attributes:
        program: the training program; it speaks the contract of ``domain.events``.
        data_dir, models_dir: where datasets and finished models lie.
        weights_dir: where pretrained weights lie; None = the program's own places only.
        runs, logs: where attempts and logs lie.
    """

    program: Path
    data_dir: Path
    models_dir: Path
    weights_dir: Path | None
    runs: JobRuns
    logs: JobLogs
    _names_given: set[str] = field(default_factory=set)

    def launch(self, job: Job) -> TrainingProcess:
        """Start the attempt that ``job`` was claimed for, from the newest checkpoint if any.

        Raises:
            OSError: when the folder cannot be made or the program cannot be started.
        """
        assert job.run_dir is not None, "a claimed job has a run folder"
        folder = self.runs.folder(job.run_dir)
        folder.output.mkdir(parents=True, exist_ok=True)
        first_beat = Heart(folder.heartbeat, 0)
        first_beat.beat()
        first_beat.stop()
        folder.pulse.write_bytes(written(0))  # its room on the disk, while there is some
        if job.stop_requested:
            folder.stop.touch()
        checkpoint = self.runs.newest_checkpoint(job.id, job.begins_at)
        if job.attempt > 1:
            self.logs.note(job.id, job.message)
        return TrainingProcess.start(
            self._command(job, folder, checkpoint[1] if checkpoint else None),
            folder=_REPOSITORY,
            log=self.logs.of_job(job.id),
            environment={
                **os.environ,
                **only(job.device),
                "PYTHONUNBUFFERED": "1",
                "PYTHONUTF8": "1",
            },
        )

    def _command(self, job: Job, folder: RunFolder, checkpoint: Path | None) -> list[str]:
        options: dict[str, object] = {
            "weights-dir": self.weights_dir,
            "output-dir": folder.output,
            "run-dir": folder.path,
            "events": folder.events,
            "heartbeat": folder.heartbeat,
            "pulse": folder.pulse,
            "stop-file": folder.stop,
            "resume-from": checkpoint,
            "job-id": job.id,
            "model-name": self._model_name(job.request.architecture),
            "log-file": self.logs.training_log,
        }
        asked = flags_of(job.request, self.data_dir)
        return [sys.executable, str(self.program), *asked, *flags(options)]

    def _model_name(self, architecture: str) -> str:
        """``derma_<architecture>_<now>``, a name that nobody has or was given."""
        moment = datetime.now(UTC)
        while True:
            name = f"derma_{architecture.lower()}_{moment:%Y%m%d_%H%M%S}"
            if name not in self._names_given and not list(self.models_dir.glob(f"{name}[._]*")):
                self._names_given.add(name)
                return name
            moment += timedelta(seconds=1)


def flags_of(request: TrainingRequest, data_dir: Path) -> list[str]:
    """The flags of the training program that ask for ``request``."""
    options: dict[str, object] = {
        "data-dir": data_dir / request.dataset_name,
        "arch": request.architecture,
        "epochs": request.epochs,
        "batch-size": request.batch_size,
        "optimizer": request.optimizer,
        "learning-rate": request.learning_rate,
        "fine-tune-epochs": request.fine_tune_epochs,
        "weights": request.weights,
        "image-size": request.image_size,
        "seed": request.seed,
        "views": request.views,
    }
    balancing = "--class-balancing" if request.class_balancing else "--no-class-balancing"
    return [balancing, *flags(options)]


def flags(options: Mapping[str, object]) -> list[str]:
    """Names and values as words of a command line; a value of None is left out."""
    given = {name: value for name, value in options.items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]
