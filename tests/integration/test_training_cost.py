"""Presets and costs over HTTP: explicit fields win, a cost is measured or not stated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.domain.architectures import ARCHITECTURES
from server.domain.job import JobStatus
from server.domain.presets import PRESETS
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    home = JobHome(tmp_path_factory.mktemp("cost over http") / "home")
    home.dataset("quick", epoch_seconds=0.05, warn=["Memory ran out.", "Near-copies: 2."])
    home.dataset("fresh")
    home.dataset("slow", trial_seconds=2)
    home.dataset("refused", refuse="The class 'nevus' has one image only.")
    home.dataset("long", epoch_seconds=0.1)
    made = JobServer(home)
    made.start()
    yield made
    made.close()
    home.close()


def _cost(server: JobServer, dataset: str, **more: Any) -> httpx.Response:
    measure = {"measure": more.pop("measure")} if "measure" in more else {}
    body = {"dataset_name": dataset, "architecture": "MobileNetV2", **more}
    return server.http.post("/api/training-cost", json=body, params=measure)


def _trials(server: JobServer, dataset: str) -> int:
    notes = server.home.data_dir / dataset / ".dermascan" / "trials"
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def test_the_presets_are_the_domains(server: JobServer) -> None:
    listed = server.http.get("/api/presets").json()["presets"]
    assert [each["name"] for each in listed] == list(PRESETS)
    assert all(each["sentence"].endswith(".") for each in listed)


def test_a_preset_fills_what_a_request_leaves_open_and_given_fields_win(server: JobServer) -> None:
    body = {"dataset_name": "quick", "preset": "best", "architecture": "ResNet50", "epochs": 2}
    answer = server.http.post("/api/start-training", json=body).json()
    asked = server.home.wait(
        server.home.repository.get(answer["job_id"]), JobStatus.COMPLETED
    ).request
    assert (asked.architecture, asked.epochs) == ("ResNet50", 2)
    assert asked.image_size == ARCHITECTURES["ResNet50"].native_size


def test_an_unknown_preset_is_refused_by_name(server: JobServer) -> None:
    body = {"dataset_name": "quick", "preset": "fast"}
    answer = server.http.post("/api/start-training", json=body)
    assert answer.status_code == 422
    assert "choose one of quick, standard, best" in answer.json()["detail"]
    assert answer.json()["where"] == {"field": "preset"}


def test_no_cost_is_stated_before_a_trial_and_the_same_question_makes_one_trial(
    server: JobServer,
) -> None:
    assert _cost(server, "fresh", measure=False).json() == {"cost": None}
    measured = _cost(server, "fresh").json()["cost"]
    assert (measured["seconds"], measured["beside_running_jobs"]) == (60.0, 0)
    assert measured["not_measured"] == ["saving the model"]
    assert _cost(server, "fresh", measure=False).json()["cost"] == measured
    assert _cost(server, "fresh", learning_rate=0.01, seed=3).json()["cost"] == measured
    assert _trials(server, "fresh") == 1
    assert _cost(server, "fresh", epochs=7, measure=False).json() == {"cost": None}


def test_other_images_are_measured_anew(server: JobServer) -> None:
    before = _cost(server, "fresh", batch_size=9).json()["cost"]
    folder = server.home.data_dir / "fresh"
    image = next(path for path in sorted(folder.rglob("*.jpg")))
    (image.parent / "another.jpg").write_bytes(image.read_bytes())
    after = _cost(server, "fresh", batch_size=9).json()["cost"]
    assert after["measured_at"] > before["measured_at"]


def test_a_refusal_of_the_trial_is_the_programs_sentence(server: JobServer) -> None:
    answer = _cost(server, "refused")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "The class 'nevus' has one image only."


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"dataset_name": "nowhere"}, 404), ({"weights": "/etc/passwd"}, 422), ({"epochs": 0}, 422)],
)
def test_what_cannot_be_trained_has_no_cost(
    server: JobServer, changes: dict[str, Any], status: int
) -> None:
    body = {"dataset_name": "quick", **changes}
    assert server.http.post("/api/training-cost", json=body).status_code == status


def test_two_trials_do_not_disturb_each_other(server: JobServer) -> None:
    answers: list[httpx.Response] = []
    first = threading.Thread(target=lambda: answers.append(_cost(server, "slow")))
    first.start()
    while not _trials(server, "slow"):
        assert first.is_alive()
    second = _cost(server, "slow", epochs=5)
    first.join()
    assert second.status_code == 409
    assert "try again in a few seconds" in second.json()["detail"]
    assert answers[0].json()["cost"]["seconds"] == 60.0


def test_a_cost_measured_beside_a_training_says_so_and_is_forgotten_after_it(
    server: JobServer,
) -> None:
    job = server.home.repository.get(server.start_training("long", epochs=500))
    try:
        server.home.wait_for_epoch(job, 1)
        assert _cost(server, "long").json()["cost"]["beside_running_jobs"] == 1
        assert _cost(server, "long", measure=False).json()["cost"] is not None
    finally:
        server.http.post(f"/api/job/{job.id}/cancel")
    server.home.wait(job, JobStatus.CANCELLED)
    assert _cost(server, "long", measure=False).json() == {"cost": None}


def test_a_job_tells_what_its_run_warned_of(server: JobServer) -> None:
    job_id = server.start_training("quick", epochs=1)
    server.home.wait(server.home.repository.get(job_id), JobStatus.COMPLETED)
    warnings = ["Memory ran out.", "Near-copies: 2."]
    assert server.http.get(f"/api/job/{job_id}").json()["warnings"] == warnings
    events = server.http.get(f"/api/job/{job_id}/events").text
    assert "Near-copies: 2." in events


def test_a_trial_leaves_nothing_behind(server: JobServer, tmp_path: Path) -> None:
    before = set(server.home.home.rglob("*"))
    _cost(server, "quick", batch_size=3)
    left = {path.name for path in set(server.home.home.rglob("*")) - before}
    assert left <= {"trials"}
