"""Watches one training process for one job, from its start (or adoption) to its end.

It beats the heart, turns events into progress, sees a cancel, and settles the job. Every write
carries the job's token: when the row has moved on, the supervisor lets go and touches nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import structlog

from server.domain.errors import LeaseLost
from server.domain.job import MAX_ATTEMPTS, Job, JobStatus
from server.runner.heartbeat import Heart
from server.runner.news import RunNews
from server.runner.process import TrainingProcess
from server.runner.publish import publish, withdraw
from server.runner.settle import (
    Crashed,
    Interrupted,
    Outcome,
    Published,
    Refused,
    last_line,
    outcome,
)
from server.store.files import shown_path
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs
from server.store.runs import EventTail, JobRuns

log = structlog.get_logger(__name__)

_LAST_WORDS_SECONDS = 30.0
_HEARD_SECONDS = 5.0
"""A heart that was silent for less cannot have made a process give up (it misses ten beats)."""
_ADOPTED_SECONDS = 15.0
"""A process that ends sooner after its adoption may have given up in the time before."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What every supervisor of an engine needs.

    Attributes:
        owner: name of the engine, as written into leases.
        lease: how long a claim holds without a heartbeat.
        heartbeat_seconds: between two beats, and between two writes of the row.
        cancel_grace_seconds: from asking a process to end to making it.
    """

    repository: JobRepository
    runs: JobRuns
    logs: JobLogs
    models_dir: Path
    owner: str
    lease: timedelta
    heartbeat_seconds: float
    cancel_grace_seconds: float


class Supervisor(Thread):
    """One thread, one process, one job.

    Args:
        watch: what is shared with other supervisors.
        job: as claimed or adopted; its token is the one that every write carries.
        process: None when a server that has just started found it dead.
        log_from: where in the job's log this attempt begins, in bytes.
        let_go: set when the server stops: the process is then left to the next server.
        when_done: called at the end, whatever it was.
    """

    def __init__(
        self,
        watch: Watch,
        job: Job,
        process: TrainingProcess | None,
        *,
        let_go: Flag,
        when_done: Callable[[], None],
        log_from: int = 0,
    ) -> None:
        super().__init__(name=f"job-{job.id}", daemon=True)
        assert job.run_dir is not None, "a running job has a run folder"
        self._watch = watch
        self._job = job
        self.process = process
        self._let_go = let_go
        self._when_done = when_done
        self._log_from = log_from
        self._folder = watch.runs.folder(job.run_dir)
        self._tail = EventTail(self._folder.events)
        self._news = RunNews()
        self._row_due = 0.0
        self._since = time.monotonic()
        self._was_watched = False

    def run(self) -> None:
        heart = Heart(self._folder.heartbeat, self._watch.heartbeat_seconds)
        try:
            self._follow(heart)
        except LeaseLost:
            log.warning("job has moved on", job=self._job.id, token=self._job.token)
        except Exception as error:  # the engine sees the end of this thread and takes over
            log.error("supervisor failed", job=self._job.id, exc_info=error)
        finally:
            heart.stop()
            self._when_done()

    def _follow(self, heart: Heart) -> None:
        process = self.process
        while process is not None and process.is_alive():
            heart.beat()
            self._news.take(self._tail.read_new())
            if self._beat_row().cancel_requested:
                process.end(self._watch.cancel_grace_seconds)
                break
            if self._news.last is not None:
                self._await_end(process, heart)
                break
            if self._let_go.wait(self._watch.heartbeat_seconds / 4):
                self._repository.release(self._job.id, self._job.token)
                return
        self._was_watched = self._watched_well(heart)
        if process is not None:
            process.end_leftovers()
        self._news.take(self._tail.read_new())
        self._settle()

    def _beat_row(self) -> Job:
        """Hold the lease and write the news, at most once a heartbeat."""
        if time.monotonic() >= self._row_due:
            watch = self._watch
            self._row_due = time.monotonic() + watch.heartbeat_seconds
            news = self._news.changed()
            self._job = watch.repository.heartbeat(
                self._job.id, self._job.token, watch.owner, watch.lease, **news
            )
        return self._job

    def _await_end(self, process: TrainingProcess, heart: Heart) -> None:
        """Its last word is said; give it time to end by itself."""
        give_up = time.monotonic() + _LAST_WORDS_SECONDS
        while process.is_alive() and time.monotonic() < give_up:
            heart.beat()
            time.sleep(0.05)
        process.end(self._watch.cancel_grace_seconds)

    # --- the end -----------------------------------------------------------------------------

    @property
    def _repository(self) -> JobRepository:
        return self._watch.repository

    def _settle(self) -> None:
        self._row_due = 0.0
        job = self._beat_row()
        if job.cancel_requested:
            self._keep_nothing(self._repository.cancelled(job.id, job.token))
            return
        end = self._outcome()
        match end:
            case Published():
                job = self._publish(job, end)
            case Refused(reason):
                job = self._repository.fail(job.id, job.token, reason)
            case Crashed(reason):
                job = self._try_again(job, reason)
            case Interrupted():
                job = self._go_on(job, "after the server stopped", crashed=False)
        if job.is_final:
            self._keep_nothing(job)

    def _outcome(self) -> Outcome:
        said = last_line(self._watch.logs.of_job(self._job.id), self._log_from)
        exit_code = None if self.process is None else self.process.exit_code
        return outcome(self._news.last, exit_code, said, was_watched=self._was_watched)

    def _watched_well(self, heart: Heart) -> bool:
        """Whether the process, if it gave up for want of a heartbeat, had no cause to.

        The exit code of an adopted process cannot be known, so one that ends soon after its
        adoption gets the benefit of the doubt: the server before may have been away for long.
        """
        if heart.silent_seconds > _HEARD_SECONDS + self._watch.heartbeat_seconds:
            return False
        adopted = self.process is None or self.process.is_adopted
        return not adopted or time.monotonic() - self._since > _ADOPTED_SECONDS

    def _publish(self, job: Job, end: Published) -> Job:
        models_dir = self._watch.models_dir
        try:
            publish(self._folder, end.files, models_dir)
        except OSError as error:
            reason = f"The model could not be put into models/: {error.strerror or error}."
            self._watch.logs.note(job.id, reason)
            return self._repository.fail(job.id, job.token, reason)
        paths = [shown_path(models_dir / name) for name in end.files.values()]
        # before the row says that all is over: who follows the log stops reading then
        self._watch.logs.note(job.id, "\n  ".join(["Files written:", *paths]))
        try:
            return self._repository.finish(job.id, job.token, end.model_name)
        except LeaseLost:
            if self._repository.get(job.id).run_dir != job.run_dir:
                # another attempt is under way: this one is void
                withdraw(self._folder, end.files, models_dir)
            raise

    def _try_again(self, job: Job, reason: str) -> Job:
        crashes = job.crashes + 1
        self._watch.logs.note(job.id, reason)
        if crashes >= MAX_ATTEMPTS:
            message = f"Training crashed {crashes} times. The last time: {reason}"
            return self._repository.fail(job.id, job.token, message, crashed=True)
        return self._go_on(job, f"after a crash (attempt {job.attempt + 1})", crashed=True)

    def _go_on(self, job: Job, why: str, *, crashed: bool) -> Job:
        checkpoint = self._watch.runs.newest_checkpoint(job.id)
        start = f"Going on from epoch {checkpoint[0]}" if checkpoint else "Starting again"
        nothing = "" if checkpoint else ": no epoch was finished"
        message = f"{start} {why}{nothing}."
        return self._repository.requeue(job.id, job.token, message, crashed=crashed)

    def _keep_nothing(self, job: Job) -> None:
        """An ended job needs no checkpoints; one without a model leaves no model files."""
        last = self._news.last
        completed = job.status is JobStatus.COMPLETED
        if not completed and last is not None and last["event"] == "finished":
            withdraw(self._folder, last["files"], self._watch.models_dir)
        if job.status is JobStatus.CANCELLED:
            self._watch.logs.note(job.id, job.message)
        self._watch.runs.tidy(job.id)
