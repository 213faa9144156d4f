"""The finished network's figures: validation once more, and the test part, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.training.context import Context
from server.training.engine.images import Examples, ImageSource
from server.training.engine.last_layer import calibrate_last_layer
from server.training.engine.progress import Work
from server.training.engine.scoring import score
from server.training.engine.torch_network import TorchNetwork
from server.training.evaluation.calibration import Calibration, fit_calibration
from server.training.evaluation.metrics import (
    Metrics,
    balanced_accuracy,
    majority_baseline,
    measure,
)
from server.training.evaluation.report import first_line
from server.training.learn import Trained

Logits = npt.NDArray[np.float32]
"""[images, classes]."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of the finished network.

    Attributes:
        test: scored once.
        validation: by which the network was chosen, so a little too good.
        majority, baseline: the most common training class, and what always answering it scores on
            the test part.
        examples, probabilities: the test images and what the network answered.
        logits: of the test images, as trained.
        calibration: fitted on validation; ``probabilities`` and the saved network hold it.
        validation_examples, validation_probabilities: likewise for the validation images.
        opening: what must be read before the figures.
    """

    test: Metrics
    validation: Metrics
    majority: str
    baseline: Metrics
    examples: Examples
    probabilities: npt.NDArray[np.float32]
    logits: Logits
    calibration: Calibration
    validation_examples: Examples
    validation_probabilities: npt.NDArray[np.float32]
    opening: str


def score_once(context: Context, source: ImageSource, trained: Trained) -> Scores:
    """Score the finished network on validation, then, once, on the test part.

    In between its calibration is fitted on validation, and put into its last layer at the end.
    """
    dataset, message = context.dataset, "Testing on images that the network never saw"
    context.announcer.stage("testing", message)
    tick = context.ticker(message, context.plan.epochs)
    labels = dataset.split.labels
    module = trained.trainee.module

    def answer(examples: Examples) -> Logits:
        batch = context.spec.request.batch_size
        warn = context.announcer.warning

        def each_view(kind: Work, images: float) -> None:
            tick(kind, images * module.views)

        return score(module, source, examples.numbers, batch, each_view, warn=warn, exact=True)

    validation = dataset.examples(dataset.split.validation)
    validation_logits = _choose_views(context, module, lambda: answer(validation), validation)
    train = dataset.examples(dataset.split.train)
    calibration = fit_calibration(
        validation_logits,
        validation.targets,
        shown=np.bincount(train.targets, minlength=len(labels)),
        balanced=context.spec.request.class_balancing,
    )
    validation_probabilities = calibration.probabilities(validation_logits)
    images = dataset.test.open()
    test = dataset.examples(images)
    logits = answer(test)
    calibrate_last_layer(module.head, calibration.temperature, calibration.offsets)
    probabilities = calibration.probabilities(logits)
    majority, baseline = majority_baseline(train.targets, test.targets, labels)
    groups = len({dataset.group_of[image.image_id] for image in images})
    return Scores(
        test=measure(probabilities, test.targets, labels),
        validation=measure(validation_probabilities, validation.targets, labels),
        majority=majority,
        baseline=baseline,
        examples=test,
        probabilities=probabilities,
        logits=logits,
        calibration=calibration,
        validation_examples=validation,
        validation_probabilities=validation_probabilities,
        opening=first_line(
            context.network.weights.used,
            dataset.manifest.is_sample,
            len(images),
            groups,
            dataset.grouped_by,
        ),
    )


def _choose_views(
    context: Context, module: TorchNetwork, answer: Callable[[], Logits], examples: Examples
) -> Logits:
    """Let the network look at as many views as were asked for, if validation agrees.

    Returns:
        The logits of the validation images with the views that were chosen.
    """
    views = context.spec.request.views
    alone = answer()
    if views == 1:
        return alone
    module.views = views
    together = answer()
    one, several = (
        balanced_accuracy(examples.targets, logits.argmax(axis=1), logits.shape[1])
        for logits in (alone, together)
    )
    kept = several >= one
    context.announcer.note(
        f"Validation balanced accuracy {several:.3f} as the mean over {views} mirror images of "
        f"each picture, {one:.3f} with the picture alone: {'the mean' if kept else 'the picture'} "
        "is kept."
    )
    if kept:
        return together
    module.views = 1
    context.meter.skip("forward", (views - 1) * context.plan.test)
    return alone
