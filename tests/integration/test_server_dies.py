"""A run outlives its server: killed, stopped or reloaded, nothing is lost, doubled or orphaned."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from server.domain.job import JobStatus
from tests.integration.job_home import PATIENCE_SECONDS, JobHome
from tests.integration.job_server import JobServer

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def server(home: JobHome) -> Iterator[JobServer]:
    made = JobServer(home)
    yield made
    made.close()


def _until(fact: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.05)


def _adopted_more_often(server: JobServer, job_id: str, times: int) -> bool:
    return server.home.repository.get(job_id).token > times


def test_after_kill_9_no_orphan_trains_on_and_the_next_server_goes_on(server: JobServer) -> None:
    home = server.home
    home.dataset("long", epoch_seconds=0.2, look_seconds=0.1)
    server.start()
    job = home.repository.get(server.start_training("long", epochs=12))
    home.wait_for_epoch(job, 2)
    server.kill_9()
    _until(lambda: not server.training())
    assert home.models() == []
    assert home.repository.get(job.id).status is JobStatus.RUNNING

    server.start()
    done = home.wait(job, JobStatus.COMPLETED)
    assert (done.attempt, done.crashes) == (2, 0)
    assert "Going on from epoch" in home.log(job)
    assert "after the server stopped." in home.log(job)
    history = server.http.get(f"/api/job/{job.id}").json()["history"]
    assert [point["epoch"] for point in history] == list(range(1, 13))
    assert len([name for name in home.models() if name.endswith(".h5")]) == 1


def test_a_server_killed_before_the_first_epoch_starts_again_and_says_so(
    server: JobServer,
) -> None:
    home = server.home
    home.dataset("slow", epoch_seconds=2.0, look_seconds=0.05)
    server.start()
    job = home.repository.get(server.start_training("slow", epochs=1))
    _until(server.training)
    server.kill_9()
    _until(lambda: not server.training())
    server.start()
    home.wait(job, JobStatus.COMPLETED)
    assert "Starting again after the server stopped: no epoch was finished." in home.log(job)


def test_a_server_that_is_back_at_once_adopts_the_living_run(server: JobServer) -> None:
    home = server.home
    home.dataset("long", epoch_seconds=0.2)
    server.start()
    job = home.repository.get(server.start_training("long", epochs=25))
    home.wait_for_epoch(job, 1)
    (before,) = server.training()
    server.kill_9()
    server.start()
    _until(lambda: home.repository.get(job.id).token > 1)
    (after,) = server.training()
    assert after.pid == before.pid
    assert home.wait(job, JobStatus.COMPLETED).attempt == 1


@posix_only
def test_a_stop_ends_open_streams_leaves_the_run_alone_and_the_next_server_adopts_it(
    server: JobServer,
) -> None:
    home = server.home
    home.dataset("long", epoch_seconds=0.2)
    server.start()
    job = home.repository.get(server.start_training("long", epochs=25))
    home.wait_for_epoch(job, 1)
    (before,) = server.training()
    with server.http.stream("GET", f"/api/job/{job.id}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        server.terminate()
        assert "event: end" not in list(lines)
    assert home.repository.get(job.id).lease_owner is None
    (after,) = server.training()
    assert after.pid == before.pid
    server.start()
    assert home.wait(job, JobStatus.COMPLETED).attempt == 1


@posix_only
def test_a_reload_neither_kills_nor_doubles_a_run_and_nothing_outlives_the_reloader(
    server: JobServer, tmp_path: Path
) -> None:
    home = server.home
    home.dataset("long", epoch_seconds=0.2)
    watched = tmp_path / "code"
    watched.mkdir()
    edited = watched / "edited.py"
    edited.touch()
    server.start("--reload", "--reload-dir", str(watched))
    job = home.repository.get(server.start_training("long", epochs=60))
    home.wait_for_epoch(job, 1)
    (before,) = server.training()
    for round_ in (1, 2):
        edited.write_text(f"# {round_}", encoding="utf-8")
        _until(partial(_adopted_more_often, server, job.id, round_))
        server.wait_until_it_answers()
        assert [each.pid for each in server.training()] == [before.pid]

    assert server.process is not None
    family = psutil.Process(server.process.pid).children(recursive=True)
    servers = [each for each in family if each.pid != before.pid]
    server.kill_9()
    _, alive = psutil.wait_procs(servers, timeout=PATIENCE_SECONDS)
    assert alive == [each for each in alive if each.status() == psutil.STATUS_ZOMBIE]
    server.start()
    done = home.wait(job, JobStatus.COMPLETED)
    assert done.attempt == 1


def test_of_two_servers_over_one_home_one_takes_over_when_the_other_dies(
    server: JobServer,
) -> None:
    home = server.home
    home.dataset("long", epoch_seconds=0.1)
    second = JobServer(home)
    try:
        server.start()
        second.start()
        job = home.repository.get(second.start_training("long", epochs=40))
        home.wait_for_epoch(job, 1)
        assert len(server.training()) == 1
        holder, other = (server, second) if _holds(server, job.id) else (second, server)
        holder.kill_9()
        assert home.wait(job, JobStatus.COMPLETED).attempt == 1
        assert any("is gone" in change.why for change in home.repository.history(job.id))
        assert other.http.get(f"/api/job/{job.id}").json()["status"] == "completed"
    finally:
        second.close()


def _holds(server: JobServer, job_id: str) -> bool:
    owner = str(server.home.repository.get(job_id).lease_owner)
    return server.process is not None and f":{server.process.pid}:" in owner
