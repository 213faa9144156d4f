"""What is reached on the test part without looking at a picture, and how far the network is above.

Both baselines get their figures from the same draws of lesions as the network, so that the interval
of the difference knows how alike two figures of the same lesions are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.training.context import Context
from server.training.evaluation.above_baseline import above_baseline
from server.training.evaluation.intervals import Redrawn, redraw
from server.training.evaluation.metadata_baseline import (
    NO_COLUMNS,
    MetadataAnswers,
    answer_from_metadata,
)
from server.training.evaluation.metrics import Floats, always
from server.training.evaluation.shares import Draws
from server.training.testing import Scores

_MAJORITY = "always answering the most common class"
_METADATA = "a model that sees only {columns}"


def describe_baselines(
    context: Context, scores: Scores, network: Redrawn, draws: Draws
) -> dict[str, Any]:
    """The key ``baselines`` of the report.

    Args:
        network: the figures of the network under ``draws``.
        draws: of the lesions of the test part.
    """
    labels = context.dataset.split.labels
    common = always(labels.index(scores.majority), len(scores.examples), len(labels))
    metadata = _answer_from_metadata(context, scores)

    def beside(name: str, probabilities: Floats) -> dict[str, Any]:
        baseline = redraw(probabilities, scores.examples.targets, draws)
        above = network.minus(baseline)
        return {
            "headline": baseline.figures(),
            "model_minus_baseline": above,
            "sentence": above_baseline(name, above["balanced_accuracy"]),
        }

    return {
        "majority": {"answer": scores.majority, **beside(_MAJORITY, common)},
        "metadata": {"none_because": NO_COLUMNS}
        if metadata is None
        else {
            "columns": list(metadata.columns),
            **beside(_METADATA.format(columns=_listed(metadata.columns)), metadata.probabilities),
        },
    }


def _answer_from_metadata(context: Context, scores: Scores) -> MetadataAnswers | None:
    dataset = context.dataset
    train = dataset.examples(dataset.split.train)
    return answer_from_metadata(
        dataset.images_of(train),
        train.targets,
        dataset.images_of(scores.examples),
        len(dataset.split.labels),
        balanced=context.spec.request.class_balancing,
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
