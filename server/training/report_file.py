"""The ``…_report.json`` of a model: its test, answer by answer, and the recipe to train it again.

``docs/science.md`` explains the figures. Every value is plain JSON; a figure is ``{value, low,
high}``, the ends of its interval being null where none was computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.training.baselines import describe_baselines
from server.training.context import Context
from server.training.engine.images import ImageSource
from server.training.evaluation.intervals import redraw
from server.training.evaluation.shares import Draws
from server.training.evidence import describe_evidence
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
    dataset, test = context.dataset, scores.examples
    lesions = dataset.lesions_of(test)
    draws = Draws.among(test.targets, lesions, metadata["seed"])
    network = redraw(scores.probabilities, test.targets, draws)
    return {
        "format": FORMAT,
        **{name: metadata[name] for name in ("model_name", "created_at", "first_line", "notice")},
        "headline": network.figures(),
        "per_class": network.classes(test.targets, lesions, dataset.split.labels),
        "baselines": describe_baselines(context, scores, network, draws),
        "confusion_matrix": scores.test.confusion_matrix,
        "audit": dataset.audit.as_dict() if dataset.audit else None,
        **describe_evidence(context, source, scores, draws),
        "split": {
            name: metadata["split"][name] for name in ("fractions", "grouped_by", "seed", "counts")
        },
        "data": {name: value for name, value in metadata["data"].items() if name != "files"},
        **{name: metadata[name] for name in ("settings", "seed", "versions")},
        "stopped_early": metadata["stopped_early"],
        "recipe": describe_recipe(
            context, metadata["versions"], (metadata["stopped_early"] or {}).get("after_epoch")
        ),
    }
