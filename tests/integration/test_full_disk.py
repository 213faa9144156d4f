"""A full disk makes a job wait and say so; nothing is lost, and it goes on when there is room."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.domain.errors import StorageFull
from server.domain.job import JobStatus
from server.domain.room import is_disk_full
from server.store.database import Database
from tests.integration.job_home import PATIENCE_SECONDS, JobHome
from tests.integration.job_server import JobServer
from tests.integration.small_disk import Hog, small_disk

COMPLETED, CANCELLED = JobStatus.COMPLETED, JobStatus.CANCELLED


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("full") / "disk", mebibytes=16) as made:
        yield made


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[JobServer]:
    """Everything that it has lies on the small disk: database, logs, jobs, models."""
    home = JobHome(disk / "home")
    made = JobServer(home)
    made.start()
    yield made
    made.close()
    home.close()


def _until(fact: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.05)


def _says_full(server: JobServer, job_id: str) -> bool:
    return str(server.status(job_id)["message"]).startswith("The disk is full")


@pytest.mark.fault(10, "disk full while a job saves", "it waits, and goes on when there is room")
def test_a_job_waits_for_room_says_so_and_goes_on_where_it_was(
    server: JobServer, disk: Path
) -> None:
    home = server.home
    home.dataset("heavy", epoch_seconds=0.2, checkpoint_bytes=500_000, model_times=50_000)
    job = home.repository.get(server.start_training("heavy", epochs=12))
    home.wait_for_epoch(job, 2)
    hog = Hog(disk)
    hog.eat()
    _until(lambda: _says_full(server, job.id))
    waiting = server.status(job.id)
    assert waiting["status"] == "running"
    assert "Free some space" in waiting["message"]
    (checkpoint,) = (home.jobs_dir / job.id).glob("run-1/checkpoint.json")
    assert json.loads(checkpoint.read_text())["epoch"] >= 2  # whole: the one before
    hog.leave()
    done = home.wait(job, COMPLETED)
    assert (done.attempt, done.crashes) == (1, 0)
    assert (home.models_dir / f"{done.model_name}.h5").stat().st_size == 12 * 50_000
    history = server.http.get(f"/api/job/{job.id}").json()["history"]
    assert [point["epoch"] for point in history] == list(range(1, 13))


def test_a_job_that_waits_for_room_can_be_cancelled(server: JobServer, disk: Path) -> None:
    home = server.home
    home.dataset("heavy", epoch_seconds=0.2, checkpoint_bytes=500_000)
    job = home.repository.get(server.start_training("heavy", epochs=1000))
    home.wait_for_epoch(job, 2)
    hog = Hog(disk)
    hog.eat()
    _until(lambda: _says_full(server, job.id))
    server.http.post(f"/api/job/{job.id}/cancel").raise_for_status()
    home.wait(job, CANCELLED)
    assert server.training() == []
    whys = [change.why for change in home.repository.history(job.id)]
    assert "Asked to cancel." in whys
    hog.leave()


def test_a_job_that_is_asked_for_waits_until_there_is_room_to_start(
    server: JobServer, disk: Path
) -> None:
    home = server.home
    home.dataset("light")
    server.start_training("light", epochs=1)
    hog = Hog(disk)
    hog.eat()
    job = home.repository.get(server.start_training("light", epochs=1))
    _until(lambda: _says_full(server, job.id))
    assert server.status(job.id)["status"] == "queued"
    hog.leave()
    assert home.wait(job, COMPLETED).attempt == 1


@pytest.mark.fault(
    10, "disk full under the database", "whole; small changes fit, large ones are refused"
)
def test_small_changes_fit_into_the_database_when_the_disk_is_full_and_large_ones_are_refused(
    disk: Path,
) -> None:
    database = Database(f"sqlite:///{(disk / 'a.db').as_posix()}")
    database.migrate()
    hog = Hog(disk)
    hog.eat()
    statement = "INSERT INTO accounts (name, name_key, password_hash, role, created_at)"
    for number in range(50):
        with database.write() as connection:
            connection.exec_driver_sql(
                f"{statement} VALUES (?, ?, 'x', 'admin', '2025-01-01')", (f"{number}", f"{number}")
            )
    with pytest.raises(StorageFull, match="free some space"), database.write() as connection:
        connection.exec_driver_sql(
            f"{statement} VALUES ('big', 'big', zeroblob(8000000), 'admin', '2025-01-01')"
        )
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM accounts").scalar() == 50
    database.close()
    hog.leave()


def test_a_full_disk_is_known_by_its_number_its_words_and_its_cause() -> None:
    assert is_disk_full(OSError(28, "No space left on device"))
    wrapped = RuntimeError("unexpected pos")
    wrapped.__cause__ = OSError(122, "Disk quota exceeded")
    assert is_disk_full(wrapped)
    assert is_disk_full(OSError("Can't write data (… error message = 'No space left on device')"))
    assert not is_disk_full(OSError(2, "No such file"))
    assert not is_disk_full(None)
