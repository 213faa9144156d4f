"""Variants of a recipe against the first of them, on the validation parts of several seeds.

Each seed is another split by lesion. The interval is a bootstrap of the differences over lesions of
all seeds together, paired with the first variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.results import Results
from server.training.evaluation.metrics import balanced_accuracy, measure

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one variant and seed, for the validation part."""

    targets: Ints
    probabilities: Floats
    groups: tuple[str, ...]

    @property
    def balanced(self) -> float:
        """Balanced accuracy."""
        return balanced_accuracy(
            self.targets, self.probabilities.argmax(axis=1), self.probabilities.shape[1]
        )


def compared(
    name: str, title: str, found: Mapping[str, Sequence[Answers]], labels: tuple[str, ...]
) -> Results:
    """A row for each variant, one of ``Answers`` for each seed; the first is what counts."""
    results = Results(
        name,
        title,
        ("variant", "balanced accuracy", "by seed", "against the default (95 %)", "macro AUC"),
    )
    first = next(iter(found.values()))
    for variant, answers in found.items():
        values = [each.balanced for each in answers]
        aucs = [measure(each.probabilities, each.targets, labels).macro_auc for each in answers]
        low, high = _difference(answers, first)
        results.rows.append(
            (
                variant,
                f"{np.mean(values):.3f}",
                " ".join(f"{value:.3f}" for value in values),
                "" if answers is first else f"{low:+.3f} … {high:+.3f}",
                f"{np.mean([auc for auc in aucs if auc is not None]):.3f}",
            )
        )
        results.data[variant] = {"balanced_accuracy": values, "macro_auc": aucs}
    return results


def _difference(ours: Sequence[Answers], theirs: Sequence[Answers]) -> tuple[float, float]:
    """95 % interval of the mean difference in balanced accuracy, lesions drawn anew each time."""
    generator = np.random.default_rng(0)
    pairs = list(zip(ours, theirs, strict=True))
    found = [np.mean([_resampled(a, b, generator) for a, b in pairs]) for _ in range(_RESAMPLES)]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _resampled(a: Answers, b: Answers, generator: np.random.Generator) -> float:
    _, codes = np.unique(a.groups, return_inverse=True)
    drawn = generator.multinomial(codes.max() + 1, np.full(codes.max() + 1, 1 / (codes.max() + 1)))
    times: npt.NDArray[Any] = drawn[codes]
    recalls = []
    for label in np.unique(a.targets):
        of_class = times * (a.targets == label)
        if of_class.sum():
            right = [(each.probabilities.argmax(axis=1) == label) for each in (a, b)]
            recalls.append((of_class * (right[0].astype(int) - right[1])).sum() / of_class.sum())
    return float(np.mean(recalls))
