"""The curves: scikit-learn's points, thinned without changing what the diagram shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from server.training.evaluation.curves import MOST_POINTS, describe_curves


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), images=st.integers(4, 60), steps=st.integers(2, 30))
def test_every_point_of_a_short_curve_is_scikit_learns(seed: int, images: int, steps: int) -> None:
    random = np.random.default_rng(seed)
    chances = random.integers(0, steps, (images, 1)) / steps
    truth = np.r_[0, 1, random.integers(0, 2, images - 2)]
    answers = np.hstack([1 - chances, chances])
    found = describe_curves(answers, truth, ("benign", "mel"))

    (roc,) = (each for each in found["roc"] if each["label"] == "mel")
    across, up, _ = reference.roc_curve(truth, answers[:, 1], drop_intermediate=False)
    expected = set(zip(across.round(9), up.round(9), strict=True))
    points = zip(roc["false_positive_rate"], roc["sensitivity"], strict=True)
    assert {(round(x, 9), round(y, 9)) for x, y in points} <= expected
    area = np.trapezoid(roc["sensitivity"], roc["false_positive_rate"])
    assert area == pytest.approx(reference.roc_auc_score(truth, answers[:, 1]))

    (curve,) = (each for each in found["precision_recall"] if each["label"] == "mel")
    precision, recall, _ = reference.precision_recall_curve(truth, answers[:, 1])
    expected = set(zip(recall.round(9), precision.round(9), strict=True))
    points = zip(curve["recall"], curve["precision"], strict=True)
    assert {(round(x, 9), round(y, 9)) for x, y in points} <= expected


def test_a_long_curve_keeps_its_ends_and_its_area() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 20_000)
    chances = 1 / (1 + np.exp(-random.normal(truth, 1.0)))
    answers = np.stack([1 - chances, chances], axis=1)
    found = describe_curves(answers, truth, ("benign", "mel"))
    roc, curve = found["roc"][1], found["precision_recall"][1]
    assert 100 < len(roc["sensitivity"]) <= MOST_POINTS
    assert len(curve["recall"]) <= MOST_POINTS
    assert (roc["false_positive_rate"][0], roc["sensitivity"][0]) == (0, 0)
    assert (roc["false_positive_rate"][-1], roc["sensitivity"][-1]) == (1, 1)
    area = np.trapezoid(roc["sensitivity"], roc["false_positive_rate"])
    assert area == pytest.approx(reference.roc_auc_score(truth, chances), abs=0.002)


def test_a_class_that_does_not_occur_has_no_curve() -> None:
    answers = np.array([[0.9, 0.1], [0.6, 0.4]])
    found = describe_curves(answers, np.array([0, 0]), ("nv", "mel"))
    assert found["roc"] == []
    assert [each["label"] for each in found["precision_recall"]] == ["nv"]
