"""What the values of a column that leaks say of the label."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from server.intake.manifest import Manifest

MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class LeakingValue:
    """One value of a column: how many images have it, and of which classes they are."""

    value: str
    images: int
    labels: dict[str, int]


@dataclass(frozen=True, slots=True)
class LeakingColumn:
    """A column that gives the label away.

    Attributes:
        values: the most common first, at most 12.
        different: how many values there are; 0 where the column was left in the table.
        guessed: share of the labelled images whose class is the commonest one of their value.
        commonest: the same for whoever always names the commonest class.
    """

    name: str
    values: tuple[LeakingValue, ...]
    different: int
    guessed: float
    commonest: float


def leaking_column(manifest: Manifest, name: str) -> LeakingColumn:
    """What the values of a column say of the label."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for image in manifest.images:
        value = image.attributes.get(name)
        if value and image.label:
            labels[value][image.label] += 1
    total = sum(counts.total() for counts in labels.values())
    all_labels = sum(labels.values(), Counter[str]())
    right = sum(max(counts.values()) for counts in labels.values())
    often = sorted(labels.items(), key=lambda each: (-each[1].total(), each[0]))
    return LeakingColumn(
        name=name,
        values=tuple(
            LeakingValue(value, counts.total(), dict(counts.most_common()))
            for value, counts in often[:MOST_VALUES]
        ),
        different=len(labels),
        guessed=right / total if total else 0.0,
        commonest=max(all_labels.values(), default=0) / total if total else 0.0,
    )
