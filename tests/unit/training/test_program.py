"""The program from the shell: a whole run, its files, its events, its refusals."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.domain.events import EXIT_FINISHED, EXIT_REFUSED
from tests.unit.training.program import (
    PROGRAM,
    Events,
    command,
    draw_tiny_set,
    environment,
    read_events,
    run,
)

EPOCHS, FINE_TUNE_EPOCHS = 4, 2


@dataclass
class Finished:
    """A run that went well."""

    data: Path
    home: Path
    output: str
    events: Events
    metadata: dict[str, Any]

    def file(self, kind: str) -> Path:
        name: str = self.metadata["files"][kind]
        return self.home / "models" / name


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    root = tmp_path_factory.mktemp("a folder with spaces")
    data, home = draw_tiny_set(root / "tiny set", rare_lesions=2), root / "derma home"
    events = home / "events.jsonl"
    flags = ["--epochs", str(EPOCHS), "--fine-tune-epochs", str(FINE_TUNE_EPOCHS), "--seed", "7"]
    flags += ["--events", str(events), "--job-id", "a1b2c3d4"]
    done = run(command(data, *flags), home)
    assert done.returncode == EXIT_FINISHED, done.stdout + done.stderr
    (written,) = (home / "models").glob("*_metadata.json")
    metadata = json.loads(written.read_text(encoding="utf-8"))
    return Finished(data, home, done.stdout, read_events(events), metadata)


def test_the_files_of_the_document_are_written_and_nothing_else(finished: Finished) -> None:
    name = finished.metadata["model_name"]
    assert name.startswith("derma_mobilenetv2_")
    assert {path.name for path in (finished.home / "models").iterdir()} == {
        f"{name}.h5",
        f"{name}.onnx",
        f"{name}_history.json",
        f"{name}_metadata.json",
        f"{name}_report.json",
        f"{name}_report.html",
        f"{name}_card.md",
        f"{name}_card.json",
        f"{name}_test_predictions.csv",
        f"{name}_test_truth.csv",
    }
    assert not list((finished.home / "jobs").iterdir()), "the work files were to be removed"


def test_the_events_keep_their_contract(finished: Finished) -> None:
    names = [event["event"] for event in finished.events]
    assert names[0] == "started"
    assert names[-1] == "finished"
    assert names.count("started") == names.count("finished") == 1
    assert "failed" not in names
    stages = [event["stage"] for event in finished.events if event["event"] == "stage"]
    assert stages == [
        *("reading", "caching", "features", "head", "fine-tuning", "testing", "saving")
    ]
    epochs = [event for event in finished.events if event["event"] == "epoch"]
    assert [event["epoch"] for event in epochs] == [1, 2, 3, 4]
    assert [event["phase"] for event in epochs] == ["head"] * 2 + ["fine-tuning"] * 2
    assert names.count("checkpoint") == EPOCHS
    steps = [event["steps_done"] for event in finished.events if event["event"] == "progress"]
    assert steps == sorted(steps)
    times = [event["time"] for event in finished.events]
    assert times == sorted(times)


def test_the_test_part_is_scored_once_and_after_the_last_epoch(finished: Finished) -> None:
    order = [event.get("stage", event["event"]) for event in finished.events]
    assert order.count("testing") == 1
    assert order.index("testing") > max(i for i, name in enumerate(order) if name == "epoch")


def test_the_layout_and_why_it_was_recognised_are_printed(finished: Finished) -> None:
    reason = "The table 'metadata.csv' names the images and gives labels in 'label'."
    assert reason in finished.output


def test_a_random_start_is_said_first(finished: Finished) -> None:
    started = finished.events[0]
    assert started["weights"]["used"] == "random"
    assert finished.metadata["first_line"].startswith("Started from random weights")
    assert "random" in finished.output.lower()
    assert any(event["event"] == "warning" for event in finished.events)


def test_the_metadata_says_all_that_is_needed_to_do_it_again(finished: Finished) -> None:
    found = finished.metadata
    assert found["label_map"] == {"blue nevus": 0, "melanoma": 1, "nevus": 2}
    assert found["input"]["size"] == 32
    assert found["job_id"] == "a1b2c3d4"
    assert (found["seed"], found["settings"]["seed"]) == (7, 7)
    assert found["settings"]["head_epochs"] == EPOCHS - FINE_TUNE_EPOCHS
    assert found["weights"]["used"] == "random"
    assert found["is_sample"] is False
    assert "not a medical device" in found["notice"]
    assert {"torch", "keras", "python", "dermascan"} <= set(found["versions"])
    for facts in found["data"]["files"].values():
        content = (finished.data / facts["path"]).read_bytes()
        assert facts["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_parts_of_the_split_share_no_lesion(finished: Finished) -> None:
    split = finished.metadata["split"]
    lesions = [{name.rsplit("_", 1)[0] for name in ids} for ids in split["images"].values()]
    assert sum(map(len, lesions)) == len(set.union(*lesions)) == 24
    assert split["counts"]["train"]["images"] > split["counts"]["validation"]["images"]
    for part in split["counts"].values():
        assert all(part["by_class"].values())


def test_a_class_with_too_few_lesions_is_left_out_and_named(finished: Finished) -> None:
    assert finished.metadata["data"]["left_out_classes"] == {"rare class": 2}
    warnings = [event["message"] for event in finished.events if event["event"] == "warning"]
    assert any("'rare class' is left out" in message for message in warnings)
    assert "'rare class' is left out" in finished.output


def test_a_name_that_is_taken_is_refused(finished: Finished) -> None:
    name = finished.metadata["model_name"]
    done = run(command(finished.data, "--model-name", name), finished.home)
    assert done.returncode == EXIT_REFUSED
    assert f"There is a model {name}" in done.stderr


def test_the_figures_are_there_beside_the_baseline(finished: Finished) -> None:
    test, baseline = finished.metadata["metrics"]["test"], finished.metadata["baseline"]
    counts = np.array(test["confusion_matrix"]["counts"])
    assert counts.sum() == finished.metadata["split"]["counts"]["test"]["images"]
    assert test["accuracy"] == pytest.approx(np.trace(counts) / counts.sum())
    assert baseline["balanced_accuracy"] == pytest.approx(1 / 3)
    assert [each["label"] for each in test["per_class"]] == finished.metadata["classes"]
    last = finished.events[-1]
    assert last["headline"]["balanced_accuracy"] == test["balanced_accuracy"]
    for word in ("balanced accuracy", "sensitivity", "true \\ answered"):
        assert word in finished.output


def test_a_run_of_a_job_does_not_say_where_its_files_are_for_they_move_on(
    finished: Finished,
) -> None:
    assert "Files written" not in finished.output
    assert "research software" in finished.output.lower()


def test_the_best_epoch_is_the_one_with_the_best_balanced_accuracy(finished: Finished) -> None:
    history = json.loads(finished.file("history").read_text(encoding="utf-8"))["epochs"]
    best = max(history, key=lambda epoch: (epoch["val_balanced_accuracy"], -epoch["val_loss"]))
    assert finished.metadata["best_epoch"] == best["epoch"]


def test_both_files_answer_as_the_tested_network_did(finished: Finished) -> None:
    found = finished.metadata["verification"]
    assert found["images"] == finished.metadata["split"]["counts"]["test"]["images"]
    assert max(found["largest_difference_h5"], found["largest_difference_onnx"]) < 1e-4


def test_the_report_shows_how_its_figures_came_about(finished: Finished) -> None:
    report = json.loads(finished.file("report").read_text(encoding="utf-8"))
    counts, labels = finished.metadata["split"]["counts"], finished.metadata["classes"]
    for part in ("test", "validation"):
        assert len(report[f"{part}_answers"]) == counts[part]["images"]
    wrong = [
        answer
        for answer in report["test_answers"]
        if labels[int(np.argmax(answer["probabilities"]))] != answer["truth"]
    ]
    assert len(report["mistakes"]) == min(12, len(wrong))
    assert report["operating_point"]["malignant_classes"] == ["melanoma"]
    assert 0 < report["operating_point"]["threshold"] < 1
    assert 0.2 <= report["calibration"]["temperature"] <= 5
    assert [each["label"] for each in report["curves"]["roc"]] == labels
    # the tiny set's table says nothing of the patients
    assert report["subgroups"] == []
    assert "neither age nor sex nor body site" in report["baselines"]["metadata"]["none_because"]


def test_the_log_has_every_line_with_time_and_job(finished: Finished) -> None:
    lines = (finished.home / "logs" / "training.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) > EPOCHS
    assert all(line.split(" ")[1] == "a1b2c3d4" for line in lines)


def test_a_folder_without_images_is_refused_with_the_documents_advice(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    events = tmp_path / "events.jsonl"
    done = run(command(tmp_path / "empty", "--events", events), tmp_path / "home")
    assert done.returncode == EXIT_REFUSED
    assert "No images found!" in done.stdout
    assert "valid extensions" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (failed,) = read_events(events)
    assert (failed["event"], failed["code"]) == ("failed", "unusable_dataset")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--epochs", "0"], "epochs must be from 1 to 1000"),
        (["--optimizer", "Adagrad"], "The optimizer 'Adagrad' is not known"),
        (["--arch", "VGG16"], "The architecture 'VGG16' is not known"),
        (["--resume-from", "nowhere.pt"], "There is no checkpoint"),
        (["--model-name", "../escape"], "cannot be a file name"),
    ],
)
def test_wrong_flags_are_refused_in_one_sentence(
    tmp_path: Path, flags: list[str], sentence: str
) -> None:
    done = run(command(tmp_path, *flags), tmp_path)
    assert done.returncode == EXIT_REFUSED
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_no_torch_and_names_the_documents_flags() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(PROGRAM), "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    for flag in ("--data-dir", "--arch", "--epochs", "--batch-size"):
        assert flag in done.stdout
    assert " torch" not in done.stderr
    assert " keras" not in done.stderr


def test_where_weights_come_from_is_told_without_training(tmp_path: Path) -> None:
    arguments = [sys.executable, str(PROGRAM), "--where-weights", "--arch", "resnet50"]
    done = subprocess.run(
        [*arguments, "--weights", "none"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    answer = json.loads(done.stdout)
    assert list(answer) == ["ResNet50"]
    assert answer["ResNet50"]["used"] == "random"
    assert answer["ResNet50"]["sentence"]


def test_copies_of_one_file_stay_in_one_part_and_are_counted(tmp_path: Path) -> None:
    data = draw_tiny_set(tmp_path / "data")
    rows = (data / "metadata.csv").read_text(encoding="utf-8").splitlines()[1:]
    folders = tmp_path / "folders"
    for row in rows:
        name, path, label, _ = row.split(",")
        (folders / label).mkdir(parents=True, exist_ok=True)
        for copy in range(2):
            shutil.copy(data / path, folders / label / f"{name}_copy{copy}.png")
    done = run(command(folders, "--epochs", "1"), tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"copies of other images: {len(rows)};" in done.stdout
    (metadata,) = (tmp_path / "home" / "models").glob("*_metadata.json")
    _, written = done.stdout.split("Files written:")
    assert str(metadata) in written
    content = json.loads(metadata.read_text(encoding="utf-8"))
    digest = {image: each["sha256"] for image, each in content["data"]["files"].items()}
    parts = [{digest[image] for image in ids} for ids in content["split"]["images"].values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(rows)
