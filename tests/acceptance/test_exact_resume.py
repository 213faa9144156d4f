"""A run that is killed at any step and goes on gives the same model, bit for bit, on a processor.

The program writes a checkpoint after every step here, instead of every few minutes, and
ends itself with SIGKILL: before a step that is drawn at random, or in the middle of writing a
checkpoint. One start is from random weights; the other from a weights file, with kept features,
batches in lanes, an average of the weights and a second head.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from server.training.engine.keras_backend import keras
from tests.unit.training.engine.networks import write_keras_weights
from tests.unit.training.program import (
    PATIENCE_SECONDS,
    REPOSITORY,
    command,
    draw_tiny_set,
    environment,
    read_events,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL"),
]

EPOCHS, HEAD_EPOCHS = 5, 2
FLAGS = ["--epochs", str(EPOCHS), "--fine-tune-epochs", str(EPOCHS - HEAD_EPOCHS)]

_PROGRAM = """
import os, signal, sys
os.environ["OMP_WAIT_POLICY"] = "passive"
os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, sys.argv[1])
kill_at, moment = int(sys.argv[2]), sys.argv[3]
from server.training import learn
from server.training.engine import checkpoint, pace
from server.training.engine.step import Step
pace.EVERY_SECONDS, pace.SHARE, pace.ALLOWANCE_SECONDS = 0.0, 1e9, 1e9
learn._AVERAGE_DECAY = 0.8
taken, learn_one, sync = 0, Step.__call__, os.fsync

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def step(self, *arguments):
    global taken
    taken += 1
    if taken == kill_at and moment == "before a step":
        die()
    return learn_one(self, *arguments)

def fsync(file):
    if kill_at and taken >= kill_at and moment == "while writing":
        os.ftruncate(file, os.fstat(file).st_size // 2)
        die()
    sync(file)

Step.__call__ = step
checkpoint.os.fsync = fsync
from server.training.cli import main
sys.exit(main(sys.argv[4:]))
"""


@dataclass(frozen=True)
class Beginning:
    """What a run begins with: its images, how many of them a step takes, and its weights."""

    data: Path
    batch: int
    weights: str


def train(
    beginning: Beginning, home: Path, *more: str | Path, kill: tuple[int, str] = (0, "never")
) -> int:
    """Run the program, killed before step ``kill[0]`` of this attempt or in the writing after it.

    Returns:
        The exit code.
    """
    home.mkdir(parents=True, exist_ok=True)
    chosen = ["--batch-size", str(beginning.batch), "--weights", beginning.weights]
    flags = command(beginning.data, *FLAGS, *chosen, "--output-dir", home / "models", *more)[2:]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(REPOSITORY), str(kill[0]), kill[1], *flags],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stdout + done.stderr
    return done.returncode


def result(home: Path) -> dict[str, Any]:
    """What a model says of itself, without clocks and names."""
    (metadata,) = (home / "models").glob("*_metadata.json")
    (history,) = (home / "models").glob("*_history.json")
    found = json.loads(metadata.read_text(encoding="utf-8"))
    epochs = json.loads(history.read_text(encoding="utf-8"))["epochs"]
    clocks = ("time", "seconds", "waiting_share")
    curve = [{key: epoch[key] for key in epoch if key not in clocks} for epoch in epochs]
    return {"curve": curve, "metrics": found["metrics"], "best_epoch": found["best_epoch"]}


def steps_an_epoch(home: Path, batch: int) -> int:
    """Steps that each epoch of the finished run took."""
    (metadata,) = (home / "models").glob("*_metadata.json")
    counts = json.loads(metadata.read_text(encoding="utf-8"))["split"]["counts"]
    return -(-int(counts["train"]["images"]) // batch)


def weights(home: Path) -> dict[str, npt.NDArray[np.generic]]:
    """Every array of the saved network."""
    (path,) = (home / "models").glob("*.h5")
    found: dict[str, npt.NDArray[np.generic]] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(take)
    return found


@pytest.fixture(scope="module", params=["random weights", "a weights file"])
def beginning(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Beginning:
    folder = tmp_path_factory.mktemp("data")
    if request.param == "random weights":
        return Beginning(draw_tiny_set(folder / "tiny", lesions=6), batch=4, weights="none")
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3)
    )
    path = folder / "weights.h5"
    write_keras_weights(model, path)
    return Beginning(draw_tiny_set(folder / "tiny", lesions=24), batch=16, weights=str(path))


@pytest.fixture(scope="module")
def undisturbed(beginning: Beginning, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("undisturbed")
    assert train(beginning, home) == 0
    return home


@pytest.mark.parametrize("moment", ["before a step", "while writing"])
def test_killed_in_both_phases_and_gone_on_gives_the_same_model_bit_for_bit(
    beginning: Beginning, undisturbed: Path, tmp_path: Path, moment: str
) -> None:
    seed = int(os.environ.get("DERMASCAN_TEST_SEED", random.randrange(10**6)))
    chosen = random.Random(seed)
    steps = steps_an_epoch(undisturbed, beginning.batch)
    in_head = steps * chosen.randrange(HEAD_EPOCHS) + chosen.randrange(3, steps + 1)
    in_fine_tuning = steps * (HEAD_EPOCHS + chosen.randrange(2)) + chosen.randrange(3, steps + 1)
    print(f"DERMASCAN_TEST_SEED={seed}: killed at steps {in_head} and {in_fine_tuning}")
    resume: list[str | Path] = []
    # The second attempt begins at the step at which the first one died.
    for attempt, kill in enumerate([in_head, in_fine_tuning - in_head + 1, 0]):
        events, run_dir = tmp_path / f"{attempt}.jsonl", tmp_path / f"run-{attempt}"
        places = ["--events", events, "--run-dir", run_dir, *resume]
        code = train(beginning, tmp_path, *places, kill=(kill, moment))
        assert code == (-signal.SIGKILL if kill else 0)
        resume = ["--resume-from", run_dir / "checkpoint.pt"]
    starts = [read_events(tmp_path / f"{attempt}.jsonl")[0] for attempt in range(3)]
    assert [start["resumed_from_epoch"] is None for start in starts] == [True, False, False]
    log = (tmp_path / "logs" / "training.log").read_text(encoding="utf-8")
    assert log.count("Going on inside epoch") == 2, "no more than a step is lost"

    assert result(tmp_path) == result(undisturbed)
    found, expected = weights(tmp_path), weights(undisturbed)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
