"""A run outlives the death of its server: nothing lost, nothing doubled, no orphan."""

from __future__ import annotations

import time
from pathlib import Path

from tests.acceptance.drawings import csv_and_images
from tests.acceptance.running_server import RunningServer

EPOCHS = 20
LONG_RUN = {
    "dataset_name": "HAM10000",
    "architecture": "MobileNetV2",
    "epochs": EPOCHS,
    "batch_size": 8,
    "image_size": 32,
    "weights": "none",
}
SECONDS_UNTIL_NO_ORPHAN = 25


def _models(home: Path) -> list[Path]:
    return list((home / "models").glob("*.h5"))


def test_after_kill_9_no_orphan_trains_on_and_the_job_goes_on_to_its_end(
    server: RunningServer,
) -> None:
    server.upload("HAM10000", csv_and_images(lesions=10, views=3))
    job_id = server.start_training(**LONG_RUN)
    server.wait_for_epoch(job_id, 2)
    server.kill_9()

    give_up = time.monotonic() + SECONDS_UNTIL_NO_ORPHAN
    while server.training_processes() and time.monotonic() < give_up:
        time.sleep(0.2)
    assert server.training_processes() == [], "an orphan trains on"
    assert _models(server.home) == []

    server.start()
    server.wait_until(job_id, "completed")
    assert len(_models(server.home)) == 1
    assert "oing on from epoch" in server.log(job_id)
    history = server.http.get(f"/api/job/{job_id}").json()["history"]
    assert [point["epoch"] for point in history] == list(range(1, EPOCHS + 1))


def test_a_server_that_is_back_at_once_takes_the_living_run_over(server: RunningServer) -> None:
    server.upload("HAM10000", csv_and_images(lesions=10, views=3))
    job_id = server.start_training(**LONG_RUN)
    server.wait_for_epoch(job_id, 1)
    (before,) = server.training_processes()
    server.kill_9()
    server.start()
    time.sleep(3)
    processes = server.training_processes()
    assert [each.pid for each in processes] == [before.pid], "killed or doubled"
    server.wait_until(job_id, "completed")
    assert len(_models(server.home)) == 1


def test_a_training_process_that_is_killed_is_started_again_from_its_checkpoint(
    server: RunningServer,
) -> None:
    server.upload("HAM10000", csv_and_images(lesions=10, views=3))
    job_id = server.start_training(**LONG_RUN)
    server.wait_for_epoch(job_id, 2)
    for process in server.training_processes():
        process.kill()
    status = server.wait_until(job_id, "completed")
    assert status["attempt"] == 2
    assert "oing on from epoch" in server.log(job_id)
