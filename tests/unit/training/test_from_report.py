"""``--from-report``: the same training again, or one sentence on what is not the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from server.domain.errors import InvalidInput
from server.domain.events import EXIT_FINISHED, EXIT_REFUSED
from server.training.again import other_versions, request_again
from server.training.recipe import Recipe, read_report, recipe_of
from tests.unit.training.program import PROGRAM, command, draw_tiny_set, run


def recipe(**changes: Any) -> Recipe:
    content: dict[str, Any] = {
        "format": 1,
        "request": {
            "dataset_name": "Lesions",
            "architecture": "MobileNetV2",
            "epochs": 3,
            "weights": "auto",
        },
        "weights": {"used": "imagenet", "file": "w.h5", "sha256": "ab"},
        "data_hash": "cd",
        "images": {name: [] for name in ("id", "sha256", "label", "group", "part")},
        "is_sample": False,
        "device": "CPU, 2 threads",
        "bfloat16": False,
        "versions": {"dermascan": "0.1.0", "torch": "2.13.0"},
    }
    return recipe_of({"recipe": content | changes}, Path("a_report.json"))


def test_the_settings_are_those_of_the_report() -> None:
    request = request_again(recipe(), {}, "Other name")
    assert (request.epochs, request.architecture, request.dataset_name) == (
        *(3, "MobileNetV2"),
        "Other name",
    )


@pytest.mark.parametrize("given", [{"epochs": 3}, {"architecture": "ResNet50"}, {"preset": "best"}])
def test_nothing_may_be_set_beside_the_report(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="cannot stand beside --from-report"):
        request_again(recipe(), given, "Lesions")


def test_a_random_start_stays_one_even_where_weights_could_be_had_now() -> None:
    random = recipe(weights={"used": "random", "file": None, "sha256": None})
    assert request_again(random, {}, "Lesions").weights == "none"


def test_a_weights_file_may_be_named_where_it_lies_now() -> None:
    from_file = recipe(weights={"used": "file", "file": "mine.h5", "sha256": "ab"})
    assert request_again(from_file, {"weights": "here.h5"}, "Lesions").weights == "here.h5"


def test_settings_of_another_version_are_refused_by_name() -> None:
    later = recipe(request={"dataset_name": "Lesions", "mixup": 0.2})
    with pytest.raises(InvalidInput, match=r"does not know: mixup; use the version 0\.1\.0"):
        request_again(later, {}, "Lesions")


def test_versions_and_devices_that_differ_are_named_and_equal_ones_are_not() -> None:
    now = {"dermascan": "0.1.0", "torch": "2.14.0"}
    said = other_versions(recipe(), now, "CPU, 8 threads")
    assert said is not None
    assert "torch 2.14.0, not 2.13.0" in said
    assert "device CPU, 8 threads, not CPU, 2 threads" in said
    assert "dermascan" not in said
    assert other_versions(recipe(), recipe()["versions"], "CPU, 2 threads") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_report_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x_report.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="is not a report; give the"):
        read_report(path)


def _models(home: Path) -> set[Path]:
    return set((home / "models").glob("*.h5"))


def _weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    found: dict[str, np.ndarray[Any, Any]] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file["model_weights"].visititems(take)
    return found


def test_the_same_report_data_and_machine_give_the_same_weights_bit_for_bit(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    data = draw_tiny_set(home / "data" / "Tiny")
    first = run(command(data, "--epochs", "3", "--fine-tune-epochs", "1", "--seed", "5"), home)
    assert first.returncode == EXIT_FINISHED, first.stdout + first.stderr
    (model,) = _models(home)
    (report,) = (home / "models").glob("*_report.json")

    words = command(data)
    again = run([words[0], str(PROGRAM), "--from-report", str(report)], home)
    assert again.returncode == EXIT_FINISHED, again.stdout + again.stderr
    assert "Not everything is as it was" not in again.stdout
    (second,) = _models(home) - {model}
    before, now = _weights(model), _weights(second)
    assert before.keys() == now.keys()
    assert len(before) > 100
    for name, values in before.items():
        assert np.array_equal(values, now[name]), name

    table = data / "metadata.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(rows[:-1]) + "\n", encoding="utf-8")
    refused = run([words[0], str(PROGRAM), "--from-report", str(report)], home)
    assert refused.returncode == EXIT_REFUSED
    said = refused.stdout + refused.stderr
    assert "are not those of the report: 1 missing, such as nevus_7_1" in said
    assert "Traceback" not in said

    beside = run([*command(data, "--epochs", "9"), "--from-report", str(report)], home)
    assert beside.returncode == EXIT_REFUSED
    assert "cannot stand beside --from-report" in beside.stderr
    assert json.loads(report.read_text(encoding="utf-8"))["recipe"]["request"]["seed"] == 5
