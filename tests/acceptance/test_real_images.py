"""From the zip that people download to a model that opens elsewhere, on real dermoscopy images."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.running_server import ROOT, RunningServer

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def _lesion_of_each_image(dataset: Path) -> dict[str, str]:
    (table,) = dataset.rglob("HAM10000_metadata.csv")
    with table.open(encoding="utf-8", newline="") as lines:
        return {row["image_id"]: row["lesion_id"] for row in csv.DictReader(lines)}


def test_ham10000_small_from_zip_to_a_model_that_scores_the_same_on_another_back_end(
    tmp_path: Path, real_data: Path, real_weights: Path
) -> None:
    server = RunningServer(tmp_path / "home", weights_dir=real_weights)
    server.home.mkdir()
    server.start()
    try:
        with (real_data / "HAM10000_small.zip").open("rb") as archive:
            answer = server.http.post(
                "/api/upload-dataset?datasetName=HAM10000",
                files=[("files", ("HAM10000_small.zip", archive))],
            )
        assert answer.status_code == 200, answer.text
        summary = answer.json()["summary"]
        assert (summary["images"], summary["lesions"]) == (351, 252)
        assert len(summary["classes"]) == 7
        assert summary["layout"] == "ham10000"

        job_id = server.start_training(
            dataset_name="HAM10000",
            architecture="MobileNetV2",
            epochs=8,
            fine_tune_epochs=2,
            image_size=96,
            weights="imagenet",
        )
        status = server.wait_until(job_id, "completed", seconds=550)
        report = server.http.get(f"/api/models/{Path(status['model_path']).stem}").json()
    finally:
        server.stop()

    test = report["metadata"]["metrics"]["test"]
    assert test["balanced_accuracy"] > report["baseline"]["balanced_accuracy"]
    lesion = _lesion_of_each_image(server.home / "data" / "HAM10000")
    lesions_of = {
        part: {lesion[image_id] for image_id in image_ids}
        for part, image_ids in report["metadata"]["split"]["images"].items()
    }
    assert sum(map(len, lesions_of.values())) == 252
    assert not lesions_of["train"] & lesions_of["test"]
    assert not lesions_of["train"] & lesions_of["validation"]
    assert not lesions_of["validation"] & lesions_of["test"]

    elsewhere = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "score_saved_model.py"),
            str(server.home / "models" / Path(status["model_path"]).name),
            str(server.home / "data" / "HAM10000"),
            "--backend=jax",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.returncode == 0, elsewhere.stderr
    scored = json.loads(elsewhere.stdout)
    assert scored["images"] == report["test_images"]
    assert scored["balanced_accuracy"] == pytest.approx(test["balanced_accuracy"], abs=0.05)
