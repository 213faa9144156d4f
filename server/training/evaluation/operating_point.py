"""The threshold that finds a wanted share of the malignant lesions, chosen on validation.

The score of an image is the sum of the probabilities of all malignant classes; it is called
malignant when the score reaches the threshold. The test part only shows what became of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints
from server.training.evaluation.shares import Draws, Marks, share

WANTED_SENSITIVITY = 0.95

ABBREVIATIONS = frozenset(
    [
        "mel",
        "bcc",
        "scc",
        "akiec",
        "ak",
        "ack",
        "nmsc",
        "mcc",
        "lmm",
        "iec",
        "bowen",
        "bowens",
        "cancer",
        "cancerous",
    ]
)
"""Names of malignant classes that stand alone, in HAM10000, ISIC, PAD-UFES-20 and elsewhere.
Actinic keratoses count, as in HAM10000's ``akiec``: they may become a carcinoma and are treated."""
WORDS = frozenset(
    [
        "malignant",
        "melanoma",
        "melanomas",
        "carcinoma",
        "carcinomas",
        "sarcoma",
        "sarcomas",
        "lymphoma",
        "metastasis",
        "metastases",
    ]
)
PHRASES = (
    "actinic keratosis",
    "actinic keratoses",
    "lentigo maligna",
    "mycosis fungoides",
    "bowen s disease",
    "bowen disease",
    "bowens disease",
    "skin cancer",
)
DENIALS = frozenset(["no", "non", "not", "benign", "versus", "vs", "pseudo", "without"])
"""A name with one of these, such as *non-malignant*, counts only by a phrase."""


def is_malignant(label: str) -> bool:
    """Whether a class's name is one that is used for malignant lesions, in any letter case."""
    words = re.findall(r"[a-z]+", label.casefold())
    text = " ".join(words)
    if text == "non melanoma skin cancer":
        return True
    if DENIALS & set(words):
        return False
    named = text in ABBREVIATIONS or bool(WORDS & set(words))
    return named or any(phrase in text for phrase in PHRASES)


def malignant_columns(labels: Sequence[str]) -> npt.NDArray[np.bool_]:
    """[classes], which of them are malignant."""
    return np.array([is_malignant(label) for label in labels], dtype=np.bool_)


def malignant_score(probabilities: Floats, malignant: Marks) -> npt.NDArray[np.float64]:
    """[images], the summed probability of the malignant classes."""
    scores = np.asarray(probabilities, dtype=np.float64)[:, malignant].sum(axis=1)
    return np.asarray(scores)


def choose_threshold(scores: Floats, positive: Marks, wanted: float = WANTED_SENSITIVITY) -> float:
    """The highest threshold that at least a ``wanted`` share of the positives reaches."""
    best_first = np.sort(scores[positive])[::-1]
    return float(best_first[math.ceil(wanted * len(best_first) - 1e-9) - 1])


def choose_operating_point(
    probabilities: Floats, truth: Ints, labels: Sequence[str], draws: Draws | None = None
) -> dict[str, Any]:
    """The threshold and what it does on the validation part it was chosen on.

    Returns:
        ``malignant_classes``, ``wanted_sensitivity``, ``threshold``, ``score``, and ``validation``
        as ``at_threshold`` gives it; or ``malignant_classes`` and ``none_because``, one sentence.
    """
    malignant = malignant_columns(labels)
    classes = [label for label, is_one in zip(labels, malignant, strict=True) if is_one]
    why = _why_none(malignant, truth)
    if why:
        return {"malignant_classes": classes, "none_because": why}
    threshold = choose_threshold(malignant_score(probabilities, malignant), malignant[truth])
    return {
        "malignant_classes": classes,
        "wanted_sensitivity": WANTED_SENSITIVITY,
        "threshold": threshold,
        "score": "sum of the probabilities of the malignant classes",
        "validation": at_threshold(probabilities, truth, malignant, threshold, draws),
    }


def at_threshold(
    probabilities: Floats,
    truth: Ints,
    malignant: Marks,
    threshold: float,
    draws: Draws | None = None,
) -> dict[str, Any]:
    """``sensitivity`` and ``specificity`` as figures, and how many images each rests on."""
    called = malignant_score(probabilities, malignant) >= threshold
    positive = malignant[truth]
    return {
        "sensitivity": share(called, positive, draws),
        "specificity": share(~called, ~positive, draws),
        "malignant_images": int(positive.sum()),
        "other_images": int((~positive).sum()),
    }


def _why_none(malignant: Marks, truth: Ints) -> str | None:
    if not malignant.any():
        return "No class has a name that is known for malignant lesions, so no threshold was set."
    if malignant.all():
        return "Every class is malignant, so there is nothing to tell them from."
    if not malignant[truth].any():
        return "The validation part has no malignant image, so no threshold could be chosen."
    return None
