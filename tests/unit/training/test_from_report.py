"""``--from-report``: the same training again, or one sentence on what is not the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.domain.errors import InvalidInput
from server.training.again import other_versions, request_again
from server.training.recipe import Recipe, read_report, recipe_of


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
