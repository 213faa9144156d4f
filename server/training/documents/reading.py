"""Reads a report's plain JSON: what an older or newer program left out is empty, never an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]

HEADLINE = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "macro_auc": "Macro AUC",
    "macro_average_precision": "Macro average precision",
}
"""Figures of the whole test part, the one to look at first in front."""

PER_CLASS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "auc": "AUC",
    "average_precision": "Average precision",
    "pauc_80": "pAUC ≥ 80 % sens.",
}
"""Figures of one class."""

COLUMNS = {"body_site": "body site", "dx_type": "kind of confirmation", "skin_tone": "skin tone"}
"""Columns of the metadata whose name is not yet a word."""

PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval, where it has one."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """The value alone."""
        return UNKNOWN if self.value is None else f"{self.value:.3f}"

    @property
    def interval(self) -> str:
        """``0.61 to 0.78``; empty without one."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:.2f} to {self.high:.2f}"

    @property
    def whole(self) -> str:
        """The value and its interval on one line."""
        return f"{self.text} ({self.interval})" if self.interval else self.text


def fields(value: Any) -> Fields:
    """The object at a place; empty when there is none."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The list at a place; empty when there is none."""
    return list(value) if isinstance(value, list | tuple) else []


def number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def count(value: Any) -> int:
    """A number of things; 0 when it is not known."""
    return int(number(value) or 0)


def estimate(value: Any) -> Estimate:
    """A figure given bare or as ``{value, low, high}``."""
    if isinstance(value, Mapping):
        return Estimate(*(number(value.get(key)) for key in ("value", "low", "high")))
    return Estimate(number(value))


def text(value: Any) -> str:
    """A setting or a name as a person reads it."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {text(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(text(part) for part in value)
    return str(value)


def title(key: str) -> str:
    """``batch_size`` as ``Batch size``."""
    return key.replace("_", " ").strip().capitalize()


def column_name(key: str) -> str:
    """What a column of the metadata is about, within a sentence."""
    return COLUMNS.get(key, key.replace("_", " "))


def labels(report: Fields) -> list[str]:
    """The classes in label order."""
    return [str(label) for label in items(fields(report.get("confusion_matrix")).get("labels"))]


def reason(value: Any) -> str:
    """Why a section has no figures; empty when it does not say."""
    if isinstance(value, str):
        return value
    for key in ("none_because", "why", "reason"):
        if isinstance(found := fields(value).get(key), str):
            return found
    return ""
