"""The threshold for malignancy: chosen on validation alone, and reaching what was wanted there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.training.evaluation.operating_point import (
    WANTED_SENSITIVITY,
    at_threshold,
    choose_operating_point,
    choose_threshold,
    is_malignant,
    malignant_columns,
)
from server.training.evaluation.shares import Draws, mean_share, share

HAM10000 = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


@pytest.mark.parametrize(
    "label",
    [
        *("akiec", "bcc", "mel", "MEL", "SCC", "AK", "ACK", "Melanoma", "malignant"),
        "NMSC",
        "Basal Cell Carcinoma",
        "basal_cell_carcinoma",
        "Squamous cell carcinoma",
        "Bowen's disease",
        "actinic keratosis",
        "lentigo maligna",
        "malignant epidermal",
        "Non-melanoma skin cancer",
        "melanoma (less than 0.76 mm)",
        "Kaposi sarcoma",
    ],
)
def test_the_usual_names_of_malignant_classes_are_known(label: str) -> None:
    assert is_malignant(label)


@pytest.mark.parametrize(
    "label",
    [
        *("nv", "NV", "bkl", "df", "vasc", "SEK", "benign", "nevus", "UNK"),
        "seborrheic keratosis",
        "non-malignant",
        "benign (no melanoma)",
        "caramel",
        "melanocytic nevus",
        "solar lentigo",
    ],
)
def test_no_other_class_is_taken_for_malignant(label: str) -> None:
    assert not is_malignant(label)


@settings(deadline=None)
@given(
    scores=st.lists(st.integers(0, 20), min_size=2, max_size=60),
    wanted=st.floats(0.05, 1.0),
    seed=st.integers(0, 1000),
)
def test_the_threshold_is_the_highest_that_reaches_what_is_wanted(
    scores: list[int], wanted: float, seed: int
) -> None:
    found = np.array(scores) / 20
    positive = np.random.default_rng(seed).random(len(found)) < 0.5
    positive[0] = True
    threshold = choose_threshold(found, positive, wanted)
    assert (found[positive] >= threshold).mean() >= wanted - 1e-9
    higher = found[found > threshold]
    if len(higher):
        assert (found[positive] >= higher.min()).mean() < wanted


def test_the_summed_probability_decides_and_the_test_part_chooses_nothing() -> None:
    # a malignant image may be split between two malignant classes and still be found
    answers = np.array([[0.3, 0.3, 0.4], [0.1, 0.1, 0.8], [0.05, 0.0, 0.95], [0.0, 0.2, 0.8]])
    labels = ("bcc", "mel", "nv")
    point = choose_operating_point(answers, np.array([0, 2, 2, 1]), labels)
    assert point["malignant_classes"] == ["bcc", "mel"]
    assert point["wanted_sensitivity"] == WANTED_SENSITIVITY
    assert point["threshold"] == pytest.approx(0.2)
    assert point["validation"]["sensitivity"]["value"] == 1.0
    assert point["validation"]["specificity"]["value"] == 0.5
    test = at_threshold(
        np.array([[0.0, 0.1, 0.9], [0.2, 0.1, 0.7]]),
        np.array([1, 1]),
        malignant_columns(labels),
        point["threshold"],
    )
    assert test["sensitivity"]["value"] == 0.5
    assert test["specificity"]["value"] is None


@pytest.mark.parametrize(
    ("labels", "truth", "said"),
    [
        (("df", "nv"), [0, 1], "No class has a name"),
        (("mel", "bcc"), [0, 1], "Every class is malignant"),
        (("mel", "nv"), [1, 1], "no malignant image"),
    ],
)
def test_without_a_threshold_one_sentence_says_why(
    labels: tuple[str, ...], truth: list[int], said: str
) -> None:
    point = choose_operating_point(np.eye(2)[truth], np.array(truth), labels)
    assert "threshold" not in point
    assert said in point["none_because"]


def test_an_interval_holds_the_figure_and_knows_that_siblings_are_one_lesion() -> None:
    random = np.random.default_rng(0)
    lesions = np.repeat(np.arange(100), 5)
    hits = np.repeat(random.random(100) < 0.8, 5)
    all_of_them = np.ones(500, dtype=bool)
    truth = np.zeros(500, dtype=np.int64)
    found = share(hits, all_of_them, Draws.among(truth, lesions))
    alone = share(hits, all_of_them, Draws.among(truth, np.arange(500)))
    assert found["low"] < found["value"] < found["high"]  # type: ignore[operator]
    # five photographs of a lesion tell as much as one: wider by the root of five
    widths = [each["high"] - each["low"] for each in (found, alone)]  # type: ignore[operator]
    assert widths[0] / widths[1] == pytest.approx(5**0.5, rel=0.15)
    expected = 1.96 * (0.8 * 0.2 / 100) ** 0.5
    assert widths[0] / 2 == pytest.approx(expected, rel=0.2)


def test_a_figure_without_images_or_without_spread_has_no_interval() -> None:
    draws = Draws.among(np.zeros(4, dtype=np.int64), np.arange(4))
    everything, nothing = np.ones(4, dtype=bool), np.zeros(4, dtype=bool)
    assert share(everything, nothing, draws) == {"value": None, "low": None, "high": None}
    assert share(everything, everything, draws) == {"value": 1.0, "low": None, "high": None}
    halves = [np.array([True, True, False, False]), nothing]
    assert mean_share(everything, halves, draws)["value"] == 1.0


def test_ham10000s_malignant_classes_are_three() -> None:
    found = [name for name in HAM10000 if is_malignant(name)]
    assert found == ["akiec", "bcc", "mel"]
