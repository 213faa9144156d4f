"""Test answers as the two tables that the official ``isic-challenge-scoring`` compares.

Column ``image``, then one column a class, floats in [0, 1]. The seven classes of HAM10000 get the
names and the order of ISIC 2018 task 3; others keep their own, in label order.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OFFICIAL = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
"""The classes of ISIC 2018 task 3, in the order of its files."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_JPEG = re.compile(r"\.jpg$", re.IGNORECASE)


def write_predictions(report: Mapping[str, Any], path: Path) -> None:
    """What the network answered to each test image."""
    answers = report["test_answers"]
    columns = _columns(_labels(report))
    rows = [
        [_probability(answer["probabilities"][place]) for place, _ in columns] for answer in answers
    ]
    _write(path, columns, _names(answers), rows)


def write_truth(report: Mapping[str, Any], path: Path) -> None:
    """The true class of each test image: 1.0 in its column, 0.0 in the others."""
    answers = report["test_answers"]
    labels = _labels(report)
    columns = _columns(labels)
    rows = [
        ["1.0" if labels[place] == answer["truth"] else "0.0" for place, _ in columns]
        for answer in answers
    ]
    _write(path, columns, _names(answers), rows)


def _labels(report: Mapping[str, Any]) -> list[str]:
    return [str(label) for label in report["confusion_matrix"]["labels"]]


def _columns(labels: Sequence[str]) -> list[tuple[int, str]]:
    """For each column, the place of its class among the labels, and its name."""
    place_of = {label.upper(): place for place, label in enumerate(labels)}
    if len(labels) == len(OFFICIAL) and set(place_of) == set(OFFICIAL):
        return [(place_of[name], name) for name in OFFICIAL]
    return list(enumerate(labels))


def _names(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Image ids as the scorer takes them.

    It drops ``.jpg`` from one table only, and reads ids that are all numbers as numbers in one
    table only; so neither is left to it.
    """
    names = [str(answer["image_id"]) for answer in answers]
    without = [_JPEG.sub("", name) for name in names]
    if len(set(without)) == len(set(names)):
        names = without
    if all(_NUMBER.fullmatch(name) for name in names):
        names = [f"image_{name}" for name in names]
    return names


def _probability(value: float) -> str:
    """The shortest text that reads back as the same number, within [0, 1]."""
    return repr(min(1.0, max(0.0, float(value))))


def _write(
    path: Path,
    columns: Sequence[tuple[int, str]],
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", *(name for _, name in columns)])
        writer.writerows([name, *row] for name, row in zip(names, rows, strict=True))
