"""The real training program under the real server: started, killed at its worst, completed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from server.domain.job import JobStatus
from server.settings import SERVER_FOLDER
from tests.acceptance.drawings import csv_and_images
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer

pytestmark = pytest.mark.slow


@pytest.fixture
def server(home: JobHome) -> Iterator[JobServer]:
    made = JobServer(home, program=SERVER_FOLDER / "training" / "train.py")
    yield made
    made.close()


def test_a_real_run_whose_process_is_killed_goes_on_from_its_checkpoint_and_makes_a_model(
    server: JobServer,
) -> None:
    home = server.home
    folder = home.data_dir / "drawn"
    for name, content in csv_and_images(lesions=10, views=2):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    server.start()
    small = {"batch_size": 8, "image_size": 32, "weights": "none", "fine_tune_epochs": 0}
    job = home.repository.get(server.start_training("drawn", epochs=12, **small))
    home.wait_for_epoch(job, 1)
    (process,) = server.training()
    process.end(0)
    done = home.wait(job, JobStatus.COMPLETED)
    assert (done.attempt, done.crashes) == (2, 1)
    assert "Going on from epoch" in home.log(job)
    assert {f"{done.model_name}{ending}" for ending in (".h5", "_metadata.json", ".onnx")} <= set(
        home.models()
    )
    history = server.http.get(f"/api/job/{job.id}").json()["history"]
    assert [point["epoch"] for point in history] == list(range(1, 13))
    assert job.id in (home.home / "logs" / "training.log").read_text(encoding="utf-8")


def test_a_real_cancel_ends_the_program_within_seconds_and_keeps_no_model(
    server: JobServer,
) -> None:
    home = server.home
    folder = home.data_dir / "drawn"
    for name, content in csv_and_images(lesions=10, views=2):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    server.start()
    small = {"batch_size": 8, "image_size": 32, "weights": "none"}
    job = home.repository.get(server.start_training("drawn", epochs=500, **small))
    home.wait_for_epoch(job, 1)
    server.http.post(f"/api/job/{job.id}/cancel").raise_for_status()
    home.wait(job, JobStatus.CANCELLED)
    assert server.training() == []
    time.sleep(0.1)
    assert home.models() == []
