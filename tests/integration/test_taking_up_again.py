"""Stop early and keep the best; resume, retry, priority: over the API, with real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server.domain.job import JobStatus, Priority
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer

COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    home = JobHome(tmp_path_factory.mktemp("asked of jobs") / "home")
    home.dataset("long", epoch_seconds=0.1)
    home.dataset("broken", crash_in_epoch=3, crash_times=3)
    home.dataset("hopeless", refuse="No images found!")
    made = JobServer(home)
    made.start()
    yield made
    made.close()
    home.close()


def _ask(server: JobServer, job_id: str, what: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = server.http.post(f"/api/job/{job_id}/{what}", json=body or None)
    return answer.status_code, dict(answer.json())


def _choice(server: JobServer, job_id: str, name: str) -> dict[str, Any]:
    choices = server.http.get(f"/api/job/{job_id}").json()["choices"]
    return next(dict(each) for each in choices if each["name"] == name)


def _whys(server: JobServer, job_id: str) -> list[str]:
    changes = server.http.get(f"/api/job/{job_id}/history").json()["changes"]
    return [change["why"] for change in changes]


def test_a_job_that_is_stopped_early_completes_and_says_so(server: JobServer) -> None:
    home = server.home
    job = home.repository.get(server.start_training("long", epochs=1000))
    home.wait_for_epoch(job, 2)
    assert _choice(server, job.id, "stop")["possible"]
    status, detail = _ask(server, job.id, "stop")
    assert (status, detail["stop_requested"], detail["cancel_requested"]) == (200, True, False)
    done = home.wait(job, COMPLETED)
    assert done.stopped_after is not None
    assert 2 <= done.stopped_after == done.epoch < 1000
    assert done.message == (
        f"Stopped early after epoch {done.stopped_after} of 1000, as asked; the best epoch was "
        "tested and saved."
    )
    assert f"{done.model_name}.h5" in home.models()
    assert "Asked to stop early and keep the best." in _whys(server, job.id)
    for what in ("stop", "cancel", "resume", "retry"):
        assert not _choice(server, job.id, what)["possible"]
        status, refusal = _ask(server, job.id, what)
        assert (status, refusal["code"]) == (409, "conflict")
        assert "completed" in refusal["detail"]


def test_a_wish_to_stop_outlives_the_crash_of_its_attempt(home: JobHome) -> None:
    home.dataset("shaky", epoch_seconds=0.1, crash_in_epoch=4, crash_times=1)
    job = home.add("shaky", epochs=1000)
    first = home.engine()
    home.wait_for_epoch(job, 2)
    first.stop()
    home.repository.request_stop(job.id, "ada")
    for folder in home.runs.of_job(job.id):
        assert not folder.stop.exists()
    home.engine()
    done = home.wait(job, COMPLETED)
    assert done.stopped_after is not None


def test_a_cancelled_job_goes_on_from_its_checkpoint_when_it_is_resumed(
    server: JobServer,
) -> None:
    home = server.home
    job = home.repository.get(server.start_training("long", epochs=15))
    home.wait_for_epoch(job, 3)
    _ask(server, job.id, "cancel")
    cancelled = home.wait(job, CANCELLED)
    assert home.models() == [] or not any(job.id in name for name in home.models())
    assert _choice(server, job.id, "resume")["sentence"].startswith("It goes on from")
    status, detail = _ask(server, job.id, "resume")
    assert status == 200, detail
    assert detail["message"].startswith("Going on from epoch")
    assert not detail["cancel_requested"]
    done = home.wait(home.repository.get(job.id), COMPLETED)
    assert done.token > cancelled.token
    assert done.attempt == 2
    history = server.http.get(f"/api/job/{job.id}").json()["history"]
    assert [point["epoch"] for point in history] == list(range(1, 16))
    assert "training from epoch 1\n" in home.log(job)
    assert home.log(job).count("training from epoch 1\n") == 1


def test_a_failed_job_begins_anew_when_it_is_retried_with_three_attempts_more(
    server: JobServer,
) -> None:
    home = server.home
    job = home.repository.get(server.start_training("broken", epochs=4))
    failed = home.wait(job, FAILED)
    assert failed.crashes == 3
    status, detail = _ask(server, job.id, "retry")
    assert (status, detail["status"], detail["history"]) == (200, "queued", [])
    done = home.wait(home.repository.get(job.id), COMPLETED)
    assert (done.crashes, done.attempt) == (0, 4)
    assert home.log(job).count("training from epoch 1\n") == 2
    states = server.http.get(f"/api/job/{job.id}/history").json()["changes"]
    assert [each["after"] for each in states if each["before"] != each["after"]] == [
        "queued",
        *["running", "queued"] * 2,
        "running",
        "failed",
        "queued",
        "running",
        "completed",
    ]
    assert all(each["who"] and each["why"] and each["at"] for each in states)
    tokens = [each["token"] for each in states]
    assert tokens == sorted(tokens)


def test_a_job_without_a_checkpoint_cannot_be_resumed_and_says_why(server: JobServer) -> None:
    home = server.home
    job = home.repository.get(server.start_training("hopeless", epochs=3))
    home.wait(job, FAILED)
    resume = _choice(server, job.id, "resume")
    assert not resume["possible"]
    assert "no checkpoint" in resume["sentence"]
    status, refusal = _ask(server, job.id, "resume")
    assert (status, refusal["detail"]) == (409, resume["sentence"])
    assert _choice(server, job.id, "retry")["possible"]


def test_the_queue_goes_by_priority_which_can_be_changed_while_a_job_waits(
    server: JobServer,
) -> None:
    home = server.home
    running = server.start_training("long", epochs=1000)
    home.wait(home.repository.get(running), JobStatus.RUNNING)
    plain = server.start_training("long", epochs=1)
    low = server.start_training("long", epochs=1, priority="low")
    high = server.start_training("long", epochs=1, priority="high")
    assert [job.id for job in home.repository.queue()] == [high, plain, low]
    status, detail = _ask(server, low, "priority", priority="high")
    assert (status, detail["priority"], detail["queue_position"]) == (200, "high", 1)
    assert "Priority changed from low to high." in _whys(server, low)
    assert _ask(server, low, "priority", priority="urgent")[0] == 422
    status, refusal = _ask(server, running, "priority", priority="high")
    assert (status, refusal["code"]) == (409, "conflict")
    _ask(server, running, "cancel")
    ended = [home.wait(home.repository.get(job_id), COMPLETED) for job_id in (low, high, plain)]
    starts = [job.started_at for job in ended if job.started_at]
    assert starts == sorted(starts)
    assert [job.priority for job in ended] == [Priority.HIGH, Priority.HIGH, Priority.NORMAL]


def test_who_asked_stands_in_the_history(server: JobServer) -> None:
    job_id = server.start_training("long", epochs=1000)
    _ask(server, job_id, "cancel")
    server.home.wait(server.home.repository.get(job_id), CANCELLED)
    changes = server.http.get(f"/api/job/{job_id}/history").json()["changes"]
    person = server.http.get("/api/session").json()["person"]["name"]
    assert changes[0]["who"] == person
    assert (changes[0]["before"], changes[0]["after"]) == (None, "queued")
    assert any(each["who"] == person for each in changes[1:])
