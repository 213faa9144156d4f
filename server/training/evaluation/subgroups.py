"""How well the network does by age, sex, body site, kind of confirmation and skin tone.

A column that the metadata do not have is not there. A group of fewer than ``FEW_LESIONS`` lesions
is marked small: its figures may be off by far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from server.intake.manifest import LesionImage
from server.training.evaluation.figure import Figure
from server.training.evaluation.metrics import Floats, Ints
from server.training.evaluation.operating_point import at_threshold
from server.training.evaluation.patient_columns import (
    UNKNOWN,
    Column,
    age_in_years,
    find_columns,
    with_rare_ones_joined,
)
from server.training.evaluation.shares import Draws, Marks, mean_share, share

FEW_LESIONS = 20
BANDS = ((30.0, "under 30"), (45.0, "30–44"), (60.0, "45–59"), (75.0, "60–74"))
"""Upper end, not included, and name of each band of ages in years."""
OLDEST = "75 and over"


def describe_subgroups(
    images: Sequence[LesionImage],
    probabilities: Floats,
    truth: Ints,
    draws: Draws,
    malignant: tuple[Marks, float] | None = None,
) -> list[dict[str, Any]]:
    """The figures of every value of every known column.

    Args:
        images: [images] of the test part.
        draws: their lesions, drawn again.
        malignant: which classes are, and the threshold; None = there is none.

    Returns:
        For each: ``column``, ``named`` (as in the table), ``value``, ``images``, ``lesions``,
        ``small``, and as figures ``accuracy``, ``balanced_accuracy`` over the classes that occur
        in it, and ``malignant_sensitivity`` and ``malignant_specificity`` at the threshold.
    """
    rows = []
    for column in find_columns(images).values():
        values = np.array(_values(column))
        for value in _in_order(column.role, values.tolist()):
            chosen = values == value
            part = draws.within(chosen)
            count = part.weights.shape[1]
            rows.append(
                {
                    "column": column.role,
                    "named": column.name,
                    "value": value,
                    "images": int(chosen.sum()),
                    "lesions": count,
                    "small": count < FEW_LESIONS,
                    **_figures(probabilities[chosen], truth[chosen], malignant, part),
                }
            )
    return rows


def age_band(value: str | None) -> str:
    """The band of an age as the table writes it."""
    years = age_in_years(value)
    if years is None:
        return UNKNOWN
    return next((name for end, name in BANDS if years < end), OLDEST)


def _values(column: Column) -> list[str]:
    if column.role == "age":
        return [age_band(value) for value in column.values]
    return with_rare_ones_joined(column.values)


def _in_order(role: str, values: Sequence[str]) -> list[str]:
    """Ages and skin tones from low to high, others most common first; not known at the end."""
    names = sorted(set(values))
    if role == "age":
        bands = [name for _, name in BANDS] + [OLDEST, UNKNOWN]
        return [name for name in bands if name in names]
    if role != "skin_tone":
        names.sort(key=lambda name: -values.count(name))
    return [name for name in names if name != UNKNOWN] + [UNKNOWN] * (UNKNOWN in names)


def _figures(
    probabilities: Floats, truth: Ints, malignant: tuple[Marks, float] | None, draws: Draws
) -> dict[str, Figure]:
    right = probabilities.argmax(axis=1) == truth
    classes = [truth == code for code in np.unique(truth)]
    found = {
        "accuracy": share(right, np.ones_like(right), draws),
        "balanced_accuracy": mean_share(right, classes, draws),
    }
    if malignant is not None:
        reached = at_threshold(probabilities, truth, *malignant, draws)
        found["malignant_sensitivity"] = reached["sensitivity"]
        found["malignant_specificity"] = reached["specificity"]
    return found
