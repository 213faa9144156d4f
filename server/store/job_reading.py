"""The jobs table as it is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from server.domain.errors import NotFound
from server.domain.job import Job, JobStatus
from server.domain.job_history import JobChange
from server.store import job_rows
from server.store.database import Database
from server.store.tables import jobs


def utc_now() -> datetime:
    return datetime.now(UTC)


class JobReading:
    """Reads jobs.

    Args:
        database: where the rows are.
        mirror: called with the newest state of a job after every change of its row.
        clock: the present time, with its zone.
    """

    def __init__(
        self,
        database: Database,
        mirror: Callable[[Callable[[], Job]], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._mirror = mirror
        self._clock = clock

    def get(self, job_id: str) -> Job:
        """Raises NotFound: when there is no such job."""
        with self._database.read() as connection:
            return job_rows.find(connection, job_id)

    def history(self, job_id: str) -> list[JobChange]:
        """Every change of its state and everything that was asked of it, oldest first."""
        with self._database.read() as connection:
            return job_rows.told(connection, job_id)

    def newest_first(self, limit: int = 500) -> list[Job]:
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        return self._all(query)

    def running(self) -> list[Job]:
        """Every job that a process is, or was, at work for; oldest first."""
        return self._with_status(JobStatus.RUNNING, jobs.c.created_at, jobs.c.id)

    def queue(self) -> list[Job]:
        """The jobs that wait, next to start first: by priority, then by age."""
        return self._with_status(JobStatus.QUEUED, *QUEUE_ORDER)

    def counts(self) -> dict[JobStatus, int]:
        """How many jobs are in each state; states without a job are left out."""
        query = select(jobs.c.status, func.count()).group_by(jobs.c.status)
        with self._database.read() as connection:
            return {JobStatus(status): count for status, count in connection.execute(query)}

    def stands_behind(self, job_id: str, model_name: str) -> bool:
        """Whether files that say they come from this job are a model.

        Files are moved into ``models/`` before the row names them, so those of a job whose row
        does not name them are what a crash or a cancel left behind. A job that has no row here
        (its files were copied from another computer) does not speak against them.
        """
        query = select(jobs.c.model_name).where(jobs.c.id == job_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return row is None or row.model_name == model_name

    def using_dataset(self, dataset_name: str) -> list[Job]:
        """The queued and running jobs that read that dataset."""
        return [
            job
            for job in (*self.running(), *self.queue())
            if job.request.dataset_name == dataset_name
        ]

    def mirror_all(self, limit: int = 500) -> None:
        """Write the mirrors that a server which died between a row and its mirror left behind."""
        for job in self.newest_first(limit):
            self._mirrored(job)

    def mirror_again(self, job_id: str) -> None:
        """Write the mirror of a job whose model has gone; a job that is not known has none."""
        try:
            self._mirrored(self.get(job_id))
        except NotFound:
            return

    def _with_status(self, status: JobStatus, *order: Any) -> list[Job]:
        return self._all(select(jobs).where(jobs.c.status == status.value).order_by(*order))

    def _all(self, query: Any) -> list[Job]:
        with self._database.read() as connection:
            return [job_rows.to_job(row) for row in connection.execute(query).mappings()]

    def _mirrored(self, job: Job) -> Job:
        """``job`` as its own transaction left it: the row may have moved on since."""
        if self._mirror is not None:
            self._mirror(lambda: self.get(job.id))
        return job


QUEUE_ORDER = (jobs.c.priority.desc(), jobs.c.created_at, jobs.c.id)
