"""The measurements' commands answer, and their tables say what was measured. Nothing is timed."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks import memory, pipeline, step, whole_job
from benchmarks.images import TABLE, fresh, multiplied
from benchmarks.measuring import Pairs, Spread, in_turns
from benchmarks.peer import FULL_EPOCHS, PeerRun, whole_run_seconds
from benchmarks.plain_networks import NETWORKS
from benchmarks.results import Results, table
from benchmarks.training import Run
from devtools import benchmarks as from_dev

COMMANDS = {"step": step, "pipeline": pipeline, "whole-job": whole_job, "memory": memory}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_measurement_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` shows what is measured and the line that starts it."""
    with pytest.raises(SystemExit, match="0"):
        COMMANDS[name].parser().parse_args(["--help"])
    assert f"python -m {from_dev.MODULES[name]}" in capsys.readouterr().out


def test_every_measurement_can_be_started_from_dev() -> None:
    """``dev.py bench`` knows all of them."""
    assert set(from_dev.MODULES) == set(COMMANDS)


def test_a_table_is_markdown_with_aligned_columns() -> None:
    """Text to the left, numbers to the right, every line of one length."""
    lines = table(("what", "images/s"), [("ours", Spread(50.0, 49.0, 51.5)), ("theirs", 7)])
    assert lines.splitlines() == [
        "| what   |         images/s |",
        "| ------ | ---------------: |",
        "| ours   | 50.0 (49.0–51.5) |",
        "| theirs |                7 |",
    ]


def test_results_name_the_machine_but_not_the_computer(tmp_path: Path) -> None:
    """Processor, cores and versions stand beside every table; host name and folders do not."""
    results = Results("trial", "A trial", ("a",), [("1",)], ["A note."], {"raw": [1.5]})
    page, raw = results.save(tmp_path)
    content = json.loads(raw.read_text("utf-8"))
    assert content["data"] == {"raw": [1.5]}
    assert content["machine"]["cores"] >= 1
    assert set(content["machine"]["versions"]) >= {"torch", "numpy"}
    for written in (page.read_text("utf-8"), raw.read_text("utf-8")):
        assert "A trial" in written
        assert "A note." in written
        assert platform.node() not in written
        assert str(tmp_path) not in written


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=9))
def test_the_ratio_is_taken_pair_by_pair(theirs: list[float]) -> None:
    """Twice as fast in every pair is a ratio of two, whatever disturbed the pairs."""
    pairs = Pairs(tuple(each / 2 for each in theirs), tuple(theirs))
    assert pairs.ratio.low == pytest.approx(2) == pytest.approx(pairs.ratio.high)


def test_the_two_sides_take_turns_at_going_first() -> None:
    """A warm-up, then ours first, theirs first, ours first …"""
    order: list[str] = []
    in_turns(lambda: order.append("o"), lambda: order.append("t"), pairs=3)
    assert "".join(order) == "ot" + "ot" + "to" + "ot"


def test_missing_epochs_of_the_peer_count_as_the_middle_one() -> None:
    """The first epoch, which builds the graph, is no model for the others."""
    measured = {"total": 200.0, "epochs": [90.0, 40.0, 50.0]}
    assert whole_run_seconds(measured) == 200.0 + (FULL_EPOCHS - 3) * 45.0
    whole = {"total": 1000.0, "epochs": [30.0] * FULL_EPOCHS}
    assert whole_run_seconds(whole) == 1000.0


@pytest.mark.parametrize(("epochs", "said"), [(2, True), (FULL_EPOCHS, False)])
def test_an_extrapolated_time_is_said_in_the_heading(epochs: int, said: bool) -> None:
    """Nobody takes two measured epochs for thirty."""
    peer = PeerRun(3000.0, epochs, 14_000_000_000, _answer(epochs))
    outcome = whole_job.outcome({"default": [_run()]}, [peer], [0], 30)
    assert ("EXTRAPOLATED" in outcome.heading) is said
    assert "1/10.0" in outcome.markdown()


