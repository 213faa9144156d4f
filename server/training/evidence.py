"""The parts of the report that show how the figures came about, and whom they hold for.

Whatever is chosen here is chosen on validation; the test part only shows what became of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from server.training.audit.thumbnails import picture_of_pixels
from server.training.context import Context
from server.training.engine.images import Examples, ImageSource
from server.training.evaluation.calibration import describe_calibration
from server.training.evaluation.curves import describe_curves
from server.training.evaluation.metrics import Floats
from server.training.evaluation.mistakes import surest_mistakes
from server.training.evaluation.operating_point import (
    at_threshold,
    choose_operating_point,
    malignant_columns,
)
from server.training.evaluation.shares import Draws
from server.training.evaluation.subgroups import describe_subgroups
from server.training.testing import Scores


def describe_evidence(
    context: Context, source: ImageSource, scores: Scores, draws: Draws
) -> dict[str, Any]:
    """These keys of the report: calibration, curves, operating point, subgroups, the most confident
    mistakes, and the answers to every image of validation and test.

    Args:
        draws: of the lesions of the test part.
    """
    labels, test = context.dataset.split.labels, scores.examples
    calibration, reliability = describe_calibration(scores.logits, test.targets, scores.calibration)
    curves = describe_curves(scores.probabilities, test.targets, labels)
    point = _operating_point(context, scores, draws)
    return {
        "calibration": calibration,
        "curves": curves | {"reliability": reliability},
        "operating_point": point,
        "subgroups": describe_subgroups(
            context.dataset.images_of(test),
            scores.probabilities,
            test.targets,
            draws,
            (malignant_columns(labels), point["threshold"]) if "threshold" in point else None,
        ),
        "mistakes": _mistakes(context, source, scores),
        "test_answers": _answers(context, test, scores.probabilities),
        "validation_answers": _answers(
            context, scores.validation_examples, scores.validation_probabilities
        ),
    }


def _operating_point(context: Context, scores: Scores, draws: Draws) -> dict[str, Any]:
    labels, validation = context.dataset.split.labels, scores.validation_examples
    point = choose_operating_point(
        scores.validation_probabilities,
        validation.targets,
        labels,
        Draws.among(validation.targets, context.dataset.lesions_of(validation)),
    )
    if "threshold" in point:
        point["test"] = at_threshold(
            scores.probabilities,
            scores.examples.targets,
            malignant_columns(labels),
            point["threshold"],
            draws,
        )
    return point


def _mistakes(context: Context, source: ImageSource, scores: Scores) -> list[dict[str, Any]]:
    labels, examples = context.dataset.split.labels, scores.examples
    places = surest_mistakes(scores.probabilities, examples.targets)
    images = context.dataset.images_of(examples)
    pixels = np.empty((len(places), source.size, source.size, 3), dtype=np.uint8)
    source.records.read_into(examples.numbers[places], pixels)
    return [
        {
            "image_id": images[place].image_id,
            "truth": images[place].label,
            "answer": labels[int(scores.probabilities[place].argmax())],
            "probability": float(scores.probabilities[place].max()),
            "thumbnail": picture_of_pixels(seen, images[place].width, images[place].height),
        }
        for place, seen in zip(places, pixels, strict=True)
    ]


def _answers(context: Context, examples: Examples, probabilities: Floats) -> list[dict[str, Any]]:
    group_of = context.dataset.group_of
    return [
        {
            "image_id": image.image_id,
            "group": group_of[image.image_id],
            "truth": image.label,
            "probabilities": [float(value) for value in row],
        }
        for image, row in zip(context.dataset.images_of(examples), probabilities, strict=True)
    ]
