"""The history of a job can be added to and not be changed; an older database keeps its jobs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from server.domain.job import JobStatus, Priority
from server.domain.job_history import server_in_words
from server.domain.training_request import TrainingRequest
from server.store import migrations
from server.store.database import Database
from server.store.jobs import JobRepository

OLD_JOB = """
INSERT INTO jobs (id, request, status, progress, message, epoch, attempt, crashes, token,
                  cancel_requested, owner, created_at, completed_at)
VALUES (?, '{"dataset_name": "HAM10000"}', ?, 40, ?, 3, 1, 0, 2, 0, 'ada', '2025-12-03', ?)
"""


def _database(path: Path) -> Database:
    return Database(f"sqlite:///{path.as_posix()}")


@pytest.mark.parametrize(
    "statement", ["UPDATE job_history SET who = 'x'", "DELETE FROM job_history"]
)
def test_a_line_of_the_history_cannot_be_changed_or_removed(tmp_path: Path, statement: str) -> None:
    database = _database(tmp_path / "a.db")
    database.migrate()
    repository = JobRepository(database)
    job = repository.add(TrainingRequest("d"), weights_sentence=None, owner="ada")
    before = repository.history(job.id)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.exec_driver_sql(statement)
    assert repository.history(job.id) == before
    database.close()


def test_every_line_says_who_when_and_why(tmp_path: Path) -> None:
    database = _database(tmp_path / "a.db")
    database.migrate()
    repository = JobRepository(database)
    job = repository.add(TrainingRequest("d"), weights_sentence=None, owner="ada")
    claimed = repository.claim_next("lab:7:1:abcdef", timedelta(seconds=30), {"cpu": 1})
    assert claimed is not None
    repository.request_stop(job.id, "grace")
    repository.requeue(job.id, claimed.token, "Going on from epoch 3.", crashed=True)
    repository.request_cancel(job.id, "grace")
    repository.retry(job.id, "ada")
    database.close()
    told = [(each.who, each.after.value, each.why) for each in repository.history(job.id)]
    assert told == [
        ("ada", "queued", "Asked for."),
        ("server lab, process 7", "running", "Started, attempt 1 on cpu."),
        ("grace", "running", "Asked to stop early and keep the best."),
        ("server lab, process 7", "queued", "Going on from epoch 3."),
        ("grace", "cancelled", "Cancelled while it waited."),
        ("ada", "queued", "Starting again from the beginning, as asked."),
    ]
    assert server_in_words(None) == "the server"


def test_a_database_of_the_first_version_opens_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = _database(path)
    config = Config()
    config.set_main_option("script_location", Path(migrations.__file__).parent.as_posix())
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with closing(sqlite3.connect(path)) as old, old:
        old.execute(OLD_JOB, ("aaaaaaaa", "queued", "Waiting for its turn", None))
        old.execute(OLD_JOB, ("bbbbbbbb", "failed", "No images found!", "2025-12-04"))
    database.migrate()
    repository = JobRepository(database)
    waiting, failed = repository.get("aaaaaaaa"), repository.get("bbbbbbbb")
    assert (waiting.status, waiting.priority) == (JobStatus.QUEUED, Priority.NORMAL)
    assert (waiting.epoch, waiting.token, waiting.owner) == (3, 2, "ada")
    assert not waiting.stop_requested
    assert [each.why for each in repository.history(waiting.id)] == ["Asked for."]
    whys = [each.why for each in repository.history(failed.id)]
    assert whys == ["Asked for.", "No images found!"]
    claimed = repository.claim_next("w", timedelta(seconds=30))
    assert claimed is not None
    assert claimed.token == 3
    database.close()
