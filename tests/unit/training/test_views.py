"""The finished network looks at mirror images too, exactly when validation does not lose by it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.domain.errors import InvalidInput
from server.domain.training_request import TrainingRequest
from server.training.again import request_again
from server.training.engine.keras_backend import keras
from server.training.engine.saving import open_onnx
from tests.unit.training.program import command, draw_tiny_set, run
from tests.unit.training.test_from_report import recipe


def _trained(home: Path, views: int) -> tuple[str, dict[str, Any]]:
    """What a run says, and the model's metadata."""
    data = draw_tiny_set(home / "data" / "tiny")
    done = run(command(data, "--epochs", "2", "--views", str(views)), home)
    assert done.returncode == 0, done.stdout
    (metadata,) = (home / "models").glob("*_metadata.json")
    return done.stdout, json.loads(metadata.read_text("utf-8"))


def test_views_are_kept_as_the_log_says_and_the_files_look_at_as_many(tmp_path: Path) -> None:
    log, metadata = _trained(tmp_path, 4)
    sentence = re.search(
        r"balanced accuracy (\S+) as the mean over 4 mirror images of each picture, (\S+) with the "
        r"picture alone: the (mean|picture) is kept",
        log,
    )
    assert sentence is not None, log
    kept = float(sentence[1]) >= float(sentence[2])
    assert (sentence[3] == "mean") == kept
    assert metadata["settings"]["views"] == (4 if kept else 1)
    assert metadata["asked_for"]["views"] == 4
    picture = np.random.default_rng(0).random((1, 32, 32, 3), dtype=np.float32)
    mirrored = np.flip(picture, 1).copy()
    models, files = tmp_path / "models", metadata["files"]
    saved = keras.models.load_model(models / files["h5"])
    for answer in (saved.predict_on_batch, open_onnx(models / files["onnx"])):
        assert (np.abs(answer(picture) - answer(mirrored)).max() < 1e-5) == kept


def test_one_view_is_the_flat_model_that_any_script_knows(tmp_path: Path) -> None:
    log, metadata = _trained(tmp_path, 1)
    assert "mirror" not in log
    assert metadata["settings"]["views"] == 1


@pytest.mark.parametrize("views", [0, 3, 8, -1])
def test_other_numbers_of_views_are_refused_by_name(views: int) -> None:
    with pytest.raises(InvalidInput, match=f"views must be 1, 2 or 4, not {views}"):
        TrainingRequest(dataset_name="set", views=views)


def test_a_report_from_before_there_were_views_is_run_again_with_one() -> None:
    assert request_again(recipe(), {}, "Lesions").views == 1
    assert request_again(recipe(request={"dataset_name": "L", "views": 2}), {}, "L").views == 2
