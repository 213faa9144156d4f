"""The ``…_report.json`` of a model: its test, answer by answer, and the recipe to train it again.

``docs/science.md`` explains the figures. Every value is plain JSON; a figure is ``{value, low,
high}``, the ends of its interval being null where none was computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from server.intake.manifest import LesionImage
from server.training.context import Context
from server.training.engine.images import ImageSource
from server.training.evaluation.intervals import with_intervals
from server.training.evaluation.metrics import Ints
from server.training.evidence import describe_evidence, describe_metadata_baseline
from server.training.recipe import describe_recipe
from server.training.testing import Scores

FORMAT = 1


def describe_report(
    context: Context, source: ImageSource, scores: Scores, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The report of a finished run.

    Args:
        metadata: what ``metadata.describe_model`` says of it.
    """
    audit = context.dataset.audit
    headline, per_class = with_intervals(
        scores.probabilities,
        scores.examples.targets,
        _lesion_codes(context, scores),
        context.dataset.split.labels,
        metadata["seed"],
    )
    return {
        "format": FORMAT,
        **{name: metadata[name] for name in ("model_name", "created_at", "first_line", "notice")},
        "headline": headline,
        "per_class": per_class,
        "baselines": {
            "majority": {
                "answer": scores.majority,
                "headline": {
                    name: _figure(value) for name, value in scores.baseline.headline.items()
                },
            },
            "metadata": describe_metadata_baseline(context, scores),
        },
        "confusion_matrix": scores.test.confusion_matrix,
        "audit": audit.as_dict() if audit else None,
        **describe_evidence(context, source, scores),
        "split": {
            name: metadata["split"][name] for name in ("fractions", "grouped_by", "seed", "counts")
        },
        "data": {name: value for name, value in metadata["data"].items() if name != "files"},
        **{name: metadata[name] for name in ("settings", "seed", "versions")},
        "recipe": describe_recipe(context, metadata["versions"]),
    }


def _lesion_codes(context: Context, scores: Scores) -> Ints:
    """[images], an index for each group that the split keeps together."""
    names = [context.dataset.group_of[image.image_id] for image in _images(context, scores)]
    return np.unique(names, return_inverse=True)[1]


def _images(context: Context, scores: Scores) -> list[LesionImage]:
    return [context.dataset.images[number] for number in scores.examples.numbers]


def _figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": None, "high": None}
