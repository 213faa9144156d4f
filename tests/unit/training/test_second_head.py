"""After the fine-tuning a second head is fitted and judged by validation, and files agree."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from server.training.engine.keras_backend import keras
from tests.unit.training.engine.networks import write_keras_weights
from tests.unit.training.program import command, draw_tiny_set, run


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a run from a weights file says, and its home."""
    home = tmp_path_factory.mktemp("home")
    data = draw_tiny_set(home / "data" / "tiny")
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3)
    )
    weights = home / "weights.h5"
    write_keras_weights(model, weights)
    flags = ["--weights", str(weights), "--epochs", "4", "--fine-tune-epochs", "3"]
    flags += ["--learning-rate", "0.01"]
    done = run(command(data, *flags), home)
    assert done.returncode == 0, done.stdout
    return done.stdout, home


def test_the_second_head_is_kept_exactly_when_validation_does_not_lose_by_it(
    said: tuple[str, Path],
) -> None:
    log, home = said
    (history,) = (home / "models").glob("*_history.json")
    epochs = json.loads(history.read_text("utf-8"))["epochs"]
    best = [epoch for epoch in epochs if epoch["best"]][-1]
    sentence = re.search(
        r"Validation balanced accuracy (\S+) with both heads, (\S+) with the first: (both|the)", log
    )
    if best["phase"] == "head":
        assert sentence is None  # nothing was tuned that is worth another head
        return
    assert sentence is not None
    joined, alone = float(sentence[1]), float(sentence[2])
    assert alone == pytest.approx(best["val_balanced_accuracy"], abs=6e-4)
    assert (sentence[3] == "both") == (joined >= alone)


def test_the_saved_files_answer_as_the_tested_network_does(said: tuple[str, Path]) -> None:
    (metadata,) = (said[1] / "models").glob("*_metadata.json")
    checked = json.loads(metadata.read_text("utf-8"))["verification"]
    assert checked["largest_difference_onnx"] < 1e-4
    assert checked["largest_difference_h5"] < 1e-4
