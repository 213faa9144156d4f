"""However claims, takeovers, writes and cancels interleave, a stale token never writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from server.domain.errors import Conflict, LeaseLost
from server.domain.job import TRANSITIONS, Job, JobStatus
from server.domain.training_request import TrainingRequest
from server.store.database import Database
from server.store.jobs import JobRepository

LEASE = timedelta(seconds=30)

Write = Callable[[JobRepository, Job], Job]
WRITES: dict[str, Write] = {
    "heartbeat": lambda r, j: r.heartbeat(
        j.id, j.token, "w", LEASE, progress=min(j.token, 99), message="?"
    ),
    "process_started": lambda r, j: r.process_started(j.id, j.token, pid=j.token, started_at=1.0),
    "release": lambda r, j: r.release(j.id, j.token),
    "finish": lambda r, j: r.finish(j.id, j.token, f"derma_{j.token}"),
    "fail": lambda r, j: r.fail(j.id, j.token, "why"),
    "cancelled": lambda r, j: r.cancelled(j.id, j.token),
    "requeue": lambda r, j: r.requeue(j.id, j.token, "again", crashed=True),
    "adopt": lambda r, j: r.adopt(j, "other", LEASE),
}


class Workers(RuleBasedStateMachine):
    """Several workers, each with what it once read of a job; the test knows who holds it."""

    held = Bundle("held")

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name).as_posix()}/jobs.db"
        self.database = Database(url)
        self.database.migrate()
        self.repository = JobRepository(self.database)
        self.before: dict[str, Job] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @rule()
    def ask(self) -> None:
        job = self.repository.add(TrainingRequest("d"), weights_sentence=None, owner="ada")
        assert job.status is JobStatus.QUEUED

    @rule(target=held)
    def claim(self) -> object:
        waiting = self.repository.queue()
        job = self.repository.claim_next("w", LEASE)
        if job is None:
            assert waiting == []
            return multiple()
        assert job.id == waiting[0].id
        assert job.token == waiting[0].token + 1
        assert job.attempt == waiting[0].attempt + 1
        assert job.run_dir == f"{job.id}/run-{job.token}"
        return job

    @rule(target=held, job=held, name=st.sampled_from(sorted(WRITES)))
    def write(self, job: Job, name: str) -> object:
        """With the newest token it is written, with any older one it is refused and no trace."""
        now = self.repository.get(job.id)
        if now.status is JobStatus.RUNNING and now.token == job.token:
            written = WRITES[name](self.repository, job)
            assert written == self.repository.get(job.id)
            return written
        with pytest.raises(LeaseLost):
            WRITES[name](self.repository, job)
        assert self.repository.get(job.id) == now
        return multiple()

    @rule(job=consumes(held))
    def cancel(self, job: Job) -> None:
        now = self.repository.get(job.id)
        if now.is_final:
            with pytest.raises(Conflict):
                self.repository.request_cancel(job.id)
            return
        asked = self.repository.request_cancel(job.id)
        waiting = now.status is JobStatus.QUEUED
        assert asked.status is (JobStatus.CANCELLED if waiting else JobStatus.RUNNING)

    @invariant()
    def every_step_is_one_of_the_state_machine(self) -> None:
        if not hasattr(self, "repository"):
            return
        for job in self.repository.newest_first():
            before = self.before.get(job.id, job)
            assert job.status is before.status or job.status in TRANSITIONS[before.status]
            assert job.token >= before.token
            assert job.crashes <= job.attempt
            if before.is_final:
                assert job == before
            if before.cancel_requested:
                assert job.status in (JobStatus.RUNNING, JobStatus.CANCELLED)
            assert (job.model_name is not None) == (job.status is JobStatus.COMPLETED)
            assert (job.progress == 100) <= (job.status is JobStatus.COMPLETED)
            self.before[job.id] = job


Workers.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFencing = Workers.TestCase
