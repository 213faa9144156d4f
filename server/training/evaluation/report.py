"""The result as text for the terminal, and the sentences that must be read before the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.training.evaluation.figure import Figure
from server.training.evaluation.metrics import Metrics

NOTICE = (
    "Research software: not a medical device, and not for diagnosing or treating anybody. "
    "The figures hold for images like those it was tested on."
)


def first_line(
    weights_used: str, is_sample: bool, test_images: int, test_groups: int, group: str
) -> str:
    """What must be read before the figures: drawn pictures and a random start come first."""
    sentences = []
    if is_sample:
        sentences.append(
            "Trained on pictures drawn by this program: the figures say nothing about skin."
        )
    if weights_used == "random":
        sentences.append(
            "Started from random weights, not from a pretrained network: expect much less than "
            "ImageNet weights give."
        )
    several = "" if test_groups == 1 else "s"
    of_what = "" if group == "image" else f" of {test_groups} {group}{several}"
    sentences.append(
        f"Tested once, at the end, on {test_images} images{of_what} that the network never saw."
    )
    return " ".join(sentences)


def result_text(
    opening: str,
    test: Metrics,
    headline: Mapping[str, Figure],
    baselines: Mapping[str, Any],
    files: Sequence[str],
) -> str:
    """Figures beside the baselines, one line a class, the confusion matrix, the files if any.

    Args:
        headline, baselines: as in the report.
    """
    without_pictures = baselines["metadata"]
    parts = [
        opening,
        _headline_table(headline, baselines),
        without_pictures.get("sentence") or without_pictures["none_because"],
        _class_table(test),
        _confusion_table(test),
        *(["\n".join(["Files written:", *(f"  {file}" for file in files)])] if files else []),
        NOTICE,
    ]
    return "\n\n".join(parts)


def _headline_table(headline: Mapping[str, Figure], baselines: Mapping[str, Any]) -> str:
    majority, metadata = baselines["majority"], baselines["metadata"].get("headline")
    rows = [["test part", "this model", "95 % interval", f"always {majority['answer']!r}"]]
    if metadata:
        rows[0] += ["without pictures", "95 % interval"]
    for name, figure in headline.items():
        words = name.replace("_", " ").replace("auc", "AUC").replace("f1", "F1")
        row = [words, *_with_interval(figure), _figure(majority["headline"][name]["value"])]
        rows.append(row + (_with_interval(metadata[name]) if metadata else []))
    return _table(rows)


def _with_interval(figure: Figure) -> list[str]:
    ends = (figure["low"], figure["high"])
    between = "–" if None in ends else " to ".join(map(_figure, ends))
    return [_figure(figure["value"]), between]


def _class_table(test: Metrics) -> str:
    rows = [["class", "images", "sensitivity", "specificity", "precision", "F1", "AUC"]]
    for each in test.per_class:
        figures = (each.sensitivity, each.specificity, each.precision, each.f1, each.auc)
        rows.append([each.label, str(each.support), *map(_figure, figures)])
    return _table(rows)


def _confusion_table(test: Metrics) -> str:
    labels: list[str] = test.confusion_matrix["labels"]
    counts: list[list[int]] = test.confusion_matrix["counts"]
    rows = [["true \\ answered", *labels]]
    rows += [[label, *map(str, row)] for label, row in zip(labels, counts, strict=True)]
    return _table(rows)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join(lines)
