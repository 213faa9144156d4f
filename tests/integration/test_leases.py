"""A dead or frozen worker is noticed, the work goes on, and who comes back writes nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from server.domain.job import JobStatus
from server.runner.owners import is_gone, own_name
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer

COMPLETED = JobStatus.COMPLETED
LEASE_SECONDS = 3.0
_SHORT_SECONDS = 2.0

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def servers(home: JobHome) -> Iterator[tuple[JobServer, JobServer]]:
    """Two over one home."""
    both = (
        JobServer(home, lease_seconds=_SHORT_SECONDS),
        JobServer(home, lease_seconds=_SHORT_SECONDS),
    )
    yield both
    for server in both:
        if server.process is not None and server.process.poll() is None:
            os.kill(server.process.pid, signal.SIGCONT)
        server.close()


def _models(home: JobHome) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.models_dir.iterdir()}


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.fault(
    2, "a training process stopped past its lease", "ended; the job goes on from its checkpoint"
)
@posix_only
def test_a_frozen_training_process_is_ended_and_the_job_goes_on_from_its_checkpoint(
    home: JobHome,
) -> None:
    home.dataset("long", epoch_seconds=0.2, look_seconds=0.1)
    job = home.add("long", epochs=6)
    home.engine(lease_seconds=LEASE_SECONDS)
    running = home.wait_for_epoch(job, 2)
    assert running.pid is not None
    frozen = psutil.Process(running.pid)
    frozen.suspend()
    done = home.wait(job, COMPLETED)
    assert (done.attempt, done.crashes) == (2, 1)
    assert _is_gone(frozen)
    assert "gave no sign of life for 3 seconds" in home.log(job)
    assert "Going on from epoch" in home.log(job)


@pytest.mark.fault(2, "a server stopped past its lease, then continued", "no stale write")
@posix_only
@pytest.mark.parametrize("training_too", [False, True], ids=["the server", "and its training"])
def test_a_frozen_server_loses_its_job_to_another_and_writes_nothing_when_it_comes_back(
    home: JobHome, servers: tuple[JobServer, JobServer], training_too: bool
) -> None:
    first, second = servers
    home.dataset("long", epoch_seconds=0.2, look_seconds=0.1)
    first.start()
    job = home.repository.get(first.start_training("long", epochs=10))
    before = home.wait_for_epoch(job, 2)
    assert first.process is not None
    assert before.pid is not None
    frozen_training = psutil.Process(before.pid)
    if training_too:
        frozen_training.suspend()
    first.freeze()
    second.start()
    done = home.wait(job, COMPLETED)
    assert (done.attempt, done.crashes) == (2, 0)
    assert done.token > before.token
    assert _is_gone(frozen_training)

    second.terminate()  # all that it had to write is written
    row, history, models = done, home.repository.history(job.id), _models(home)
    mirror = (home.jobs_dir / f"{job.id}.json").read_bytes()
    log = home.log(job)
    os.kill(first.process.pid, signal.SIGCONT)
    first.wait_until_it_answers()
    # it works again: it notices that it has lost the job, and does another one
    later = home.repository.get(first.start_training("long", epochs=1))
    home.wait(later, COMPLETED)
    assert home.repository.get(job.id) == row
    assert home.repository.history(job.id) == history
    assert (home.jobs_dir / f"{job.id}.json").read_bytes() == mirror
    assert home.log(job) == log
    assert {name: content for name, content in _models(home).items() if name in models} == models
    assert any("lease" in change.why for change in history)


def test_a_job_whose_lease_is_good_is_left_to_who_holds_it(home: JobHome) -> None:
    home.dataset("good")
    held = home.add("good")
    claimed = home.repository.claim_next("far-away:1:1:aaaaaa", timedelta(hours=1))
    assert claimed is not None
    home.engine(max_running=2)
    home.wait(home.add("good"), COMPLETED)
    assert home.repository.get(held.id) == claimed


def test_an_owner_is_gone_only_when_that_is_certain(tmp_path: Path) -> None:
    own = own_name()
    computer, pid, started, _ = own.split(":")
    assert not is_gone(own)
    assert own != own_name()
    assert is_gone(f"{computer}:{pid}:{int(started) - 1000}:000000")  # the number was given away
    assert is_gone(f"{computer}:{2**22 + 1}:{started}:000000")
    assert not is_gone(f"elsewhere:{2**22 + 1}:{started}:000000")
    assert not is_gone("nonsense")
    assert not is_gone(f"{computer}:x:y:z")
