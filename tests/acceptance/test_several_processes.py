"""Several processes learn what one learns: torchrun with the same flags, on processors."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.training.program import command, draw_tiny_set, read_events, run

pytestmark = pytest.mark.slow

FLAGS = ["--epochs", "4", "--fine-tune-epochs", "2", "--learning-rate", "0.003"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

_START = """
import os, sys
os.environ["OMP_WAIT_POLICY"] = "passive"
os.environ["KERAS_BACKEND"] = "torch"
import keras
keras.utils.set_random_seed(3)
model = keras.applications.MobileNetV2(
    input_shape=(32, 32, 3), include_top=False, weights=None)
# Four times as large, so that a signal comes out at the end and there is something to learn from.
model.set_weights([4 * each if each.ndim == 4 else each for each in model.get_weights()])
model.save_weights(sys.argv[1])
"""


def test_two_processes_learn_the_same_as_one_and_the_first_alone_speaks_and_saves(
    tmp_path: Path,
) -> None:
    data = draw_tiny_set(tmp_path / "data" / "tiny", lesions=6)
    weights = tmp_path / "start.weights.h5"
    made = run([sys.executable, "-c", _START, str(weights)], tmp_path / "made")
    assert made.returncode == 0, made.stderr
    curves: list[list[dict[str, Any]]] = []
    headlines: list[dict[str, float]] = []
    for name, starter in (("one", []), ("two", TORCHRUN)):
        home = tmp_path / name
        events = home / "events.jsonl"
        flags = [*FLAGS, "--batch-size", "7", "--weights", str(weights), "--events", str(events)]
        python, *arguments = command(data, *flags)
        done = run([*(starter or [python]), *arguments], home)
        assert done.returncode == 0, done.stdout + done.stderr
        said = read_events(events)
        curves.append([event for event in said if event["event"] == "epoch"])
        headlines.append(said[-1]["headline"])
        assert [event["event"] for event in said].count("finished") == 1
        assert len(list((home / "models").glob("*.h5"))) == 1
        assert done.stdout.count("Epoch 4/4") == 1
    one, two = curves
    assert [epoch["epoch"] for epoch in two] == [1, 2, 3, 4]
    assert abs(one[0]["loss"] - one[-1]["loss"]) > 0.01, "nothing was learnt"
    for alone, together in zip(one, two, strict=True):
        for figure in ("loss", "val_loss"):
            assert together[figure] == pytest.approx(alone[figure], abs=1e-4), alone["epoch"]
        assert together["accuracy"] == alone["accuracy"]
    (metadata,) = (tmp_path / "two" / "models").glob("*_metadata.json")
    assert json.loads(metadata.read_text(encoding="utf-8"))["best_epoch"] >= 1
    assert headlines[1] == pytest.approx(headlines[0], abs=1e-3)
