"""How sure the network may be of its answers: one temperature, fitted on validation.

Dividing the logits by a temperature changes how sure the answers are, and never which class comes
first (Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599). Logits are
[images, classes], ``truth`` is [images], the index of the true class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints

COLDEST, HOTTEST = 0.2, 5.0
"""A temperature beyond these says that validation is too small or too easy to fit one."""
BINS = 15
_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 60


def fit_temperature(logits: Floats, truth: Ints) -> float:
    """The temperature with the lowest negative log-likelihood, from ``COLDEST`` to ``HOTTEST``.

    The likelihood is concave in 1 / T, so it has one top in log T, and a golden section finds it.
    """
    wide = np.asarray(logits, dtype=np.float64)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(wide / math.exp(log_temperature), truth)

    return math.exp(_golden_section(loss, math.log(COLDEST), math.log(HOTTEST)))


def negative_log_likelihood(logits: Floats, truth: Ints) -> float:
    """Mean of −log of the probability that the true class was given; in nats, 0 or more."""
    raised = logits - logits.max(axis=1, keepdims=True)
    true = raised[np.arange(len(truth)), truth]
    return float(np.mean(np.log(np.exp(raised).sum(axis=1)) - true))


def calibrated(logits: Floats, temperature: float) -> npt.NDArray[np.float32]:
    """Probabilities [images, classes] of logits divided by ``temperature``."""
    wide = np.asarray(logits, dtype=np.float64) / temperature
    raised = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def reliability(probabilities: Floats, truth: Ints) -> list[dict[str, Any]]:
    """Answers in ``BINS`` equally wide bins of the probability of the answered class.

    Returns:
        For each bin from 0 to 1: ``low`` and ``high``, its ends (an answer on an edge belongs to
        the bin below); ``images``; ``confidence``, their mean probability, and ``accuracy``, the
        share of right answers, both None in an empty bin.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    images = np.bincount(place, minlength=BINS)
    sure = np.bincount(place, weights=confidence, minlength=BINS)
    hits = np.bincount(place, weights=right, minlength=BINS)
    return [
        {
            "low": number / BINS,
            "high": (number + 1) / BINS,
            "images": int(images[number]),
            "confidence": float(sure[number] / images[number]) if images[number] else None,
            "accuracy": float(hits[number] / images[number]) if images[number] else None,
        }
        for number in range(BINS)
    ]


def expected_calibration_error(bins: list[dict[str, Any]]) -> float:
    """Mean distance of confidence and accuracy over the images, in [0, 1] (Naeini et al., 2015)."""
    images = sum(each["images"] for each in bins)
    gaps = (
        each["images"] * abs(each["confidence"] - each["accuracy"])
        for each in bins
        if each["images"]
    )
    return float(sum(gaps) / images)


def describe_calibration(
    logits: Floats, truth: Ints, temperature: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the temperature did on the test part.

    Args:
        logits: of the test images, before the temperature.

    Returns:
        ``temperature``, ``fitted_on``, ``ece_before``, ``ece_after``, ``nll_before`` and
        ``nll_after``; and the reliability ``before`` and ``after``.
    """
    bins = {
        "before": reliability(calibrated(logits, 1.0), truth),
        "after": reliability(calibrated(logits, temperature), truth),
    }
    wide = np.asarray(logits, dtype=np.float64)
    figures = {
        "temperature": temperature,
        "fitted_on": "validation",
        "ece_before": expected_calibration_error(bins["before"]),
        "ece_after": expected_calibration_error(bins["after"]),
        "nll_before": negative_log_likelihood(wide, truth),
        "nll_after": negative_log_likelihood(wide / temperature, truth),
    }
    return figures, bins


def _golden_section(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley between ``low`` and ``high`` is lowest."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return (low + high) / 2
