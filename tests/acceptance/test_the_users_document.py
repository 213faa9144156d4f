"""The user's document, replayed word for word against a fresh server, as curl would."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.acceptance.drawings import class_folders, csv_and_images
from tests.acceptance.running_server import ROOT, RunningServer

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SMALL = {"architecture": "MobileNetV2", "epochs": 2, "image_size": 32, "weights": "none"}


def _zip(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def _tgz(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_an_upload_answers_with_the_fields_of_the_document(server: RunningServer) -> None:
    files = csv_and_images(lesions=4, views=1)
    answer = server.upload("HAM10000", files)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "success"
    assert body["dataset_name"] == "HAM10000"
    assert body["dataset_path"].endswith("data/HAM10000")
    assert sorted(body["files_saved"]) == sorted(name for name, _ in files)
    assert body["message"] == f"Uploaded {len(files)} file(s)"
    assert (server.home / "data" / "HAM10000" / "metadata.csv").exists()
    assert (server.home / "data" / "HAM10000" / "images" / "benign_00_0.jpg").exists()


def test_zip_and_tgz_are_unpacked_where_the_document_says(server: RunningServer) -> None:
    folders = class_folders(images=4)
    for name, archive in (("zipped.zip", _zip(folders)), ("tarred.tgz", _tgz(folders))):
        answer = server.upload(name.partition(".")[0], [(name, archive)])
        assert answer.status_code == 200, answer.text
        assert answer.json()["files_saved"] == [name]
        assert answer.json()["summary"]["images"] == len(folders)
        assert (server.home / "data" / name.partition(".")[0] / "melanoma" / "img1.jpg").exists()
    names = [each["name"] for each in server.http.get("/api/datasets").json()["datasets"]]
    assert sorted(names) == ["tarred", "zipped"]


def test_the_name_of_the_dataset_may_be_a_form_field(server: RunningServer) -> None:
    answer = server.http.post(
        "/api/upload-dataset",
        data={"datasetName": "field"},
        files=[("files", (name, content)) for name, content in class_folders(images=3)],
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["dataset_name"] == "field"


def test_the_training_request_of_the_document_is_queued_and_can_be_cancelled(
    server: RunningServer,
) -> None:
    server.upload("HAM10000", csv_and_images())
    answer = server.http.post(
        "/api/start-training",
        json={
            "dataset_name": "HAM10000",
            "architecture": "DenseNet169",
            "epochs": 30,
            "batch_size": 32,
            "optimizer": "Adam",
            "learning_rate": 0.001,
            "class_balancing": True,
        },
    )
    assert answer.status_code == 200, answer.text
    started = answer.json()
    assert re.fullmatch(r"[0-9a-f]{8}", started["job_id"])
    assert started["status"] == "queued"
    assert started["message"] == "Training job started"
    status = server.wait_until(started["job_id"], "running")
    assert TIME.fullmatch(status["created_at"])
    assert TIME.fullmatch(status["started_at"])
    assert status["completed_at"] is None
    assert status["model_path"] is None
    assert 0 <= status["progress"] < 100
    server.http.post(f"/api/job/{started['job_id']}/cancel").raise_for_status()
    server.wait_until(started["job_id"], "cancelled", seconds=20)
    assert server.training_processes() == []


def test_a_run_ends_with_the_files_that_the_document_names(server: RunningServer) -> None:
    server.upload("HAM10000", csv_and_images())
    job_id = server.start_training(dataset_name="HAM10000", **SMALL)
    status = server.wait_until(job_id, "completed")
    assert status["progress"] == 100
    assert TIME.fullmatch(status["completed_at"])
    assert re.search(r"models/derma_mobilenetv2_\d{8}_\d{6}\.h5$", status["model_path"])

    stem = Path(status["model_path"]).stem
    models = server.home / "models"
    metadata = json.loads((models / f"{stem}_metadata.json").read_text("utf-8"))
    assert metadata["metrics"]["test"]["balanced_accuracy"] >= 0
    for ending in (".h5", ".onnx", "_history.json"):
        assert (models / f"{stem}{ending}").stat().st_size > 0
    assert job_id in (server.home / "logs" / "training.log").read_text("utf-8")
    mirror = json.loads((server.home / "jobs" / f"{job_id}.json").read_text("utf-8"))
    assert mirror["status"] == "completed"
    assert mirror["model_path"] == status["model_path"]
    listed = server.http.get("/api/models").json()["models"]
    assert [each["name"] for each in listed] == [stem]


def test_the_training_script_runs_by_hand_from_any_folder(tmp_path: Path) -> None:
    home = tmp_path / "home with spaces"
    data = home / "data" / "HAM10000"
    for name, content in class_folders():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    words = [
        "--arch",
        "MobileNetV2",
        "--epochs",
        "1",
        "--batch-size",
        "8",
        "--image-size",
        "32",
        "--weights",
        "none",
    ]
    script = str(ROOT / "server" / "training" / "train.py")
    done = subprocess.run(
        [sys.executable, script, "--data-dir", str(data), "--output-dir", "models", *words],
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((home / "models").glob("derma_mobilenetv2_*.h5"))) == 1


def test_a_refusal_is_one_sentence_in_json(server: RunningServer) -> None:
    server.upload("HAM10000", class_folders(images=3))
    refusals = {
        "no such dataset": server.http.post(
            "/api/start-training", json={"dataset_name": "nowhere"}
        ),
        "no such architecture": server.http.post(
            "/api/start-training", json={"dataset_name": "HAM10000", "architecture": "VGG"}
        ),
        "no such job": server.http.get("/api/job/ffffffff/status"),
        "no images": server.upload("empty", [("notes.txt", b"nothing")]),
        "no name": server.http.post("/api/upload-dataset", files=[("files", ("a.jpg", b"x"))]),
        "no such page": server.http.get("/api/nothing-here"),
        "not a number": server.http.post(
            "/api/start-training", json={"dataset_name": "HAM10000", "epochs": "many"}
        ),
    }
    for what, answer in refusals.items():
        assert 400 <= answer.status_code < 500, what
        detail = answer.json()["detail"]
        assert isinstance(detail, str), what
        assert len(detail) > 15, what
        assert detail.rstrip().endswith((".", "?", ")")), f"{what}: {detail}"
        assert "Traceback" not in detail, what
    assert "No images found!" in refusals["no images"].json()["detail"]
