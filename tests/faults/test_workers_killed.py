"""Workers die by kill -9 while many jobs wait: none is lost, none is finished twice."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from server.domain.job import MAX_ATTEMPTS, Job, JobStatus
from server.runner.process import training_processes
from tests.faults.rows import Count, Measured, Within
from tests.integration.job_home import PATIENCE_SECONDS, JobHome
from tests.integration.job_server import JobServer

_RECOVERED_SECONDS = 45
_SERVER_DIES_EVERY = 5
"""Of so many kills one meets the server itself; the others a training process."""


@pytest.mark.fault(
    1,
    "500 jobs, workers killed with -9 100 times",
    "none lost, none finished twice, recovery within 45 s",
)
def test_no_job_is_lost_or_finished_twice_when_workers_are_killed(
    job_server: JobServer, count: Count, measured: Measured, within: Within
) -> None:
    home, chance = job_server.home, random.Random(1)
    home.dataset("good", epoch_seconds=0.1, look_seconds=0.1)
    job_server.start()
    jobs = [job_server.start_training("good", epochs=4) for _ in range(count(6, 500))]
    kills, slowest = 0, 0.0
    crashed: Counter[str] = Counter()
    while kills < count(3, 100):
        victim = _victim(home, crashed)
        server_dies = kills % _SERVER_DIES_EVERY == _SERVER_DIES_EVERY - 2
        if server_dies:
            job_server.kill_9()
        elif not _kill_training(home, victim):
            continue  # it was quicker
        kills += 1
        crashed[victim.id] += not server_dies
        began = time.monotonic()
        if server_dies:
            time.sleep(chance.uniform(0, 1.5))  # the run may have noticed, or may be taken over
            job_server.start()
        _wait_until_it_goes_on(home, victim)
        slowest = max(slowest, time.monotonic() - began)
    _wait_until_all_have_ended(home, jobs)
    ended = [home.repository.get(job) for job in jobs]
    assert Counter(job.status for job in ended) == {JobStatus.COMPLETED: len(jobs)}
    assert len({job.model_name for job in ended}) == len(jobs)
    models = [name for name in home.models() if name.endswith(".h5")]
    assert sorted(models) == sorted(f"{job.model_name}.h5" for job in ended)
    within(slowest, _RECOVERED_SECONDS)
    measured(
        f"{len(jobs)} jobs, {kills} kills: all completed once; slowest recovery {slowest:.1f} s"
    )


def _victim(home: JobHome, crashed: Counter[str]) -> Job:
    """A running job that a crash more would not end for good."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        for job in home.repository.running():
            if job.pid is not None and crashed[job.id] < MAX_ATTEMPTS - 1:
                return job
        time.sleep(0.01)
    raise AssertionError("no job is running any more")


def _kill_training(home: JobHome, victim: Job) -> bool:
    found = [
        process
        for run, process in training_processes(home.jobs_dir).items()
        if run.startswith(f"{victim.id}/")
    ]
    for process in found:
        process.end(0)
    return bool(found)


def _wait_until_it_goes_on(home: JobHome, victim: Job) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        now = home.repository.get(victim.id)
        if now.is_final or (now.token > victim.token and now.pid is not None):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody took up {home.repository.get(victim.id)}")


def _wait_until_all_have_ended(home: JobHome, jobs: list[str]) -> None:
    left, give_up = len(jobs), time.monotonic() + PATIENCE_SECONDS
    while left:
        now = sum(not home.repository.get(job).is_final for job in jobs)
        if now < left:
            left, give_up = now, time.monotonic() + PATIENCE_SECONDS
        assert time.monotonic() < give_up, f"{left} jobs never ended"
        time.sleep(0.1)
