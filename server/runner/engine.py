"""The embedded engine: a thread of the server that keeps jobs running, so many on each device.

The rows are the truth. Each round it looks for running jobs that nobody holds any more and takes
them over, then claims waiting ones; the bell only makes the next round come sooner. The same rule
covers a fresh start, a server that died or froze, and a supervisor that failed. Several engines
may work on one home: whose lease is good keeps the job.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import structlog

from server.domain.errors import Busy, LeaseLost, NotFound
from server.domain.job import Job
from server.domain.room import is_disk_full
from server.runner.closing import keep_what_is_needed
from server.runner.launch import Launcher
from server.runner.owners import is_gone, own_name
from server.runner.process import TrainingProcess, training_processes
from server.runner.publish import models_with_a_job, sweep
from server.runner.supervisor import Supervisor
from server.runner.watch import Watch
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs, size_of
from server.store.runs import JobRuns

log = structlog.get_logger(__name__)

_ROUND_SECONDS = 0.5
_STOP_SECONDS = 15.0
_FORGET_EVERY_SECONDS = 600.0
_FULL_PAUSE_SECONDS = 10.0
"""Before the next start after one that found no room although there seemed to be some."""
_LEAST_ROOM_BYTES = 1024**2
NO_ROOM_TO_START = "The disk is full: it starts when there is room."


class Engine:
    """Runs the jobs of one home.

    Args:
        repository, runs, logs: the store.
        launcher: starts training processes.
        slots: says how many jobs may run at once on each device; asked once.
        keep_checkpoints_seconds: how long a job that failed or was cancelled can be resumed.
        lease_seconds, heartbeat_seconds, cancel_grace_seconds: see ``Watch``.
    """

    def __init__(
        self,
        repository: JobRepository,
        runs: JobRuns,
        logs: JobLogs,
        launcher: Launcher,
        *,
        slots: Callable[[], Mapping[str, int]],
        keep_checkpoints_seconds: float = 7 * 24 * 3600.0,
        lease_seconds: float = 30.0,
        heartbeat_seconds: float = 1.0,
        cancel_grace_seconds: float = 5.0,
    ) -> None:
        self._watch = Watch(
            repository=repository,
            runs=runs,
            logs=logs,
            models_dir=launcher.models_dir,
            owner=own_name(),
            lease=timedelta(seconds=lease_seconds),
            heartbeat_seconds=heartbeat_seconds,
            cancel_grace_seconds=cancel_grace_seconds,
        )
        self._launcher = launcher
        self._ask_slots = slots
        self._slots: Mapping[str, int] = {}
        self._forgot_at = 0.0
        self._try_again_at = 0.0
        self._keep_checkpoints_seconds = keep_checkpoints_seconds
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
        self._slots = self._ask_slots()
        self._clear_up()
        while not self._stopping.is_set():
            self._bell.clear()
            self._round_safely()
            self._bell.wait(_ROUND_SECONDS)
        for supervisor in self._supervisors.values():
            supervisor.join(_STOP_SECONDS)

    def _round_safely(self) -> None:
        try:
            self._round()
        except LeaseLost:
            return  # somebody was quicker; the next round sees what is true now
        except Busy as busy:
            log.warning("the engine waits", reason=busy.message)
        except Exception as error:  # a full disk, a database server that is away: try again
            log.error("engine round failed", exc_info=error)

    def _round(self) -> None:
        self._forget_old_checkpoints()
        ended = {k: each for k, each in self._supervisors.items() if not each.is_alive()}
        for job_id in ended:
            del self._supervisors[job_id]
        for job in self._watch.repository.running():
            why = None if job.id in self._supervisors else self._unheld(job)
            if why is not None:
                known = ended[job.id].process if job.id in ended else None
                self._take_over(job, known or self._process_of(job), why)
        while not self._stopping.is_set() and self._has_room():
            watch = self._watch
            claimed = watch.repository.claim_next(watch.owner, watch.lease, self._slots)
            if claimed is None:
                return
            self._start(claimed)

    def _forget_old_checkpoints(self) -> None:
        """Of jobs that are over and were not taken up again in time."""
        now = time.time()
        if now - self._forgot_at < _FORGET_EVERY_SECONDS:
            return
        self._forgot_at = now
        watch = self._watch
        watch.repository.keep_room()
        for job_id, since in watch.runs.kept_checkpoints().items():
            if now - since < self._keep_checkpoints_seconds:
                continue
            with suppress(NotFound):
                job = watch.repository.get(job_id)
                if job.is_final:
                    watch.runs.tidy(job_id, job.token)

    def _has_room(self) -> bool:
        """Whether a job can be started at all; those that wait say so when it cannot."""
        repository = self._watch.repository
        if time.monotonic() < self._try_again_at:
            return False
        if shutil.disk_usage(self._watch.runs.jobs_dir).free >= _LEAST_ROOM_BYTES:
            return True
        for job in repository.queue():
            repository.say_while_waiting(job.id, NO_ROOM_TO_START)
        return False

    def _unheld(self, job: Job) -> str | None:
        """Why nobody holds a running job; None when somebody does."""
        if job.lease_owner is None:
            return "the server before had let go of it."
        if job.lease_owner == self._watch.owner:
            return "its supervisor had ended."
        if is_gone(job.lease_owner):
            return "the server that held it is gone."
        if job.lease_expires_at is None or job.lease_expires_at <= datetime.now(UTC):
            return "the lease of the server that held it had expired."
        return None

    def _start(self, job: Job) -> None:
        log_from = size_of(self._watch.logs.of_job(job.id))
        try:
            process = self._launcher.launch(job)
        except OSError as error:
            reason = f"The training program could not be started: {error.strerror or error}."
            if is_disk_full(error):
                self._try_again_at = time.monotonic() + _FULL_PAUSE_SECONDS
                self._watch.repository.requeue(job.id, job.token, NO_ROOM_TO_START, crashed=False)
                return
            self._watch.logs.note(job.id, reason)
            self._watch.repository.fail(job.id, job.token, reason)
            return
        try:
            job = self._watch.repository.process_started(
                job.id, job.token, pid=process.pid, started_at=process.started_at
            )
        except LeaseLost:  # this server was frozen since it claimed the job: it is another's now
            process.end(0)
            raise
        log.info("job started", job=job.id, attempt=job.attempt, pid=process.pid)
        self._supervise(job, process, log_from)

    def _take_over(self, job: Job, process: TrainingProcess | None, why: str) -> None:
        adopted = self._watch.repository.adopt(job, self._watch.owner, self._watch.lease, why)
        log.info("job taken over", job=job.id, pid=process and process.pid, why=why)
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
        """What servers before this one left behind: orphans, checkpoints, stale mirrors, models.

        Another engine may be at work. So what lies there is listed first and the rows are read
        after it: whatever came between is in them.
        """
        watch = self._watch
        try:
            processes = training_processes(watch.runs.jobs_dir)
            left_over = watch.runs.left_over()
            models = models_with_a_job(self._launcher.models_dir)
            running = watch.repository.running()
            busy = {job.id for job in (*running, *watch.repository.queue())}
            wanted = {job.run_dir for job in running}
            for run_dir, process in processes.items():
                if run_dir not in wanted:
                    log.warning("ending an orphan", run=run_dir, pid=process.pid)
                    process.end(watch.cancel_grace_seconds)
            for job_id in left_over - busy:
                self._clear_up_job(job_id)
            watch.repository.mirror_all()
            sweep(self._launcher.models_dir, models, watch.repository.stands_behind, busy)
        except Exception as error:  # clearing up must not keep jobs from running
            log.error("clearing up failed", exc_info=error)

    def _clear_up_job(self, job_id: str) -> None:
        try:
            keep_what_is_needed(self._watch.runs, self._watch.repository.get(job_id))
        except NotFound:
            self._watch.runs.tidy(job_id)
