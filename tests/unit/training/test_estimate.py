"""A cost comes from a trial that really trained, and the trial leaves no trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.training_cost import TrainingCost, WorkCost
from server.intake.understand import understand
from server.training.dataset import prepare_dataset
from server.training.engine.cache import has_pixels, open_pixels
from tests.unit.training.program import command, draw_tiny_set, run


@pytest.fixture(scope="module")
def estimated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A place with a dataset and a home, and the cost that was estimated there."""
    place = tmp_path_factory.mktemp("an estimate")
    data = draw_tiny_set(place / "set")
    ended = run(command(data, "--estimate", "--epochs", "4"), place / "home")
    assert ended.returncode == 0, ended.stderr
    return place, json.loads(ended.stdout)


def test_every_part_was_measured_and_the_total_is_their_sum(
    estimated: tuple[Path, dict[str, Any]],
) -> None:
    _, cost = estimated
    assert all(part["measured"] > 0 for part in cost["parts"])
    for figure in ("low", "seconds", "high"):
        assert cost[figure] == pytest.approx(sum(part[figure] for part in cost["parts"]))
    assert 0 < cost["low"] <= cost["seconds"] <= cost["high"]
    assert cost["memory_bytes"] > 50_000_000
    assert cost["device"]


def test_the_amounts_are_those_of_the_whole_run(estimated: tuple[Path, dict[str, Any]]) -> None:
    _, cost = estimated
    amounts = {part["work"]: part["amount"] for part in cost["parts"]}
    # 24 lesions of two images, 70 / 20 / 10, no class torn: see the split's own tests.
    assert cost["images"] == 48 == amounts["reading and resizing the images"]
    train = amounts["fine-tuning the whole network"] / 4
    assert 0 < train < 48
    assert cost["image_size"] == 32


def test_what_no_trial_did_is_named_and_not_guessed(
    estimated: tuple[Path, dict[str, Any]],
) -> None:
    _, cost = estimated
    assert cost["not_measured"]
    assert not {part["work"] for part in cost["parts"]} & set(cost["not_measured"])


def test_an_estimate_leaves_no_file_behind(estimated: tuple[Path, dict[str, Any]]) -> None:
    place, _ = estimated
    assert not [path for path in (place / "home").rglob("*") if path.is_file()]
    assert not (place / "set" / ".dermascan").exists()


def test_what_cannot_be_trained_on_is_refused_with_the_sentence_of_the_run(tmp_path: Path) -> None:
    data = draw_tiny_set(tmp_path / "set", lesions=1)
    ended = run(command(data, "--estimate"), tmp_path / "home")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1


def test_images_that_are_resized_already_are_noticed(tmp_path: Path) -> None:
    data = draw_tiny_set(tmp_path / "set")
    dataset = prepare_dataset(data, understand(data), 0, 32, 224)
    assert not has_pixels(data, dataset.hashes, 32)
    records, _ = open_pixels(
        data, dataset.images, dataset.hashes, 32, spare_folder=tmp_path, decoded=lambda _: None
    )
    records.close()
    assert has_pixels(data, dataset.hashes, 32)
    assert not has_pixels(data, dataset.hashes, 64)
    assert not has_pixels(data, dataset.hashes[1:], 32)


NUMBERS = st.floats(0, 1e9)
PARTS = st.builds(WorkCost, st.text(), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
COSTS = st.builds(
    TrainingCost,
    seconds=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    parts=st.lists(PARTS).map(tuple),
    not_measured=st.lists(st.text()).map(tuple),
    warnings=st.lists(st.text()).map(tuple),
    memory_bytes=st.integers(0),
    gpu_memory_bytes=st.none() | st.integers(0),
    device=st.text(),
    image_size=st.integers(32, 1024),
    images=st.integers(0),
    trial_seconds=NUMBERS,
)


@given(COSTS)
def test_the_server_reads_the_cost_that_the_program_printed(cost: TrainingCost) -> None:
    assert TrainingCost.from_dict(json.loads(json.dumps(cost.as_dict()))) == cost
