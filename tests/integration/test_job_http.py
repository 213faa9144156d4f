"""Jobs over HTTP: the document's answers, one clear sentence for every refusal, the live stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.domain.architectures import architecture
from server.domain.job import JobStatus
from server.training.engine.weights import resolve
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer

DOCUMENT_REQUEST = {
    "dataset_name": "quick",
    "architecture": "DenseNet169",
    "epochs": 5,
    "batch_size": 32,
    "optimizer": "Adam",
    "learning_rate": 0.001,
    "class_balancing": True,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    home = JobHome(tmp_path_factory.mktemp("jobs over http") / "home")
    home.dataset("quick", epoch_seconds=0.05)
    home.dataset("long", epoch_seconds=0.1)
    made = JobServer(home)
    made.start()
    yield made
    made.close()
    home.close()


def _events(response: httpx.Response) -> Iterator[tuple[str, str]]:
    name, data = "", []
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif line == "" and name:
            yield name, "\n".join(data)
            name, data = "", []


def test_the_documents_request_gets_the_documents_answers(server: JobServer) -> None:
    answer = server.http.post("/api/start-training", json=DOCUMENT_REQUEST).json()
    assert list(answer)[:3] == ["job_id", "status", "message"]
    assert (answer["status"], answer["message"]) == ("queued", "Training job started")
    assert answer["weights_sentence"]
    job = server.home.repository.get(answer["job_id"])
    server.home.wait(job, JobStatus.COMPLETED)
    status = server.status(job.id)
    assert list(status)[:8] == [
        "job_id",
        "status",
        "progress",
        "message",
        "created_at",
        "started_at",
        "completed_at",
        "model_path",
    ]
    assert status["status"] == "completed"
    assert status["progress"] == 100
    assert status["model_path"].endswith(".h5")
    assert Path(status["model_path"]).is_file()


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"dataset_name": "nowhere"}, 404, "nowhere"),
        ({"architecture": "VGG16"}, 422, "choose one of DenseNet169, ResNet50"),
        ({"optimizer": "Lion"}, 422, "choose one of Adam, SGD, RMSprop"),
        ({"epochs": 0}, 422, "epochs must be from 1 to 1000, not 0"),
        ({"epochs": "many"}, 422, "epochs is wrong: input should be a valid integer"),
        ({"learning_rate": 2}, 422, "learning_rate must be above 0 and at most 1"),
        ({"batch": 3}, 422, "batch is not a field of this request"),
        ({"weights": "/etc/passwd"}, 422, "weights must be one of auto, imagenet, none"),
        ({"weights": "imagenet"}, 422, "connect the server to the internet, or put"),
        ({"dataset_name": None}, 422, "dataset_name is wrong"),
    ],
)
def test_a_wrong_request_is_refused_with_one_sentence(
    server: JobServer, changes: dict[str, Any], status: int, says: str
) -> None:
    answer = server.http.post("/api/start-training", json=DOCUMENT_REQUEST | changes)
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"detail", "code", "where"}
    assert says in body["detail"]
    assert "\n" not in body["detail"]


def test_a_random_start_is_described_in_the_same_loud_words_by_the_form_the_answer_and_the_run(
    server: JobServer,
) -> None:
    said = server.http.get("/api/training-options").json()["random_start_sentence"]
    assert said.startswith("RANDOM START")
    asked = DOCUMENT_REQUEST | {"weights": "none"}
    answer = server.http.post("/api/start-training", json=asked).json()
    assert answer["weights_sentence"] == said
    server.home.wait(server.home.repository.get(answer["job_id"]), JobStatus.COMPLETED)
    assert resolve(architecture("DenseNet169"), "none", None).sentence == said


@pytest.mark.parametrize("body", [json.dumps(DOCUMENT_REQUEST), "", "epochs=5"])
@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_settings_that_do_not_say_they_are_json_are_refused_with_the_header_to_send(
    server: JobServer, body: str, kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = server.http.post("/api/start-training", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "Send the settings as a JSON object with the header Content-Type: "
        "application/json.",
        "code": "invalid_input",
        "where": {},
    }


def test_json_that_is_no_object_is_refused_without_naming_a_field(server: JobServer) -> None:
    answer = server.http.post("/api/start-training", json=[1])
    assert answer.status_code == 422
    assert answer.json()["where"] == {}


def test_an_unknown_job_and_an_unknown_path_are_refused_as_json(server: JobServer) -> None:
    for path in ("/api/job/nope", "/api/job/nope/status", "/api/job/nope/log", "/api/nowhere"):
        answer = server.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    stream = server.http.get("/api/job/nope/events")
    assert stream.status_code == 404
    assert server.http.delete("/api/jobs").json()["code"] == "method_not_allowed"


def test_the_stream_tells_the_whole_run_and_ends_after_its_final_state(server: JobServer) -> None:
    job_id = server.start_training("quick", epochs=8)
    with server.http.stream("GET", f"/api/job/{job_id}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = list(_events(response))
    names = [name for name, _ in events]
    assert names[0] == "job"
    assert names[-2:] == ["job", "end"]
    final = json.loads(events[-2][1])
    assert final["status"] == "completed"
    epochs = [json.loads(data)["epoch"] for name, data in events if name == "epoch"]
    assert epochs == list(range(1, 9))


def test_who_comes_late_or_again_gets_the_whole_curve_and_the_log_from_where_it_was(
    server: JobServer,
) -> None:
    job_id = server.start_training("quick", epochs=3)
    server.home.wait(server.home.repository.get(job_id), JobStatus.COMPLETED)
    path = f"/api/job/{job_id}/events"
    with server.http.stream("GET", path) as response:
        events = list(_events(response))
    assert [name for name, _ in events] == ["epoch", "epoch", "epoch", "job", "end"]
    with server.http.stream("GET", path, headers={"Last-Event-ID": "0"}) as response:
        logs = [data for name, data in _events(response) if name == "log"]
    assert [data.splitlines()[0] for data in logs] == ["training from epoch 1"]


def test_jobs_are_listed_newest_first_and_waiting_ones_know_their_place(
    server: JobServer,
) -> None:
    asked = [server.start_training("long", epochs=500) for _ in range(3)]
    try:
        server.home.wait(server.home.repository.get(asked[0]), JobStatus.RUNNING)
        listed = server.http.get("/api/jobs").json()["jobs"]
        assert [job["job_id"] for job in listed[:3]] == asked[::-1]
        assert [job["queue_position"] for job in listed[:3]] == [2, 1, None]
        assert all(job["history"] == [] for job in listed)
        health = server.http.get("/api/health").json()
        assert (health["jobs_running"], health["jobs_queued"]) == (1, 2)
    finally:
        for job_id in reversed(asked):
            assert server.http.post(f"/api/job/{job_id}/cancel").json()["cancel_requested"]
    server.home.wait(server.home.repository.get(asked[0]), JobStatus.CANCELLED)
    again = server.http.post(f"/api/job/{asked[0]}/cancel")
    assert again.status_code == 409
    assert "cancelled already" in again.json()["detail"]


def test_the_log_is_its_last_lines(server: JobServer) -> None:
    job_id = server.start_training("quick", epochs=1)
    server.home.wait(server.home.repository.get(job_id), JobStatus.COMPLETED)
    log = f"/api/job/{job_id}/log"
    whole = server.http.get(log).text.splitlines(keepends=True)
    assert whole[0] == "training from epoch 1\n"
    answer = server.http.get(log, params={"tail": 2})
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "".join(whole[-2:])
    assert len(whole) > 2


def test_the_form_offers_what_the_server_takes(server: JobServer) -> None:
    options = server.http.get("/api/training-options").json()
    defaults = options["defaults"]
    assert {name: defaults[name] for name in DOCUMENT_REQUEST if name != "dataset_name"} == {
        name: value
        for name, value in (DOCUMENT_REQUEST | {"epochs": 30}).items()
        if name != "dataset_name"
    }
    assert options["architectures"][0]["name"] == "DenseNet169"
    assert all(each["auto_weights"] == "random" for each in options["architectures"])
    for name, limit in options["limits"].items():
        if defaults[name] is not None:
            assert limit["minimum"] <= defaults[name] <= limit["maximum"]
            assert limit["default"] == defaults[name]
    assert options["device"]


def test_every_answer_keeps_browsers_from_guessing_and_framing(server: JobServer) -> None:
    for path in ("/", "/api/health", "/api/nowhere"):
        headers = server.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src 'self'" in headers["content-security-policy"]
