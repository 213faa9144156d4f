"""The temperature: found where scikit-learn's loss is lowest, and never changing an answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch import nn

from server.training.engine.temperature import divide_logits
from server.training.evaluation.calibration import (
    BINS,
    COLDEST,
    HOTTEST,
    calibrated,
    describe_calibration,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
)

Logits = npt.NDArray[np.float64]


def drawn(seed: int, images: int, too_sure: float) -> tuple[Logits, npt.NDArray[np.int64]]:
    """Logits that are ``too_sure`` times what they should be, and truths drawn by the rest."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 1.5, (images, 4))
    chances = calibrated(honest, 1.0).astype(np.float64)
    truth = (chances.cumsum(axis=1) < random.random((images, 1))).sum(axis=1).clip(max=3)
    return honest * too_sure, truth


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_network_too_sure(too_sure: float) -> None:
    logits, truth = drawn(3, 20_000, too_sure)
    assert fit_temperature(logits, truth) == pytest.approx(too_sure, rel=0.04)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), too_sure=st.floats(0.3, 4))
def test_no_other_temperature_fits_validation_better(seed: int, too_sure: float) -> None:
    logits, truth = drawn(seed, 40, too_sure)
    found = fit_temperature(logits, truth)
    best = negative_log_likelihood(logits / found, truth)
    others = np.geomspace(COLDEST, HOTTEST, 50)
    assert COLDEST <= found <= HOTTEST
    assert best <= min(negative_log_likelihood(logits / each, truth) for each in others) + 1e-9


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), temperature=st.floats(COLDEST, HOTTEST))
def test_a_temperature_never_changes_an_answer(seed: int, temperature: float) -> None:
    logits, _ = drawn(seed, 50, 2.0)
    answers = calibrated(logits, temperature)
    assert (answers.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert answers.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-6)


def test_the_likelihood_is_that_of_scikit_learn() -> None:
    logits, truth = drawn(1, 300, 1.7)
    chances = calibrated(logits, 1.0).astype(np.float64)
    expected = log_loss(truth, chances / chances.sum(axis=1, keepdims=True), labels=range(4))
    assert negative_log_likelihood(logits, truth) == pytest.approx(expected, abs=1e-5)


def test_reliability_worked_by_hand() -> None:
    #                         right      wrong       right        right, on the edge of a bin
    answers = np.array([[0.98, 0.02], [0.97, 0.03], [0.35, 0.65], [0.4, 0.6]])
    bins = reliability(answers, np.array([0, 1, 1, 1]))
    assert len(bins) == BINS
    assert sum(each["images"] for each in bins) == 4
    assert bins[-1]["images"] == 2
    assert bins[-1]["confidence"] == pytest.approx(0.975)
    assert bins[-1]["accuracy"] == 0.5
    assert [each["images"] for each in bins[8:10]] == [1, 1]
    assert bins[0] == {
        "low": 0.0,
        "high": pytest.approx(1 / 15),
        "images": 0,
        "confidence": None,
        "accuracy": None,
    }
    expected = (2 * 0.475 + 0.35 + 0.4) / 4
    assert expected_calibration_error(bins) == pytest.approx(expected)


def test_a_network_that_is_too_sure_is_better_calibrated_on_other_images_too() -> None:
    validation, test = drawn(5, 2_000, 3.0), drawn(6, 2_000, 3.0)
    figures, bins = describe_calibration(*test, fit_temperature(*validation))
    assert figures["ece_after"] < 0.3 * figures["ece_before"]
    assert figures["nll_after"] < figures["nll_before"]
    assert set(bins) == {"before", "after"}


def test_the_head_itself_answers_with_the_temperature() -> None:
    head = nn.Sequential(nn.Linear(5, 6), nn.Dropout(0.2), nn.Linear(6, 3)).eval()
    features = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    before = head(features)
    divide_logits(head, 1.7)
    torch.testing.assert_close(head(features), before / 1.7)
    with pytest.raises(ValueError, match="no linear layer"):
        divide_logits(nn.Dropout(), 2.0)
