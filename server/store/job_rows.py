"""Rows of the jobs table as records, and the lines of their history, inside a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from server.domain.errors import LeaseLost, NotFound
from server.domain.job import Job, JobStatus, Priority
from server.domain.job_history import JobChange
from server.domain.training_request import TrainingRequest
from server.store.tables import job_history, jobs


def find(connection: Connection, job_id: str) -> Job:
    """The job.

    Raises:
        NotFound: when there is none of that name.
    """
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        raise NotFound(f"There is no job {job_id!r}.")
    return to_job(row)


def locked(connection: Connection, job_id: str) -> Job:
    """The job, its row locked until the transaction ends.

    Raises:
        NotFound: when there is none of that name.
    """
    connection.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
    return find(connection, job_id)


def held(connection: Connection, job_id: str, token: int) -> Job:
    """The running job, its row locked, if ``token`` still rules it.

    Raises:
        LeaseLost: when the row has moved on.
    """
    try:
        job = locked(connection, job_id)
    except NotFound as error:
        raise LeaseLost(f"Job {job_id} is gone.") from error
    if job.token != token or job.status is not JobStatus.RUNNING:
        raise LeaseLost(f"Job {job_id} has moved on; token {token} no longer rules it.")
    return job


def write(connection: Connection, job_id: str, values: dict[str, Any]) -> Job:
    """Change the row; returns it as it is then."""
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))
    return find(connection, job_id)


def tell(
    connection: Connection, now: Job, before: JobStatus | None, *, who: str, why: str, at: datetime
) -> None:
    """Add a line to the history."""
    connection.execute(
        insert(job_history).values(
            job_id=now.id,
            at=at,
            who=who,
            before=None if before is None else before.value,
            after=now.status.value,
            why=why,
            token=now.token,
        )
    )


def told(connection: Connection, job_id: str) -> list[JobChange]:
    """The history of one job, oldest first."""
    query = select(job_history).where(job_history.c.job_id == job_id).order_by(job_history.c.id)
    return [
        JobChange(
            at=row["at"],
            who=row["who"],
            before=None if row["before"] is None else JobStatus(row["before"]),
            after=JobStatus(row["after"]),
            why=row["why"],
            token=row["token"],
        )
        for row in connection.execute(query).mappings()
    ]


def to_job(row: RowMapping) -> Job:
    values = dict(row)
    values["request"] = TrainingRequest(**values["request"])
    values["status"] = JobStatus(values["status"])
    values["priority"] = Priority(values["priority"])
    return Job(**values)
