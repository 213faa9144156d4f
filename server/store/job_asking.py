"""What people ask of jobs: a new one, its end, an early stop, another go, an earlier turn."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from server.domain.errors import Conflict
from server.domain.job import Job, JobStatus, Priority
from server.domain.training_request import TrainingRequest
from server.store import job_rows
from server.store.job_reading import JobReading
from server.store.tables import jobs

WAITING_MESSAGE = "Waiting for its turn"
CANCELLED_MESSAGE = "Cancelled; no model was kept."
CANCELLING_MESSAGE = "Cancelling…"
STOPPING_MESSAGE = "Stopping early; the best epoch so far will be tested and saved."
SOMEBODY = "not recorded"

NOBODY: dict[str, Any] = {
    "lease_owner": None,
    "lease_expires_at": None,
    "pid": None,
    "pid_started_at": None,
    "seconds_left": None,
}


class JobAsking(JobReading):
    """Writes what people ask for; each change and who asked for it go into the history."""

    def add(
        self,
        request: TrainingRequest,
        *,
        weights_sentence: str | None,
        owner: str,
        priority: Priority = Priority.NORMAL,
    ) -> Job:
        """Queue a new job."""
        values = {
            "request": request.as_dict(),
            "status": JobStatus.QUEUED.value,
            "weights_sentence": weights_sentence,
            "progress": 0,
            "message": WAITING_MESSAGE,
            "epoch": 0,
            "attempt": 0,
            "crashes": 0,
            "token": 0,
            "cancel_requested": False,
            "stop_requested": False,
            "priority": priority.value,
            "begins_at": 0,
            "owner": owner,
            "created_at": self._clock(),
        }
        while True:
            job_id = secrets.token_hex(4)
            try:
                with self._database.write() as connection:
                    connection.execute(insert(jobs).values(id=job_id, **values))
                    job = job_rows.find(connection, job_id)
                    at = job.created_at
                    job_rows.tell(connection, job, None, who=owner, why="Asked for.", at=at)
                return self._mirrored(job)
            except IntegrityError:  # the id is taken: one chance in four thousand million
                continue

    def request_cancel(self, job_id: str, who: str = SOMEBODY) -> Job:
        """Cancel a job that waits at once; ask for the end of one that runs.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it is over already.
        """
        with self._database.write() as connection:
            job = job_rows.locked(connection, job_id)
            if job.is_final:
                raise Conflict(
                    f"Job {job_id} is {job.status.value} already and cannot be cancelled."
                )
            if job.cancel_requested:
                return job
            values = {"cancel_requested": True, "message": CANCELLING_MESSAGE}
            why = "Asked to cancel."
            if job.status is JobStatus.QUEUED:
                values = {"cancel_requested": True, **self._ending(JobStatus.CANCELLED)}
                why = "Cancelled while it waited."
            now = job_rows.write(connection, job_id, values)
            job_rows.tell(connection, now, job.status, who=who, why=why, at=self._clock())
        return self._mirrored(now)

    def request_stop(self, job_id: str, who: str = SOMEBODY) -> Job:
        """Ask a running job to stop early and keep the best; asking twice does no harm.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it does not run, or is being cancelled.
        """
        with self._database.write() as connection:
            job = job_rows.locked(connection, job_id)
            if job.status is not JobStatus.RUNNING:
                raise Conflict(
                    f"Job {job_id} is {job.status.value}; only a job that runs can be stopped "
                    "early."
                )
            if job.cancel_requested:
                raise Conflict(f"Job {job_id} is being cancelled; there is nothing left to keep.")
            if job.stop_requested:
                return job
            values = {"stop_requested": True, "message": STOPPING_MESSAGE}
            now = job_rows.write(connection, job_id, values)
            why = "Asked to stop early and keep the best."
            job_rows.tell(connection, now, job.status, who=who, why=why, at=self._clock())
        return self._mirrored(now)

    def resume(self, job_id: str, epoch: int, who: str = SOMEBODY) -> Job:
        """Put a failed or cancelled job back into the queue, to go on after ``epoch``.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it is neither failed nor cancelled.
        """
        message = f"Going on from epoch {epoch}, as asked."
        return self._again(job_id, {"message": message}, who=who)

    def retry(self, job_id: str, who: str = SOMEBODY) -> Job:
        """Put a failed or cancelled job back into the queue, to begin anew.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it is neither failed nor cancelled.
        """
        message = "Starting again from the beginning, as asked."
        anew = {"message": message, "progress": 0, "epoch": 0, "begins_at": jobs.c.token + 1}
        return self._again(job_id, anew, who=who)

    def set_priority(self, job_id: str, priority: Priority, who: str = SOMEBODY) -> Job:
        """Let a waiting job go earlier or later.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it does not wait any more.
        """
        with self._database.write() as connection:
            job = job_rows.locked(connection, job_id)
            if job.status is not JobStatus.QUEUED:
                raise Conflict(
                    f"Job {job_id} is {job.status.value}; the priority can be changed only while "
                    "it waits."
                )
            if job.priority is priority:
                return job
            now = job_rows.write(connection, job_id, {"priority": priority.value})
            why = f"Priority changed from {job.priority.word} to {priority.word}."
            job_rows.tell(connection, now, job.status, who=who, why=why, at=self._clock())
        return self._mirrored(now)

    def _again(self, job_id: str, values: dict[str, Any], *, who: str) -> Job:
        with self._database.write() as connection:
            job = job_rows.locked(connection, job_id)
            if job.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
                raise Conflict(
                    f"Job {job_id} is {job.status.value}; only a failed or cancelled job can be "
                    "taken up again."
                )
            waiting = {
                "status": JobStatus.QUEUED.value,
                "crashes": 0,
                "cancel_requested": False,
                "stop_requested": False,
                "stopped_after": None,
                "completed_at": None,
                **NOBODY,
            }
            now = job_rows.write(connection, job_id, waiting | values)
            job_rows.tell(connection, now, job.status, who=who, why=now.message, at=self._clock())
        return self._mirrored(now)

    def _ending(self, status: JobStatus, message: str = CANCELLED_MESSAGE) -> dict[str, Any]:
        return {
            "status": status.value,
            "message": message,
            "completed_at": self._clock(),
            **NOBODY,
        }
