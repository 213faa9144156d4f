"""What the jobs table promises beside fencing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.domain.errors import NotFound
from server.domain.job import JobStatus
from server.domain.training_request import TrainingRequest
from server.store.database import Database
from server.store.job_mirror import JobMirror, status_fields
from server.store.jobs import JobRepository

LEASE = timedelta(seconds=30)
DOCUMENT_FIELDS = [
    "job_id",
    "status",
    "progress",
    "message",
    "created_at",
    "started_at",
    "completed_at",
    "model_path",
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{(tmp_path / 'jobs.db').as_posix()}")
    made.migrate()
    yield made
    made.close()


def _ask(repository: JobRepository, dataset: str = "HAM10000") -> str:
    return repository.add(TrainingRequest(dataset), weights_sentence="s", owner="ada").id


def test_a_job_id_is_eight_hexadecimal_digits_and_the_request_comes_back_whole(
    database: Database,
) -> None:
    repository = JobRepository(database)
    request = TrainingRequest("HAM10000", epochs=5, fine_tune_epochs=2, image_size=64)
    job = repository.add(request, weights_sentence="s", owner="ada")
    assert len(job.id) == 8
    assert set(job.id) <= set("0123456789abcdef")
    assert repository.get(job.id).request == request


def test_jobs_are_claimed_in_the_order_they_were_asked_for_and_a_requeued_one_keeps_its_place(
    database: Database,
) -> None:
    repository = JobRepository(database)
    first, second, third = (_ask(repository) for _ in range(3))
    claimed = repository.claim_next("w", LEASE)
    assert claimed is not None
    repository.requeue(claimed.id, claimed.token, "again", crashed=False)
    order = [job.id for _ in range(3) if (job := repository.claim_next("w", LEASE))]
    assert order == [first, second, third]
    assert repository.claim_next("w", LEASE) is None


def test_many_who_claim_at_once_never_get_the_same_job(database: Database) -> None:
    repository = JobRepository(database)
    asked = {_ask(repository) for _ in range(20)}
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: repository.claim_next("w", LEASE), range(30)))
    got = [job.id for job in claims if job is not None]
    assert len(got) == len(set(got))
    assert set(got) == asked


def test_times_come_back_with_their_zone(database: Database) -> None:
    moment = datetime(2025, 12, 3, 18, 0, 0, 123456, tzinfo=UTC)
    repository = JobRepository(database, clock=lambda: moment)
    assert repository.get(_ask(repository)).created_at == moment


def test_an_unknown_job_is_refused_by_name(database: Database) -> None:
    with pytest.raises(NotFound, match="'nope'"):
        JobRepository(database).get("nope")


def test_the_status_has_the_documents_fields_first_and_its_form_of_time(
    database: Database, tmp_path: Path
) -> None:
    moment = datetime(2025, 12, 3, 18, 0, 0, 5, tzinfo=UTC)
    repository = JobRepository(database, clock=lambda: moment)
    fields = status_fields(repository.get(_ask(repository)), tmp_path)
    assert list(fields)[: len(DOCUMENT_FIELDS)] == DOCUMENT_FIELDS
    assert fields["created_at"] == "2025-12-03T18:00:00"
    assert fields["started_at"] is None


def test_a_mirror_that_cannot_be_written_does_not_stop_the_job(
    database: Database, tmp_path: Path
) -> None:
    repository = JobRepository(database, JobMirror(tmp_path / "not-there", tmp_path))
    _ask(repository)
    assert repository.claim_next("w", LEASE) is not None


def test_the_mirror_follows_every_change(database: Database, tmp_path: Path) -> None:
    repository = JobRepository(database, JobMirror(tmp_path, tmp_path / "models"))
    job_id = _ask(repository)

    def mirrored() -> str:
        return str(json.loads((tmp_path / f"{job_id}.json").read_text("utf-8"))["status"])

    assert mirrored() == "queued"
    job = repository.claim_next("w", LEASE)
    assert job is not None
    assert mirrored() == "running"
    repository.fail(job.id, job.token, "why")
    assert mirrored() == "failed"


def test_mirrors_that_a_dead_server_left_behind_are_put_right(
    database: Database, tmp_path: Path
) -> None:
    job_id = _ask(JobRepository(database, JobMirror(tmp_path, tmp_path)))
    right = (tmp_path / f"{job_id}.json").read_text("utf-8")
    JobRepository(database).request_cancel(job_id)  # a server that dies before its mirror
    assert (tmp_path / f"{job_id}.json").read_text("utf-8") == right
    JobRepository(database, JobMirror(tmp_path, tmp_path)).mirror_all()
    assert json.loads((tmp_path / f"{job_id}.json").read_text("utf-8"))["status"] == "cancelled"


def test_the_datasets_in_use_are_those_of_jobs_that_are_not_over(database: Database) -> None:
    repository = JobRepository(database)
    over = _ask(repository, "A")
    repository.request_cancel(over)
    waiting = _ask(repository, "A")
    _ask(repository, "B")
    assert [job.id for job in repository.using_dataset("A")] == [waiting]


def test_cancelling_a_running_job_is_a_flag_that_wins_over_its_finish(database: Database) -> None:
    repository = JobRepository(database)
    _ask(repository)
    job = repository.claim_next("w", LEASE)
    assert job is not None
    assert repository.request_cancel(job.id).status is JobStatus.RUNNING
    ended = repository.finish(job.id, job.token, "derma_x")
    assert ended.status is JobStatus.CANCELLED
    assert ended.model_name is None
