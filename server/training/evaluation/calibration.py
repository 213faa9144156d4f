"""How sure the network may be of its answers, fitted on validation: a temperature, and what is
left of the lean towards common classes.

The calibrated logits are z / T − b · log(share), where share is each class's share of the training
images. Dividing by the temperature T changes how sure the answers are, and not which class comes
first (Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599). A network that was
trained as if all classes were equally common ought to need no b; but the better it knows its
training images, the less the adjustment inside its loss moves it, and it leans towards common
classes again. The form is that of bias-corrected temperature scaling (Alexandari et al., arXiv
1901.06852), with one number in place of one a class, because rare classes have few validation
images.

Logits are [images, classes], ``truth`` is [images], the index of the true class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints

COLDEST, HOTTEST = 0.2, 5.0
"""A temperature beyond these says that validation is too small or too easy to fit one."""
BINS = 15
_SPREAD = 0.5
"""Standard deviation of the correction before any image is seen: with few of them it stays near
nothing (maximum a posteriori)."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Calibration:
    """From the logits of the network as trained to calibrated ones.

    Attributes:
        temperature: T, what the logits are divided by; from ``COLDEST`` to ``HOTTEST``.
        correction: b, from 0 (answers as trained) to 1 (as if nothing had been adjusted before).
        log_shares: [classes], logarithm of each class's share of the training images.
    """

    temperature: float
    correction: float
    log_shares: npt.NDArray[np.float64]

    def logits(self, logits: Floats) -> npt.NDArray[np.float64]:
        """The calibrated logits, [images, classes]."""
        return np.asarray(logits, dtype=np.float64) / self.temperature + self.offsets

    @property
    def offsets(self) -> npt.NDArray[np.float64]:
        """What is added to the divided logits, [classes]."""
        return -self.correction * self.log_shares

    def probabilities(self, logits: Floats) -> npt.NDArray[np.float32]:
        """The calibrated probabilities, [images, classes]."""
        return softmax(self.logits(logits))


def fit_calibration(logits: Floats, truth: Ints, shown: Ints, balanced: bool) -> Calibration:
    """Temperature and correction with the lowest negative log-likelihood.

    Args:
        shown: [classes], training images of each class, none zero.
        balanced: every class counts as much as every other, as it did in training, and the lean
            towards common classes is corrected; otherwise every image counts the same.
    """
    wide = np.asarray(logits, dtype=np.float64)
    log_shares = np.log(shown / shown.sum())
    if not balanced:
        return Calibration(_temperature(wide, truth, np.ones(len(truth))), 0.0, log_shares)
    weights = _class_weights(truth)

    def loss(correction: float) -> float:
        moved = Calibration(1.0, correction, log_shares).offsets
        temperature = _temperature(wide, truth, weights, moved)
        misfit = weights @ _log_losses(wide / temperature + moved, truth)
        return float(misfit + 0.5 * (correction / _SPREAD) ** 2)

    correction = _golden_section(loss, 0.0, 1.0)
    moved = Calibration(1.0, correction, log_shares).offsets
    return Calibration(_temperature(wide, truth, weights, moved), correction, log_shares)


def _class_weights(truth: Ints) -> Floats:
    """[images], the same sum for every class, and in all as much as the images are worth: their
    effective number (Kish, 1965), which a class of few images keeps small."""
    weights = 1.0 / np.bincount(truth)[truth]
    return np.asarray(weights * weights.sum() / np.square(weights).sum())


def _temperature(
    logits: Floats, truth: Ints, weights: Floats, moved: Floats | float = 0.0
) -> float:
    """The temperature that fits best for a given correction.

    The likelihood is concave in 1 / T, so it has one top in log T, and a golden section finds it.
    """

    def loss(log_temperature: float) -> float:
        return float(weights @ _log_losses(logits / math.exp(log_temperature) + moved, truth))

    return math.exp(_golden_section(loss, math.log(COLDEST), math.log(HOTTEST)))


def negative_log_likelihood(logits: Floats, truth: Ints) -> float:
    """Mean of −log of the probability that the true class was given; in nats, 0 or more."""
    return float(np.mean(_log_losses(logits, truth)))


def _log_losses(logits: Floats, truth: Ints) -> Floats:
    raised = logits - logits.max(axis=1, keepdims=True)
    true = raised[np.arange(len(truth)), truth]
    return np.asarray(np.log(np.exp(raised).sum(axis=1)) - true)


def softmax(logits: Floats) -> npt.NDArray[np.float32]:
    """Probabilities [images, classes]."""
    wide = np.asarray(logits, dtype=np.float64)
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
    logits: Floats, truth: Ints, calibration: Calibration
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the calibration did on the test part.

    Args:
        logits: of the test images, as trained.

    Returns:
        ``temperature``, ``correction``, ``fitted_on``, ``ece_before``, ``ece_after``,
        ``nll_before`` and ``nll_after``; and the reliability ``before`` and ``after``.
    """
    bins = {
        "before": reliability(softmax(logits), truth),
        "after": reliability(calibration.probabilities(logits), truth),
    }
    figures = {
        "temperature": calibration.temperature,
        "correction": calibration.correction,
        "fitted_on": "validation",
        "ece_before": expected_calibration_error(bins["before"]),
        "ece_after": expected_calibration_error(bins["after"]),
        "nll_before": negative_log_likelihood(np.asarray(logits, dtype=np.float64), truth),
        "nll_after": negative_log_likelihood(calibration.logits(logits), truth),
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
