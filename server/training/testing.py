"""The finished network's figures: validation once more, and the test part, once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.training.context import Context
from server.training.engine.images import Examples, ImageSource
from server.training.engine.scoring import score, softmax
from server.training.evaluation.metrics import Metrics, majority_baseline, measure
from server.training.evaluation.report import first_line
from server.training.learn import Trained


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of the finished network.

    Attributes:
        test: scored once.
        validation: by which the network was chosen, so a little too good.
        majority, baseline: the most common training class, and what always answering it scores on
            the test part.
        examples, probabilities: the test images and what the network answered.
        opening: what must be read before the figures.
    """

    test: Metrics
    validation: Metrics
    majority: str
    baseline: Metrics
    examples: Examples
    probabilities: npt.NDArray[np.float32]
    opening: str


def score_once(context: Context, source: ImageSource, trained: Trained) -> Scores:
    """Score the finished network on validation, then, once, on the test part."""
    dataset, message = context.dataset, "Testing on images that the network never saw"
    context.announcer.stage("testing", message)
    tick = context.ticker(message, context.plan.epochs)
    labels = dataset.split.labels
    validation = dataset.examples(dataset.split.validation)

    def answer(examples: Examples) -> npt.NDArray[np.float32]:
        batch = context.spec.request.batch_size
        warn = context.announcer.warning
        numbers = examples.numbers
        logits = score(trained.trainee.module, source, numbers, batch, tick, warn=warn, exact=True)
        return softmax(logits)

    on_validation = measure(answer(validation), validation.targets, labels)
    images = dataset.test.open()
    test = dataset.examples(images)
    probabilities = answer(test)
    train = dataset.examples(dataset.split.train)
    majority, baseline = majority_baseline(train.targets, test.targets, labels)
    groups = len({dataset.group_of[image.image_id] for image in images})
    return Scores(
        test=measure(probabilities, test.targets, labels),
        validation=on_validation,
        majority=majority,
        baseline=baseline,
        examples=test,
        probabilities=probabilities,
        opening=first_line(
            context.network.weights.used,
            dataset.manifest.is_sample,
            len(images),
            groups,
            dataset.grouped_by,
        ),
    )
