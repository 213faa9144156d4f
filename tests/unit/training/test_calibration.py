"""Temperature and correction: found where scikit-learn's loss is lowest, and only there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch import nn

from server.training.engine.last_layer import calibrate_last_layer
from server.training.evaluation.calibration import (
    BINS,
    COLDEST,
    HOTTEST,
    Calibration,
    describe_calibration,
    expected_calibration_error,
    fit_calibration,
    negative_log_likelihood,
    reliability,
    softmax,
)

EVENLY = np.ones(4, dtype=np.int64)
Logits = npt.NDArray[np.float64]


def drawn(seed: int, images: int, too_sure: float) -> tuple[Logits, npt.NDArray[np.int64]]:
    """Logits that are ``too_sure`` times what they should be, and truths drawn by the rest."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 1.5, (images, 4))
    chances = softmax(honest).astype(np.float64)
    truth = (chances.cumsum(axis=1) < random.random((images, 1))).sum(axis=1).clip(max=3)
    return honest * too_sure, truth


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_network_too_sure(too_sure: float) -> None:
    logits, truth = drawn(3, 20_000, too_sure)
    found = fit_calibration(logits, truth, EVENLY, balanced=False)
    assert found.temperature == pytest.approx(too_sure, rel=0.04)
    assert found.correction == 0


@pytest.mark.parametrize("lean", [0.0, 0.4, 0.8])
def test_the_correction_undoes_a_lean_towards_common_classes(lean: float) -> None:
    logits, truth = drawn(4, 20_000, 2.0)
    shown = np.array([700, 200, 80, 20])
    leaning = logits + 2.0 * lean * np.log(shown / shown.sum())
    found = fit_calibration(leaning, truth, shown, balanced=True)
    assert found.temperature == pytest.approx(2.0, rel=0.06)
    assert found.correction == pytest.approx(lean, abs=0.04)
    assert found.logits(leaning) == pytest.approx(logits / 2.0, abs=0.6)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), shown=st.lists(st.integers(1, 900), min_size=4, max_size=4))
def test_a_handful_of_images_hardly_moves_the_answers(seed: int, shown: list[int]) -> None:
    logits, truth = drawn(seed, 8, 1.0)
    found = fit_calibration(logits, truth, np.array(shown), balanced=True)
    assert COLDEST <= found.temperature <= HOTTEST
    assert 0 <= found.correction <= 1


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), times=st.integers(2, 5))
def test_how_common_a_class_is_in_validation_does_not_matter(seed: int, times: int) -> None:
    logits, truth = drawn(seed, 200, 1.5)
    repeat = np.where(truth == 0, times, 1)
    shown = np.array([700, 200, 80, 20])
    found = fit_calibration(logits, truth, shown, balanced=True)
    again = fit_calibration(
        logits.repeat(repeat, axis=0), truth.repeat(repeat), shown, balanced=True
    )
    # only the weight against the prior moves with the number of images
    assert again.correction == pytest.approx(found.correction, abs=0.12)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), too_sure=st.floats(0.3, 4))
def test_no_other_temperature_fits_validation_better(seed: int, too_sure: float) -> None:
    logits, truth = drawn(seed, 40, too_sure)
    found = fit_calibration(logits, truth, EVENLY, balanced=False).temperature
    best = negative_log_likelihood(logits / found, truth)
    others = np.geomspace(COLDEST, HOTTEST, 50)
    assert COLDEST <= found <= HOTTEST
    assert best <= min(negative_log_likelihood(logits / each, truth) for each in others) + 1e-9


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), temperature=st.floats(COLDEST, HOTTEST))
def test_a_temperature_never_changes_an_answer(seed: int, temperature: float) -> None:
    logits, _ = drawn(seed, 50, 2.0)
    answers = Calibration(temperature, 0.0, np.zeros(4)).probabilities(logits)
    assert (answers.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert answers.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-6)


def test_the_likelihood_is_that_of_scikit_learn() -> None:
    logits, truth = drawn(1, 300, 1.7)
    chances = softmax(logits).astype(np.float64)
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
    figures, bins = describe_calibration(
        *test, fit_calibration(*validation, EVENLY, balanced=False)
    )
    assert figures["ece_after"] < 0.3 * figures["ece_before"]
    assert figures["nll_after"] < figures["nll_before"]
    assert set(bins) == {"before", "after"}


def test_the_head_itself_answers_as_calibrated() -> None:
    head = nn.Sequential(nn.Linear(5, 6), nn.Dropout(0.2), nn.Linear(6, 3)).eval()
    features = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    before = head(features)
    calibration = Calibration(1.7, 0.4, np.log([0.7, 0.2, 0.1]))
    calibrate_last_layer(head, calibration.temperature, calibration.offsets)
    expected = calibration.logits(before.detach().numpy())
    torch.testing.assert_close(head(features), torch.from_numpy(expected).float())
    with pytest.raises(ValueError, match="no linear layer"):
        calibrate_last_layer(nn.Dropout(), 2.0, np.zeros(3))
