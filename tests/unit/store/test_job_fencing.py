"""However claims, takeovers, writes, expiries and wishes interleave: a stale token never writes, a
job ends in one state unless a person takes it up again, and its model is named at most once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from server.domain.errors import Conflict, LeaseLost
from server.domain.job import TRANSITIONS, Job, JobStatus, Priority
from server.domain.job_history import JobChange
from server.domain.training_request import TrainingRequest
from server.store.database import Database
from server.store.jobs import JobRepository

LEASE = timedelta(seconds=30)
SLOTS = {"cpu": 2, "cuda:0": 1}

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


@cache
def _empty_database() -> bytes:
    """A migrated one, made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{path.as_posix()}")
        database.migrate()
        database.close()
        return path.read_bytes()


class Workers(RuleBasedStateMachine):
    """Several workers, each with what it once read of a job; the test knows who holds it."""

    held = Bundle("held")

    @initialize(target=held)
    def open(self) -> object:
        """Three jobs, two of them claimed."""
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "jobs.db"
        path.write_bytes(_empty_database())
        self.database = Database(f"sqlite:///{path.as_posix()}")
        self.now = datetime(2025, 12, 3, tzinfo=UTC)
        self.repository = JobRepository(self.database, clock=lambda: self.now)
        self.before: dict[str, Job] = {}
        self.lines: dict[str, list[JobChange]] = {}
        self.reopened: set[str] = set()
        self.published: dict[str, str] = {}
        for priority in Priority:
            self._ask(priority)
        return multiple(*filter(None, (self._claim() for _ in range(2))))

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @rule(priority=st.sampled_from(Priority))
    def ask(self, priority: Priority) -> None:
        self._ask(priority)

    def _ask(self, priority: Priority) -> None:
        job = self.repository.add(
            TrainingRequest("d"), weights_sentence=None, owner="ada", priority=priority
        )
        assert job.status is JobStatus.QUEUED

    @rule(target=held)
    def claim(self) -> object:
        claimed = self._claim()
        return multiple() if claimed is None else claimed

    def _claim(self) -> Job | None:
        waiting = self.repository.queue()
        running = [each.device for each in self.repository.running()]
        job = self.repository.claim_next("w", LEASE, SLOTS)
        if job is None:
            assert waiting == [] or len(running) == sum(SLOTS.values())
            return None
        assert job.id == waiting[0].id
        assert all(
            (-each.priority, each.created_at) >= (-job.priority, job.created_at) for each in waiting
        )
        assert running.count(job.device) < SLOTS[str(job.device)]
        assert job.token == waiting[0].token + 1
        assert job.attempt == waiting[0].attempt + 1
        assert job.run_dir == f"{job.id}/run-{job.token}"
        return job

    @rule(target=held, job=held, name=st.sampled_from(sorted(WRITES)))
    def write_once_more(self, job: Job, name: str) -> object:
        return self._write(job, name)

    @rule(target=held, job=held, name=st.sampled_from(sorted(WRITES)))
    def write(self, job: Job, name: str) -> object:
        return self._write(job, name)

    def _write(self, job: Job, name: str) -> object:
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

    @rule(target=held, seconds=st.sampled_from([1, 31]))
    def reap(self, seconds: int) -> object:
        """Whoever finds an expired lease takes over; the holder before has lost its say."""
        self.now += timedelta(seconds=seconds)
        expired = [
            job
            for job in self.repository.running()
            if job.lease_expires_at is not None and job.lease_expires_at <= self.now
        ]
        return multiple(*(self.repository.adopt(job, "reaper", LEASE) for job in expired))

    @rule(job=held, wish=st.sampled_from(["stop", "retry", "resume", "cancel"]))
    def ask_for(self, job: Job, wish: str) -> None:
        if wish == "stop":
            self._stop_early(job)
        elif wish == "cancel":
            self._cancel(job)
        else:
            self._take_up_again(job, wish == "retry")

    def _stop_early(self, job: Job) -> None:
        now = self.repository.get(job.id)
        if now.status is not JobStatus.RUNNING or now.cancel_requested:
            with pytest.raises(Conflict):
                self.repository.request_stop(job.id)
            return
        assert self.repository.request_stop(job.id).stop_requested

    def _take_up_again(self, job: Job, anew: bool) -> None:
        now = self.repository.get(job.id)
        ask = self.repository.retry if anew else lambda each: self.repository.resume(each, 3)
        if now.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
            with pytest.raises(Conflict):
                ask(job.id)
            return
        self.reopened.add(job.id)
        again = ask(job.id)
        assert (again.status, again.crashes) == (JobStatus.QUEUED, 0)
        assert not again.cancel_requested
        assert not again.stop_requested
        assert (again.begins_at == again.token + 1) if anew else again.begins_at == now.begins_at

    @rule(place=st.integers(0, 2), priority=st.sampled_from(Priority))
    def change_priority(self, place: int, priority: Priority) -> None:
        for job in self.repository.queue()[place : place + 1]:
            assert self.repository.set_priority(job.id, priority).priority is priority
        for job in self.repository.running():
            with pytest.raises(Conflict):
                self.repository.set_priority(job.id, priority)

    def _cancel(self, job: Job) -> None:
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
            if before.is_final and job.id not in self.reopened:
                assert job == before
            if before.status is JobStatus.COMPLETED:
                assert job == before
            if before.cancel_requested and job.id not in self.reopened:
                assert job.status in (JobStatus.RUNNING, JobStatus.CANCELLED)
            if job.model_name is not None:
                assert self.published.setdefault(job.id, job.model_name) == job.model_name
            assert (job.lease_owner is None) or job.status is JobStatus.RUNNING
            self._check_history(job, before)
            assert (job.model_name is not None) == (job.status is JobStatus.COMPLETED)
            assert (job.progress == 100) <= (job.status is JobStatus.COMPLETED)
            self.before[job.id] = job
        self.reopened.clear()

    def _check_history(self, job: Job, before: Job) -> None:
        """Lines are only added, and lead without a gap from the first state to the present one."""
        lines = self.repository.history(job.id)
        known = self.lines.get(job.id, [])
        assert lines[: len(known)] == known
        assert lines[0].before is None
        assert all(one.after is two.before for one, two in pairwise(lines))
        assert lines[-1].after is job.status
        assert all(one.token <= two.token for one, two in pairwise(lines))
        if job.status is not before.status:
            assert len(lines) > len(known)
        self.lines[job.id] = lines


Workers.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFencing = Workers.TestCase
