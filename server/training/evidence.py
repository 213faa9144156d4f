"""The parts of the report that show how the figures came about: calibration and the like.

Whatever is chosen here is chosen on validation; the test part only shows what became of it.
"""

from __future__ import annotations

from typing import Any

from server.training.context import Context
from server.training.engine.images import Examples
from server.training.evaluation.calibration import describe_calibration
from server.training.evaluation.curves import describe_curves
from server.training.evaluation.metrics import Floats
from server.training.testing import Scores


def describe_evidence(context: Context, scores: Scores) -> dict[str, Any]:
    """These keys of the report: calibration, curves, and the answers to every image."""
    calibration, reliability = describe_calibration(
        scores.logits, scores.examples.targets, scores.temperature
    )
    return {
        "calibration": calibration,
        "curves": describe_curves(
            scores.probabilities, scores.examples.targets, context.dataset.split.labels
        )
        | {"reliability": reliability},
        "test_answers": _answers(context, scores.examples, scores.probabilities),
        "validation_answers": _answers(
            context, scores.validation_examples, scores.validation_probabilities
        ),
    }


def _answers(context: Context, examples: Examples, probabilities: Floats) -> list[dict[str, Any]]:
    group_of = context.dataset.group_of
    images = [context.dataset.images[number] for number in examples.numbers]
    return [
        {
            "image_id": image.image_id,
            "group": group_of[image.image_id],
            "truth": image.label,
            "probabilities": [float(value) for value in row],
        }
        for image, row in zip(images, probabilities, strict=True)
    ]
