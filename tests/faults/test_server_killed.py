"""The server dies by kill -9 while jobs run: no process trains on without it, and none is lost."""

from __future__ import annotations

import time

import pytest

from server.domain.job import JobStatus
from tests.faults.rows import Count, Measured, Within
from tests.integration.job_home import PATIENCE_SECONDS
from tests.integration.job_server import JobServer

_NO_ORPHAN_SECONDS = 10
_EPOCH_SECONDS = 0.25


@pytest.mark.fault(
    3, "the API killed with -9 in the middle of jobs", "no orphan process after 10 s, no job lost"
)
def test_no_process_trains_on_when_its_server_was_killed(
    job_server: JobServer, count: Count, measured: Measured, within: Within
) -> None:
    home, kills, slowest = job_server.home, count(1, 10), 0.0
    home.dataset("long", epoch_seconds=_EPOCH_SECONDS)
    job_server.start()
    # more epochs than those left alone can finish: each process is really ended
    epochs = round(2 * (kills + 1) * _NO_ORPHAN_SECONDS / _EPOCH_SECONDS)
    job = home.repository.get(job_server.start_training("long", epochs=epochs))
    for _ in range(kills):
        home.wait_for_epoch(job, home.repository.get(job.id).epoch + 1)
        job_server.kill_9()
        began = time.monotonic()
        while job_server.training():
            assert time.monotonic() - began < PATIENCE_SECONDS
            time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - began)
        job_server.start()
    home.wait(job, JobStatus.RUNNING)
    assert job_server.http.post(f"/api/job/{job.id}/stop").status_code == 200
    done = home.wait(job, JobStatus.COMPLETED)
    assert done.crashes == 0
    assert len([name for name in home.models() if name.endswith(".h5")]) == 1
    within(slowest, _NO_ORPHAN_SECONDS)
    measured(f"{kills} kills; the last process was gone after at most {slowest:.1f} s")
