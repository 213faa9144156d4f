"""The jobs table: claimed by compare-and-set, written only by who holds the newest token.

Every change is one short transaction, and is mirrored into ``jobs/<job_id>.json`` after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.domain.errors import Conflict, LeaseLost, NotFound
from server.domain.job import FINAL, Job, JobStatus
from server.domain.training_request import TrainingRequest
from server.store.database import Database
from server.store.tables import jobs

WAITING_MESSAGE = "Waiting for its turn"
STARTING_MESSAGE = "Starting"
CANCELLED_MESSAGE = "Cancelled; no model was kept."
CANCELLING_MESSAGE = "Cancelling…"


def utc_now() -> datetime:
    return datetime.now(UTC)


class JobRepository:
    """Reads and writes jobs.

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

    # --- reading -----------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """Raises NotFound: when there is no such job."""
        with self._database.read() as connection:
            return _get(connection, job_id)

    def newest_first(self, limit: int = 500) -> list[Job]:
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]

    def running(self) -> list[Job]:
        """Every job that a process is, or was, at work for; oldest first."""
        return self._with_status(JobStatus.RUNNING)

    def queue(self) -> list[Job]:
        """The jobs that wait, next to start first."""
        return self._with_status(JobStatus.QUEUED)

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

    # --- asking ------------------------------------------------------------------------------

    def add(self, request: TrainingRequest, *, weights_sentence: str | None, owner: str) -> Job:
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
            "owner": owner,
            "created_at": self._clock(),
        }
        while True:
            job_id = secrets.token_hex(4)
            try:
                with self._database.write() as connection:
                    connection.execute(insert(jobs).values(id=job_id, **values))
                    job = _get(connection, job_id)
                return self._mirrored(job)
            except IntegrityError:  # the id is taken: one chance in four thousand million
                continue

    def request_cancel(self, job_id: str) -> Job:
        """Cancel a job that waits at once; ask for the end of one that runs.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it is over already.
        """
        with self._database.write() as connection:
            job = _get(connection, job_id)
            if job.is_final:
                raise Conflict(
                    f"Job {job_id} is {job.status.value} already and cannot be cancelled."
                )
            values = {"cancel_requested": True, "message": CANCELLING_MESSAGE}
            if job.status is JobStatus.QUEUED:
                values = {"cancel_requested": True, **self._ending(JobStatus.CANCELLED)}
            job = _set(connection, job_id, values)
        return self._mirrored(job)

    # --- working: every write carries the token ----------------------------------------------

    def claim_next(self, owner: str, lease: timedelta) -> Job | None:
        """Take the job that has waited longest; None when none waits or another was quicker."""
        with self._database.write() as connection:
            oldest = (
                select(jobs)
                .where(jobs.c.status == JobStatus.QUEUED.value)
                .order_by(jobs.c.created_at, jobs.c.id)
                .limit(1)
            )
            row = connection.execute(oldest).mappings().first()
            if row is None:
                return None
            token = row["token"] + 1
            values = {
                "status": JobStatus.RUNNING.value,
                "token": token,
                "attempt": row["attempt"] + 1,
                "message": row["message"] if row["attempt"] else STARTING_MESSAGE,
                "run_dir": f"{row['id']}/run-{token}",
                "started_at": row["started_at"] or self._clock(),
                **self._lease(owner, lease),
            }
            unchanged = jobs.c.token == row["token"], jobs.c.status == JobStatus.QUEUED.value
            this_one = update(jobs).where(jobs.c.id == row["id"], *unchanged)
            if connection.execute(this_one.values(values)).rowcount == 0:
                return None
            job = _get(connection, row["id"])
        return self._mirrored(job)

    def adopt(self, job: Job, owner: str, lease: timedelta) -> Job:
        """Take over a running job from who had it; its process and run folder stay.

        Raises:
            LeaseLost: when the row has moved on since ``job`` was read.
        """
        values = {"token": job.token + 1, **self._lease(owner, lease)}
        return self._change(job.id, job.token, values)

    def process_started(self, job_id: str, token: int, *, pid: int, started_at: float) -> Job:
        return self._change(job_id, token, {"pid": pid, "pid_started_at": started_at})

    def heartbeat(self, job_id: str, token: int, owner: str, lease: timedelta, **news: Any) -> Job:
        """Hold the lease for longer and write what is new (progress, message, epoch …).

        Returns the row, so that the caller sees ``cancel_requested``.
        """
        with self._database.write() as connection:
            job = _held(connection, job_id, token)
            if job.cancel_requested:
                news.pop("message", None)  # it says that the job is being cancelled
            job = _set(connection, job_id, self._lease(owner, lease) | news)
        return self._mirrored(job) if news else job

    def release(self, job_id: str, token: int) -> Job:
        """Let go of a running job whose process goes on: whoever comes next may adopt it."""
        return self._change(job_id, token, {"lease_owner": None, "lease_expires_at": self._clock()})

    def finish(self, job_id: str, token: int, model_name: str) -> Job:
        """Name the model; a job that was cancelled in the meantime ends cancelled instead."""
        values = self._ending(JobStatus.COMPLETED, message="Completed")
        values |= {"model_name": model_name, "progress": 100}
        return self._end(job_id, token, values)

    def fail(self, job_id: str, token: int, message: str, *, crashed: bool = False) -> Job:
        """End it without a model; ``message`` says why."""
        values = self._ending(JobStatus.FAILED, message=message)
        return self._end(job_id, token, values | _crash(crashed))

    def cancelled(self, job_id: str, token: int) -> Job:
        return self._end(job_id, token, self._ending(JobStatus.CANCELLED))

    def requeue(self, job_id: str, token: int, message: str, *, crashed: bool) -> Job:
        """Put a running job back to its place in the queue, which is by age."""
        values = {
            "status": JobStatus.QUEUED.value,
            "message": message,
            **_NOBODY,
        }
        return self._end(job_id, token, values | _crash(crashed))

    # --- how ---------------------------------------------------------------------------------

    def _with_status(self, status: JobStatus) -> list[Job]:
        query = (
            select(jobs).where(jobs.c.status == status.value).order_by(jobs.c.created_at, jobs.c.id)
        )
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]

    def _change(self, job_id: str, token: int, values: dict[str, Any]) -> Job:
        with self._database.write() as connection:
            _held(connection, job_id, token)
            job = _set(connection, job_id, values)
        return self._mirrored(job)

    def _end(self, job_id: str, token: int, values: dict[str, Any]) -> Job:
        with self._database.write() as connection:
            if _held(connection, job_id, token).cancel_requested:
                values = self._ending(JobStatus.CANCELLED)
            job = _set(connection, job_id, values)
        return self._mirrored(job)

    def _lease(self, owner: str, lease: timedelta) -> dict[str, Any]:
        return {"lease_owner": owner, "lease_expires_at": self._clock() + lease}

    def _ending(self, status: JobStatus, message: str = CANCELLED_MESSAGE) -> dict[str, Any]:
        return {
            "status": status.value,
            "message": message,
            "completed_at": self._clock(),
            **_NOBODY,
        }

    def _mirrored(self, job: Job) -> Job:
        """``job`` as its own transaction left it: the row may have moved on since."""
        if self._mirror is not None:
            self._mirror(lambda: self.get(job.id))
        return job


_NOBODY: dict[str, Any] = {
    "lease_owner": None,
    "lease_expires_at": None,
    "pid": None,
    "pid_started_at": None,
    "seconds_left": None,
}


def _crash(crashed: bool) -> dict[str, Any]:
    return {"crashes": jobs.c.crashes + 1} if crashed else {}


def _get(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        raise NotFound(f"There is no job {job_id!r}.")
    return _job(row)


def _set(connection: Connection, job_id: str, values: dict[str, Any]) -> Job:
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))
    return _get(connection, job_id)


def _held(connection: Connection, job_id: str, token: int) -> Job:
    """The row, locked until the transaction ends, if ``token`` still rules it."""
    query = select(jobs).where(jobs.c.id == job_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if (
        row is None
        or row["token"] != token
        or JobStatus(row["status"]) in FINAL | {JobStatus.QUEUED}
    ):
        raise LeaseLost(f"Job {job_id} has moved on; token {token} no longer rules it.")
    return _job(row)


def _job(row: RowMapping) -> Job:
    values = dict(row)
    values["request"] = TrainingRequest(**values["request"])
    values["status"] = JobStatus(values["status"])
    return Job(**values)