def test_the_memory_table_compares_with_the_first_set() -> None:
    """Growth is the column to look at."""
    options = argparse.Namespace(arch="MobileNetV2", epochs=2, fine_tune_epochs=1, identical=False)
    outcome = memory.outcome({8548: _run(), 100_000: _run(2_100_000_000)}, options)
    assert outcome.rows[1][0] == "100,000"
    assert outcome.rows[1][4] == "+0.10"


PARAMETERS = {
    "MobileNetV2": 2_257_984,
    "ResNet50": 23_587_712,
    "DenseNet169": 12_642_880,
    "EfficientNetB3": 10_783_528,
}
"""As Keras counts them without the top, running statistics included (EfficientNetB3 without the
seven numbers of its normalisation)."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_hand_written_networks_are_those_of_keras(name: str) -> None:
    """As many weights and statistics; that they answer alike is checked at every measurement."""
    backbone = NETWORKS[name](7).backbone
    state = backbone.state_dict().items()
    counted = sum(value.numel() for key, value in state if "num_batches" not in key)
    assert counted == PARAMETERS[name]


@pytest.mark.parametrize("retouched", [True, False])
def test_a_large_set_has_new_names_and_new_lesions(tmp_path: Path, retouched: bool) -> None:
    """Every image has a file and a row; copies are other pictures, or on wish the same bytes."""
    data = _small_set(tmp_path / "data")
    made = multiplied(data, tmp_path / "made", 5, retouched=retouched)
    rows = (made / TABLE).read_text("utf-8").splitlines()[1:]
    files = {path.stem: path.read_bytes() for path in made.rglob("*.jpg")}
    assert sorted(files) == sorted(row.split(",")[1] for row in rows)
    assert len({row.split(",")[0] for row in rows}) == 5
    assert len(set(files.values())) == (5 if retouched else 2)


def test_a_fresh_copy_leaves_earlier_caches_behind(tmp_path: Path) -> None:
    """Every measured run decodes for itself."""
    data = _small_set(tmp_path / "data")
    (data / ".dermascan").mkdir()
    (data / ".dermascan" / "pixels.bin").write_bytes(b"old")
    copy = fresh(data, tmp_path / "copy")
    assert (copy / TABLE).read_bytes() == (data / TABLE).read_bytes()
    assert not (copy / ".dermascan").exists()


def _small_set(folder: Path) -> Path:
    folder.mkdir()
    lines = ["lesion_id,image_id,dx"]
    for number, colour in enumerate(("peru", "sienna")):
        picture = Image.linear_gradient("L").resize((60, 45)).convert("RGB")
        picture = Image.blend(picture, Image.new("RGB", (60, 45), colour), 0.5)
        picture.save(folder / f"ISIC_{number}.jpg")
        lines.append(f"HAM_{number},ISIC_{number},nv")
    (folder / TABLE).write_text("\n".join(lines), "utf-8")
    return folder


def _run(peak: int = 2_000_000_000) -> Run:
    part = {"images": 10, "groups": 7, "by_class": {"nv": 10}}
    metadata = {
        "settings": {"image_size": 160},
        "split": {"counts": {"train": part, "validation": part, "test": part}},
        "metrics": {"test": {"accuracy": 0.7, "balanced_accuracy": 0.71, "macro_auc": 0.94}},
    }
    return Run(300.0, 310.0, peak, 0.01, metadata)


def _answer(epochs: int) -> dict[str, object]:
    return {
        "seconds": {"total": 3000.0, "epochs": [100.0] * epochs},
        "test": {"accuracy": 0.7, "balanced_accuracy": 0.37, "macro_auc": 0.87},
        "images": {"train": 7, "validation": 2, "test": 1},
        "versions": {"tensorflow": "2.21.0"},
        "split": "given",
    }
