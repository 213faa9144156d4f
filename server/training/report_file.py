"""The ``…_report.json`` of a model: its test, answer by answer, and the recipe to train it again.

``docs/science.md`` explains the figures. Every value is plain JSON; a figure is ``{value, low,
high}``, the ends of its interval being null where none was computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.intake.manifest import LesionImage
from server.training.context import Context
from server.training.engine.images import ImageSource
from server.training.evaluation.metrics import ClassMetrics
from server.training.evidence import describe_evidence, describe_metadata_baseline
from server.training.recipe import describe_recipe
from server.training.testing import Scores

FORMAT = 1
_CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", "auc")


def describe_report(
    context: Context, source: ImageSource, scores: Scores, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The report of a finished run.

    Args:
        metadata: what ``metadata.describe_model`` says of it.
    """
    test, audit = scores.test, context.dataset.audit
    return {
        "format": FORMAT,
        **{name: metadata[name] for name in ("model_name", "created_at", "first_line", "notice")},
        "headline": {name: _figure(value) for name, value in test.headline.items()},
        "per_class": _per_class(context, scores),
        "baselines": {
            "majority": {
                "answer": scores.majority,
                "headline": {
                    name: _figure(value) for name, value in scores.baseline.headline.items()
                },
            },
            "metadata": describe_metadata_baseline(context, scores),
        },
        "confusion_matrix": test.confusion_matrix,
        "audit": audit.as_dict() if audit else None,
        **describe_evidence(context, source, scores),
        "split": {
            name: metadata["split"][name] for name in ("fractions", "grouped_by", "seed", "counts")
        },
        "data": {name: value for name, value in metadata["data"].items() if name != "files"},
        **{name: metadata[name] for name in ("settings", "seed", "versions")},
        "recipe": describe_recipe(context, metadata["versions"]),
    }


def _per_class(context: Context, scores: Scores) -> list[dict[str, Any]]:
    dataset = context.dataset
    lesions: dict[str, set[str]] = {label: set() for label in dataset.split.labels}
    for image in _images(context, scores):
        lesions[image.label].add(dataset.group_of[image.image_id])
    return [_one_class(each, len(lesions[each.label])) for each in scores.test.per_class]


def _one_class(each: ClassMetrics, lesions: int) -> dict[str, Any]:
    figures = {name: _figure(getattr(each, name)) for name in _CLASS_FIGURES}
    return {"label": each.label, "support": each.support, "lesions": lesions} | figures


def _images(context: Context, scores: Scores) -> list[LesionImage]:
    return [context.dataset.images[number] for number in scores.examples.numbers]


def _figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": None, "high": None}
