"""A preset fills what was left open, and never overrules a choice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import InvalidInput
from server.domain.presets import PRESETS, preset, with_preset
from server.domain.training_request import MAX_EPOCHS, TrainingRequest

CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "architecture": st.sampled_from(sorted(ARCHITECTURES)),
        "epochs": st.integers(1, MAX_EPOCHS),
        "batch_size": st.integers(1, 1024),
        "image_size": st.integers(32, 1024),
        "learning_rate": st.floats(1e-6, 1),
        "seed": st.integers(0, 1000),
    },
)


@given(name=st.sampled_from(sorted(PRESETS)), chosen=CHOICES)
def test_every_preset_with_every_choice_is_a_request_that_holds_the_choice(
    name: str, chosen: dict[str, Any]
) -> None:
    request = TrainingRequest(dataset_name="set", **with_preset(name, chosen)).as_dict()
    assert {field: request[field] for field in chosen} == chosen


def test_standard_is_what_a_request_without_a_preset_asks_for() -> None:
    standard = TrainingRequest(dataset_name="set", **with_preset("standard", {}))
    assert standard == TrainingRequest(dataset_name="set", **with_preset(None, {}))


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_best_looks_at_images_as_large_as_the_backbone_was_made_for(name: str) -> None:
    asked = with_preset("best", {"architecture": name.lower()})
    assert asked["image_size"] == ARCHITECTURES[name].native_size


def test_a_share_of_the_epochs_follows_the_epochs_that_were_chosen() -> None:
    assert with_preset("best", {"epochs": 5})["fine_tune_epochs"] == 4
    assert with_preset("best", {"epochs": 5, "fine_tune_epochs": 0})["fine_tune_epochs"] == 0


def test_quick_suggests_the_light_network_and_leaves_the_choice() -> None:
    assert with_preset("quick", {})["architecture"] == "MobileNetV2"
    assert with_preset("quick", {"architecture": "ResNet50"})["architecture"] == "ResNet50"


def test_a_preset_is_found_in_any_letter_case_and_an_unknown_one_is_refused_by_name() -> None:
    assert preset(" Quick ").name == "quick"
    with pytest.raises(InvalidInput, match="quick, standard, best") as refused:
        preset("fast")
    assert refused.value.where == {"field": "preset"}
