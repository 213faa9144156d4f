"""Closes a job whose process has ended: its model published, another go, or the end.

Before anything is touched the token is asked for, and every word in the log follows a write that
the token allowed. A disk without room makes it wait, not fail.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Flag

from server.domain.errors import LeaseLost, StorageFull
from server.domain.job import MAX_ATTEMPTS, Job, JobStatus
from server.domain.room import is_disk_full
from server.runner.news import RunNews
from server.runner.publish import publish, withdraw
from server.runner.settle import Crashed, Interrupted, Outcome, Published, Refused
from server.runner.watch import Watch
from server.store.files import shown_path
from server.store.runs import JobRuns, RunFolder

NO_ROOM = "The disk is full: the finished model waits for room in models/."


class Closing:
    """The end of one attempt.

    Args:
        watch: what is shared with other supervisors.
        job: as its supervisor knew it last.
        let_go: set when the server stops: the next one closes the job then.
    """

    def __init__(self, watch: Watch, job: Job, let_go: Flag) -> None:
        assert job.run_dir is not None, "a running job has a run folder"
        self._watch = watch
        self._job = job
        self._let_go = let_go
        self._folder: RunFolder = watch.runs.folder(job.run_dir)

    def close(self, news: RunNews, end: Outcome) -> None:
        """Write how it ended, and clear up.

        Raises:
            LeaseLost: when the row has moved on.
        """
        job = self._patiently(lambda: self._hold(**news.changed()))
        if job is None:
            return
        if not job.cancel_requested and isinstance(end, Published):
            job = self._move_files(job, end)
            if job is None:
                return
        held = job
        ended = self._patiently(lambda: self._settle(held, end))
        if ended is not None and ended.is_final:
            self._keep_nothing(ended, end)

    def _settle(self, job: Job, end: Outcome) -> Job:
        if job.is_final:
            return job
        repository = self._watch.repository
        if job.cancel_requested:
            return repository.cancelled(job.id, job.token)
        match end:
            case Published(model_name):
                return self._finish(job, end, model_name)
            case Refused(reason):
                return repository.fail(job.id, job.token, reason)
            case Crashed(reason):
                return self._try_again(job, reason)
            case Interrupted():
                return self._go_on(job, "after the server stopped", crashed=False)

    # --- publishing --------------------------------------------------------------------------

    def _move_files(self, job: Job, end: Published) -> Job | None:
        """Put the model into ``models/``; None = the server stops before there was room."""
        while True:
            try:
                publish(self._folder, end.files, self._watch.models_dir)
            except OSError as error:
                if not is_disk_full(error):
                    return self._cannot_publish(job, error)
            else:
                return job
            waiting = self._patiently(lambda: self._hold(message=NO_ROOM))
            if waiting is None or waiting.cancel_requested:
                return waiting
            if self._pause():
                self._watch.repository.release(job.id, job.token)
                return None

    def _cannot_publish(self, job: Job, error: OSError) -> Job | None:
        reason = f"The model could not be put into models/: {error.strerror or error}."
        failed = self._patiently(lambda: self._watch.repository.fail(job.id, job.token, reason))
        if failed is not None:
            self._watch.logs.note(job.id, reason)
        return failed

    def _finish(self, job: Job, end: Published, model_name: str) -> Job:
        models_dir, repository = self._watch.models_dir, self._watch.repository
        try:
            self._hold()
            paths = [shown_path(models_dir / name) for name in end.files.values()]
            # before the row says that all is over: who follows the log stops reading then
            self._watch.logs.note(job.id, "\n  ".join(["Files written:", *paths]))
            return repository.finish(job.id, job.token, model_name, _completed(job))
        except LeaseLost:
            if repository.get(job.id).run_dir != job.run_dir:
                # another attempt is under way: this one is void
                withdraw(self._folder, end.files, models_dir)
            raise

    # --- another go --------------------------------------------------------------------------

    def _try_again(self, job: Job, reason: str) -> Job:
        crashes = job.crashes + 1
        self._watch.logs.note(job.id, reason)  # close() has just asked for the token
        if crashes >= MAX_ATTEMPTS:
            message = f"Training crashed {crashes} times. The last time: {reason}"
            return self._watch.repository.fail(job.id, job.token, message, crashed=True)
        return self._go_on(job, f"after a crash (attempt {job.attempt + 1})", crashed=True)

    def _go_on(self, job: Job, why: str, *, crashed: bool) -> Job:
        checkpoint = self._watch.runs.newest_checkpoint(job.id, job.begins_at)
        start = f"Going on from epoch {checkpoint[0]}" if checkpoint else "Starting again"
        nothing = "" if checkpoint else ": no epoch was finished"
        message = f"{start} {why}{nothing}."
        return self._watch.repository.requeue(job.id, job.token, message, crashed=crashed)

    # --- clearing up -------------------------------------------------------------------------

    def _keep_nothing(self, job: Job, end: Outcome) -> None:
        """One that ended without a model leaves no model files."""
        if job.status is not JobStatus.COMPLETED and isinstance(end, Published):
            withdraw(self._folder, end.files, self._watch.models_dir)
        if job.status is JobStatus.CANCELLED:
            self._watch.logs.note(job.id, job.message)
        keep_what_is_needed(self._watch.runs, job)

    # --- how ---------------------------------------------------------------------------------

    def _hold(self, **news: object) -> Job:
        """Make sure that the job is still ours, and write what is new.

        Raises:
            LeaseLost: when it is not.
        """
        watch, job = self._watch, self._job
        return watch.repository.heartbeat(job.id, job.token, watch.owner, watch.lease, **news)

    def _patiently(self, write: Callable[[], Job]) -> Job | None:
        """Write the row, again and again while the disk is full; None = the server stops."""
        while True:
            try:
                return write()
            except StorageFull:
                if self._pause():
                    return None

    def _pause(self) -> bool:
        return self._let_go.wait(self._watch.heartbeat_seconds)


def keep_what_is_needed(runs: JobRuns, job: Job) -> None:
    """Of an ended job: of a completed one nothing but its events, of another also the newest
    checkpoint, so that it can go on if somebody wants that."""
    if job.status is JobStatus.COMPLETED:
        runs.tidy(job.id, job.token)
    else:
        runs.keep_checkpoint(job.id, job.begins_at, job.token)


def _completed(job: Job) -> str:
    if job.stopped_after is None:
        return "Completed"
    return (
        f"Stopped early after epoch {job.stopped_after} of {job.request.epochs}, as asked; "
        "the best epoch was tested and saved."
    )
