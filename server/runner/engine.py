"""The embedded engine: a thread of the server that keeps at most N jobs running.

The rows are the truth. Each round it looks for running jobs that nobody here watches and takes
them over, then claims waiting ones, oldest first; the bell only makes the next round come sooner.
The same rule covers a fresh start, a server that died, and a supervisor that failed.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

import structlog

from server.domain.errors import LeaseLost
from server.domain.job import Job
from server.runner.home_lock import HomeLock
from server.runner.launch import Launcher
from server.runner.process import TrainingProcess, training_processes
from server.runner.publish import sweep
from server.runner.supervisor import Supervisor, Watch
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs, size_of
from server.store.runs import JobRuns

log = structlog.get_logger(__name__)

_ROUND_SECONDS = 0.5
_STOP_SECONDS = 15.0


class Engine:
    """Runs the jobs of one home.

    Args:
        repository, runs, logs: the store.
        launcher: starts training processes.
        max_running: how many jobs run at once.
        lease_seconds, heartbeat_seconds, cancel_grace_seconds: see ``Watch``.
    """

    def __init__(
        self,
        repository: JobRepository,
        runs: JobRuns,
        logs: JobLogs,
        launcher: Launcher,
        *,
        max_running: int = 1,
        lease_seconds: float = 30.0,
        heartbeat_seconds: float = 1.0,
        cancel_grace_seconds: float = 5.0,
    ) -> None:
        self._watch = Watch(
            repository=repository,
            runs=runs,
            logs=logs,
            models_dir=launcher.models_dir,
            owner=f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:6]}",
            lease=timedelta(seconds=lease_seconds),
            heartbeat_seconds=heartbeat_seconds,
            cancel_grace_seconds=cancel_grace_seconds,
        )
        self._launcher = launcher
        self._max_running = max_running
        self._lock = HomeLock(runs.jobs_dir / "engine.lock")
        self._bell = Event()
        self._stopping = Event()
        self._supervisors: dict[str, Supervisor] = {}
        self._thread: Thread | None = None

    def ring(self) -> None:
        """Something changed: look now rather than at the next round."""
        self._bell.set()

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let go of every job; their processes go on, and the next server adopts them."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._lock.acquire():
            if self._stopping.wait(_ROUND_SECONDS):
                return
        try:
            self._clear_up()
            while not self._stopping.is_set():
                self._bell.clear()
                self._round_safely()
                self._bell.wait(_ROUND_SECONDS)
            for supervisor in self._supervisors.values():
                supervisor.join(_STOP_SECONDS)
        finally:
            self._lock.release()

    def _round_safely(self) -> None:
        try:
            self._round()
        except LeaseLost:
            return  # somebody was quicker; the next round sees what is true now
        except Exception as error:  # a full disk, a database that is away: try again
            log.error("engine round failed", exc_info=error)

    def _round(self) -> None:
        ended = {k: each for k, each in self._supervisors.items() if not each.is_alive()}
        for job_id in ended:
            del self._supervisors[job_id]
        for job in self._watch.repository.running():
            if job.id not in self._supervisors:
                known = ended[job.id].process if job.id in ended else None
                self._take_over(job, known or self._process_of(job))
        while len(self._supervisors) < self._max_running and not self._stopping.is_set():
            job_or_none = self._watch.repository.claim_next(self._watch.owner, self._watch.lease)
            if job_or_none is None:
                return
            self._start(job_or_none)

    def _start(self, job: Job) -> None:
        log_from = size_of(self._watch.logs.of_job(job.id))
        try:
            process = self._launcher.launch(job)
        except OSError as error:
            reason = f"The training program could not be started: {error.strerror or error}."
            self._watch.logs.note(job.id, reason)
            self._watch.repository.fail(job.id, job.token, reason)
            return
        job = self._watch.repository.process_started(
            job.id, job.token, pid=process.pid, started_at=process.started_at
        )
        log.info("job started", job=job.id, attempt=job.attempt, pid=process.pid)
        self._supervise(job, process, log_from)

    def _take_over(self, job: Job, process: TrainingProcess | None) -> None:
        adopted = self._watch.repository.adopt(job, self._watch.owner, self._watch.lease)
        log.info("job taken over", job=job.id, pid=process and process.pid)
        self._supervise(adopted, process, 0)

    def _process_of(self, job: Job) -> TrainingProcess | None:
        if job.pid is not None and job.pid_started_at is not None:
            found = TrainingProcess.find(job.pid, job.pid_started_at)
            if found is not None:
                return found
        # the last server died between starting the process and writing its number down
        return training_processes(self._watch.runs.jobs_dir).get(job.run_dir or "")

    def _supervise(self, job: Job, process: TrainingProcess | None, log_from: int) -> None:
        supervisor = Supervisor(
            self._watch,
            job,
            process,
            let_go=self._stopping,
            when_done=self.ring,
            log_from=log_from,
        )
        self._supervisors[job.id] = supervisor
        supervisor.start()

    def _clear_up(self) -> None:
        """What servers before this one left behind: orphans, checkpoints, stale mirrors, models."""
        try:
            running = self._watch.repository.running()
            wanted = {job.run_dir for job in running}
            for run_dir, process in training_processes(self._watch.runs.jobs_dir).items():
                if run_dir not in wanted:
                    log.warning("ending an orphan", run=run_dir, pid=process.pid)
                    process.end(self._watch.cancel_grace_seconds)
            busy = {job.id for job in (*running, *self._watch.repository.queue())}
            for job_id in self._watch.runs.left_over() - busy:
                self._watch.runs.tidy(job_id)
            self._watch.repository.mirror_all()
            sweep(self._launcher.models_dir, self._watch.repository.stands_behind, busy)
        except Exception as error:  # clearing up must not keep jobs from running
            log.error("clearing up failed", exc_info=error)
