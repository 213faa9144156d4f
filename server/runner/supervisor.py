"""Watches one training process for one job, from its start (or adoption) to its end.

It beats the heart, turns events into progress, passes on a wish to stop early, sees a cancel and a
process that froze, and lets the job be closed (``closing``). Every write carries the job's token:
when the row has moved on, the supervisor lets go and touches nothing more.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import structlog

from server.domain.errors import LeaseLost, StorageFull
from server.domain.job import Job
from server.domain.pulse import waiting_for
from server.runner.closing import Closing
from server.runner.heartbeat import Heart
from server.runner.news import RunNews
from server.runner.process import TrainingProcess
from server.runner.settle import Crashed, Interrupted, Outcome, last_line, outcome
from server.runner.signs_of_life import SignsOfLife
from server.runner.watch import Watch
from server.store.runs import EventTail

log = structlog.get_logger(__name__)

_LAST_WORDS_SECONDS = 30.0
_HEARD_SECONDS = 5.0
"""A heart that was silent for less cannot have made a process give up (it misses eight beats)."""
_ADOPTED_SECONDS = 15.0
"""A process that ends sooner after its adoption may have given up in the time before."""
_ADOPTED_PATIENCE = 1 / 3
"""Of the lease: a process whose server froze has been silent for a while when it is adopted."""


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
        self._was_frozen = False

    def run(self) -> None:
        heart = Heart(self._folder.heartbeat, self._watch.heartbeat_seconds)
        try:
            if self._follow(heart):
                self._close(heart)
        except LeaseLost:
            log.warning("job has moved on", job=self._job.id, token=self._job.token)
        except Exception as error:  # the engine sees the end of this thread and takes over
            log.error("supervisor failed", job=self._job.id, exc_info=error)
        finally:
            heart.stop()
            self._when_done()

    def _follow(self, heart: Heart) -> bool:
        """Watch the process until its end; False = let go of while it lives."""
        process, watch = self.process, self._watch
        if process is None:
            return True
        signs = SignsOfLife(process, self._folder, self._log, self._patience_seconds)
        while process.is_alive():
            heart.beat()
            self._news.take(self._tail.read_new())
            self._news.hear_pulse(waiting_for(self._folder.read_pulse()))
            if self._beat_row().cancel_requested:
                process.end(watch.cancel_grace_seconds)
                break
            if self._news.last is not None:
                self._await_end(process, heart)
                break
            if signs.is_frozen():
                self._was_frozen = True
                process.end(0)
                break
            self._pass_on_stop()
            if self._let_go.wait(watch.heartbeat_seconds / 4):
                watch.repository.release(self._job.id, self._job.token)
                return False
        return True

    def _close(self, heart: Heart) -> None:
        was_watched = self._watched_well(heart)
        if self.process is not None:
            self.process.end_leftovers()
        self._news.take(self._tail.read_new())
        Closing(self._watch, self._job, self._let_go).close(self._news, self._outcome(was_watched))

    @property
    def _log(self) -> Path:
        return self._watch.logs.of_job(self._job.id)

    @property
    def _is_adopted(self) -> bool:
        return self.process is None or self.process.is_adopted

    @property
    def _patience_seconds(self) -> float:
        lease = self._watch.lease.total_seconds()
        return lease * _ADOPTED_PATIENCE if self._is_adopted else lease

    def _beat_row(self) -> Job:
        """Hold the lease and write the news, at most once a heartbeat."""
        if time.monotonic() >= self._row_due:
            watch = self._watch
            self._row_due = time.monotonic() + watch.heartbeat_seconds
            news = self._news.changed()
            try:
                self._job = watch.repository.heartbeat(
                    self._job.id, self._job.token, watch.owner, watch.lease, **news
                )
            except StorageFull:  # the process lives on; the row hears of it when there is room
                self._news.not_written(news)
        return self._job

    def _pass_on_stop(self) -> None:
        if self._job.stop_requested and not self._folder.stop.exists():
            with contextlib.suppress(OSError):  # a full disk; the next look tries again
                self._folder.stop.touch()

    def _await_end(self, process: TrainingProcess, heart: Heart) -> None:
        """Its last word is said; give it time to end by itself."""
        give_up = time.monotonic() + _LAST_WORDS_SECONDS
        while process.is_alive() and time.monotonic() < give_up:
            heart.beat()
            time.sleep(0.05)
        process.end(self._watch.cancel_grace_seconds)

    def _outcome(self, was_watched: bool) -> Outcome:
        if self._was_frozen and self._news.last is None:
            seconds = round(self._patience_seconds)
            frozen = f"The training process gave no sign of life for {seconds} seconds."
            return Interrupted() if self._is_adopted else Crashed(frozen)
        said = last_line(self._log, self._log_from)
        exit_code = None if self.process is None else self.process.exit_code
        return outcome(self._news.last, exit_code, said, was_watched=was_watched)

    def _watched_well(self, heart: Heart) -> bool:
        """Whether the process, if it gave up for want of a heartbeat, had no cause to.

        The exit code of an adopted process cannot be known, so one that ends soon after its
        adoption gets the benefit of the doubt: the server before may have been away for long.
        """
        if heart.silent_seconds > _HEARD_SECONDS + self._watch.heartbeat_seconds:
            return False
        return not self._is_adopted or time.monotonic() - self._since > _ADOPTED_SECONDS
