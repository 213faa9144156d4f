"""Jobs that crash for ever, take longer than any time-out, or do not want to be cancelled."""

from __future__ import annotations

import time

import psutil
import pytest

from server.domain.job import MAX_ATTEMPTS, JobStatus
from tests.faults.rows import Count, Measured, Within
from tests.integration.job_home import PATIENCE_SECONDS, JobHome

_GONE_SECONDS = 10


@pytest.mark.fault(4, "a job that outlasts every time-out", "runs once")
def test_a_job_that_outlasts_every_lease_runs_once(
    home: JobHome, count: Count, measured: Measured
) -> None:
    lease, leases = 1.0, count(3, 60)
    home.engine(lease_seconds=lease)
    home.dataset("long", epoch_seconds=lease * leases / 4)
    job = home.add("long", epochs=4)
    done = home.wait(job, JobStatus.COMPLETED, patience=lease * leases + PATIENCE_SECONDS)
    assert (done.attempt, done.crashes, done.token) == (1, 0, 1)
    assert home.log(job).count("training from epoch") == 1
    measured(f"a job of {leases} leases of {lease:.0f} s: 1 attempt")


@pytest.mark.fault(6, "a job that always crashes", "exactly 3 attempts, the others unharmed")
def test_jobs_that_always_crash_are_tried_three_times_and_harm_no_other(
    home: JobHome, count: Count, measured: Measured
) -> None:
    home.dataset("good")
    pairs = []
    for number in range(count(2, 20)):
        broken = home.dataset(f"broken{number}", crash_in_epoch=1 + number % 2)
        pairs.append((broken, home.add(broken.name), home.add("good")))
    home.engine(max_running=2)
    for broken, bad, good in pairs:
        failed = home.wait(bad, JobStatus.FAILED, patience=len(pairs) * PATIENCE_SECONDS)
        assert (broken / "crashes").read_text() == str(MAX_ATTEMPTS)
        assert failed.attempt == failed.crashes == MAX_ATTEMPTS
        assert "the tiny program met a bug" in failed.message
        done = home.wait(good, JobStatus.COMPLETED, patience=len(pairs) * PATIENCE_SECONDS)
        assert done.attempt == 1
    measured(f"{len(pairs)} such jobs: {MAX_ATTEMPTS} attempts each; {len(pairs)} others completed")


@pytest.mark.fault(7, "cancel, 100 times", "process group gone within 10 s, every time")
def test_cancelling_ends_the_whole_process_group_every_time(
    home: JobHome, count: Count, measured: Measured, within: Within
) -> None:
    slowest, times = 0.0, count(4, 100)
    home.engine()
    for number in range(times):
        deaf = number % 2 == 1  # to the polite signal
        folder = home.dataset(f"long{number}", epoch_seconds=0.05, grandchild=True, deaf=deaf)
        job = home.add(folder.name, epochs=1000)
        pid = home.wait_for_epoch(job, 1).pid
        family = [pid, int((folder / "grandchild.pid").read_text())]
        began = time.monotonic()
        home.repository.request_cancel(job.id)
        while any(_alive(each) for each in family):
            assert time.monotonic() - began < PATIENCE_SECONDS
            time.sleep(0.01)
        slowest = max(slowest, time.monotonic() - began)
        home.wait(job, JobStatus.CANCELLED)
    assert home.models() == []
    within(slowest, _GONE_SECONDS)
    measured(f"{times} of {times}; the slowest took {slowest:.1f} s")


def _alive(pid: int | None) -> bool:
    assert pid is not None
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
