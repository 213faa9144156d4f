"""The jobs table: claimed by compare-and-set, written only by who holds the newest token.

Every change is one short transaction, with its line in the history, and is mirrored into
``jobs/<job_id>.json`` after it. ``job_asking`` has what people ask for, ``job_reading`` what is
read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from server.domain.job import Job, JobStatus
from server.domain.job_history import server_in_words
from server.store import job_rows
from server.store.job_asking import (
    CANCELLED_MESSAGE,
    CANCELLING_MESSAGE,
    NOBODY,
    STOPPING_MESSAGE,
    WAITING_MESSAGE,
    JobAsking,
)
from server.store.job_reading import QUEUE_ORDER, utc_now
from server.store.tables import jobs

__all__ = [
    "CANCELLED_MESSAGE",
    "CANCELLING_MESSAGE",
    "STARTING_MESSAGE",
    "STOPPING_MESSAGE",
    "WAITING_MESSAGE",
    "JobRepository",
    "utc_now",
]

STARTING_MESSAGE = "Starting"


class JobRepository(JobAsking):
    """Reads and writes jobs; every write of a worker carries the token that it claimed with."""

    def claim_next(
        self, owner: str, lease: timedelta, slots: Mapping[str, int] | None = None
    ) -> Job | None:
        """Take the waiting job of the highest priority, the oldest of these.

        Args:
            owner: who will work on it, until when: ``lease`` from now.
            slots: how many jobs may run at once on each device; None = no limit.

        Returns:
            None when none waits, when every device is busy, or when another was quicker.
        """
        with self._database.write() as connection:
            queued = jobs.c.status == JobStatus.QUEUED.value
            first = select(jobs).where(queued).order_by(*QUEUE_ORDER).limit(1)
            row = connection.execute(first).mappings().first()
            if row is None:
                return None
            device = None if slots is None else _free_device(connection, slots)
            if slots is not None and device is None:
                return None
            waiting = job_rows.to_job(row)
            values = {
                "status": JobStatus.RUNNING.value,
                "token": waiting.token + 1,
                "attempt": waiting.attempt + 1,
                "message": waiting.message if waiting.attempt else STARTING_MESSAGE,
                "run_dir": f"{waiting.id}/run-{waiting.token + 1}",
                "started_at": waiting.started_at or self._clock(),
                "device": device,
                **self._lease(owner, lease),
            }
            unchanged = jobs.c.token == waiting.token, queued
            this_one = update(jobs).where(jobs.c.id == waiting.id, *unchanged)
            if connection.execute(this_one.values(values)).rowcount == 0:
                return None
            job = job_rows.find(connection, waiting.id)
            where = f" on {device}" if device else ""
            self._tell(connection, waiting, job, f"Started, attempt {job.attempt}{where}.")
        return self._mirrored(job)

    def adopt(self, job: Job, owner: str, lease: timedelta, why: str = "Nobody watched it.") -> Job:
        """Take over a running job from who had it; its process and run folder stay.

        Raises:
            LeaseLost: when the row has moved on since ``job`` was read.
        """
        values = {"token": job.token + 1, **self._lease(owner, lease)}
        return self._change(job.id, job.token, values, why=f"Taken over: {why}")

    def process_started(self, job_id: str, token: int, *, pid: int, started_at: float) -> Job:
        return self._change(job_id, token, {"pid": pid, "pid_started_at": started_at})

    def heartbeat(self, job_id: str, token: int, owner: str, lease: timedelta, **news: Any) -> Job:
        """Hold the lease for longer and write what is new (progress, message, epoch …).

        Returns the row, so that the caller sees ``cancel_requested``.
        """
        with self._database.write() as connection:
            job = job_rows.held(connection, job_id, token)
            if job.cancel_requested:
                news.pop("message", None)  # it says that the job is being cancelled
            job = job_rows.write(connection, job_id, self._lease(owner, lease) | news)
        return self._mirrored(job) if news else job

    def release(self, job_id: str, token: int) -> Job:
        """Let go of a running job whose process goes on: whoever comes next may adopt it."""
        nobody = {"lease_owner": None, "lease_expires_at": self._clock()}
        why = "The server stopped; the training goes on and waits for the next server."
        return self._change(job_id, token, nobody, why=why)

    def finish(self, job_id: str, token: int, model_name: str, message: str = "Completed") -> Job:
        """Name the model; a job that was cancelled in the meantime ends cancelled instead."""
        values = self._ending(JobStatus.COMPLETED, message=message)
        return self._end(job_id, token, values | {"model_name": model_name, "progress": 100})

    def fail(self, job_id: str, token: int, message: str, *, crashed: bool = False) -> Job:
        """End it without a model; ``message`` says why."""
        values = self._ending(JobStatus.FAILED, message=message)
        return self._end(job_id, token, values | _crash(crashed))

    def cancelled(self, job_id: str, token: int) -> Job:
        return self._end(job_id, token, self._ending(JobStatus.CANCELLED))

    def requeue(self, job_id: str, token: int, message: str, *, crashed: bool) -> Job:
        """Put a running job back to its place in the queue, which is by priority and age."""
        values = {"status": JobStatus.QUEUED.value, "message": message, **NOBODY}
        return self._end(job_id, token, values | _crash(crashed))

    def put_back_running(self, why: str) -> None:
        """Put every running job back into the queue: its process is of another home or time."""
        for job in self.running():
            values = {"status": JobStatus.QUEUED.value, "message": why, **NOBODY}
            with self._database.write() as connection:
                now = job_rows.write(connection, job.id, values)
                at = self._clock()
                job_rows.tell(connection, now, job.status, who="the restore", why=why, at=at)

    def say_while_waiting(self, job_id: str, message: str) -> None:
        """Say why a queued job does not start, if it still waits."""
        with self._database.write() as connection:
            job = job_rows.locked(connection, job_id)
            if job.status is not JobStatus.QUEUED or job.message == message:
                return
            job_rows.write(connection, job_id, {"message": message})
        self._mirrored(job)

    def keep_room(self) -> None:
        """Let the database hold room for small changes on a full disk."""
        self._database.keep_room()

    # --- how ---------------------------------------------------------------------------------

    def _change(
        self, job_id: str, token: int, values: dict[str, Any], why: str | None = None
    ) -> Job:
        with self._database.write() as connection:
            before = job_rows.held(connection, job_id, token)
            job = job_rows.write(connection, job_id, values)
            if why is not None:
                self._tell(connection, before, job, why)
        return self._mirrored(job)

    def _end(self, job_id: str, token: int, values: dict[str, Any]) -> Job:
        with self._database.write() as connection:
            before = job_rows.held(connection, job_id, token)
            if before.cancel_requested:
                values = self._ending(JobStatus.CANCELLED)
            job = job_rows.write(connection, job_id, values)
            self._tell(connection, before, job, job.message)
        return self._mirrored(job)

    def _tell(self, connection: Connection, before: Job, now: Job, why: str) -> None:
        """A line in the history, by the server that holds the job or held it until now."""
        who = server_in_words(now.lease_owner or before.lease_owner)
        job_rows.tell(connection, now, before.status, who=who, why=why, at=self._clock())

    def _lease(self, owner: str, lease: timedelta) -> dict[str, Any]:
        return {"lease_owner": owner, "lease_expires_at": self._clock() + lease}


def _crash(crashed: bool) -> dict[str, Any]:
    return {"crashes": jobs.c.crashes + 1} if crashed else {}


def _free_device(connection: Connection, slots: Mapping[str, int]) -> str | None:
    """The first device with room for another job."""
    running = jobs.c.status == JobStatus.RUNNING.value
    query = select(jobs.c.device, func.count()).where(running).group_by(jobs.c.device)
    busy: dict[str | None, int] = {row[0]: row[1] for row in connection.execute(query)}
    unnamed = busy.get(None, 0)  # claimed by a version that named no device: on the first
    for place, (device, most) in enumerate(slots.items()):
        if busy.get(device, 0) + (unnamed if place == 0 else 0) < most:
            return device
    return None
