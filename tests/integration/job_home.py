"""A home with a real database, real folders and the tiny training program, for tests of jobs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from server.domain.job import Job, JobStatus
from server.domain.training_request import TrainingRequest
from server.runner.engine import Engine
from server.runner.launch import Launcher
from server.runner.process import training_processes
from server.store.database import Database
from server.store.job_mirror import JobMirror
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs
from server.store.runs import JobRuns
from tests.acceptance.drawings import class_folders

TINY_PROGRAM = Path(__file__).with_name("tiny_program.py")
PATIENCE_SECONDS = 60


class JobHome:
    """What one server has on its disk, and engines over it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data_dir, self.models_dir, self.jobs_dir = (
            home / "data",
            home / "models",
            home / "jobs",
        )
        for folder in (self.data_dir, self.models_dir, self.jobs_dir, home / "logs" / "jobs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(f"sqlite:///{(home / 'dermascan.db').as_posix()}")
        self.database.migrate()
        self.repository = JobRepository(self.database, JobMirror(self.jobs_dir, self.models_dir))
        self.runs = JobRuns(self.jobs_dir)
        self.logs = JobLogs(home / "logs")
        self.engines: list[Engine] = []

    @classmethod
    def over(cls, home: Path) -> JobHome:
        """What lies in a home already."""
        return cls(home)

    def engine(self, max_running: int = 1, lease_seconds: float = 30.0) -> Engine:
        """A new engine, started; quick in everything."""
        launcher = Launcher(
            program=TINY_PROGRAM,
            data_dir=self.data_dir,
            models_dir=self.models_dir,
            weights_dir=None,
            runs=self.runs,
            logs=self.logs,
        )
        engine = Engine(
            self.repository,
            self.runs,
            self.logs,
            launcher,
            slots=lambda: {"cpu": max_running},
            lease_seconds=lease_seconds,
            heartbeat_seconds=0.1,
            cancel_grace_seconds=1.0,
        )
        engine.start()
        self.engines.append(engine)
        return engine

    def dataset(self, name: str, **behaviour: Any) -> Path:
        """A dataset that can be trained on, with orders for the tiny program."""
        folder = self.data_dir / name
        for path, content in class_folders(images=5):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        (folder / "behaviour.json").write_text(json.dumps(behaviour), encoding="utf-8")
        return folder

    def add(self, dataset: str, epochs: int = 3) -> Job:
        request = TrainingRequest(dataset, architecture="MobileNetV2", epochs=epochs)
        return self.repository.add(request, weights_sentence=None, owner="ada")

    def wait(self, job: Job, *wanted: JobStatus, patience: float = PATIENCE_SECONDS) -> Job:
        """Until the job is in one of the states; fails when it ended in another."""
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            now = self.repository.get(job.id)
            if now.status in wanted:
                return now
            assert not now.is_final, now
            time.sleep(0.02)
        raise AssertionError(f"still {self.repository.get(job.id)}")

    def wait_for_epoch(self, job: Job, epoch: int) -> Job:
        """Until the row says that the epoch is finished."""
        return self._wait_for(job, lambda now: now.epoch >= epoch)

    def wait_for_attempt(self, job: Job, attempt: int) -> Job:
        """Until that attempt's process has been written down."""
        return self._wait_for(job, lambda now: now.attempt >= attempt and now.pid is not None)

    def wait_for_adoption(self, job: Job) -> Job:
        """Until another engine than that which claimed the job holds it."""
        return self._wait_for(job, lambda now: now.token > now.attempt)

    def _wait_for(self, job: Job, fact: Callable[[Job], bool]) -> Job:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            now = self.repository.get(job.id)
            if fact(now):
                return now
            assert not now.is_final, now
            time.sleep(0.02)
        raise AssertionError(f"still {self.repository.get(job.id)}")

    def database_is_free(self) -> bool:
        """Whether nobody is inside a transaction for longer than half a second."""
        with closing(sqlite3.connect(self.home / "dermascan.db", timeout=0.5)) as probe:
            try:
                probe.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                return False
            return True

    def models(self) -> list[str]:
        return sorted(path.name for path in self.models_dir.iterdir())

    def log(self, job: Job) -> str:
        path = self.logs.of_job(job.id)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def close(self) -> None:
        for engine in self.engines:
            engine.stop()
        for process in training_processes(self.jobs_dir).values():
            process.end(0.5)
        self.database.close()
