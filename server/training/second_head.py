"""A second head on the tuned backbone, joined with the first.

Fine-tuning moves head and backbone together and ends before the head has settled on what the
backbone has become. A head that is fitted to the tuned features of the images as they are, with a
strong penalty, errs in other places; the mean of both (two linear heads on the same features are
one linear head) did better than either in every trial (``docs/science.md``). It is kept when
validation agrees.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

import torch

from server.training.context import Context
from server.training.engine.distributed import ALONE
from server.training.engine.features import ImageFeatures, keep_features
from server.training.engine.head_phase import HeadPhase
from server.training.engine.images import Examples, ImageSource
from server.training.engine.loop import Course
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.phase import PhaseSettings, Surroundings
from server.training.evaluation.metrics import balanced_accuracy
from server.training.plan import SECOND_HEAD_EPOCHS

_RIDGE = 0.1
_RATE = 0.001


def join_second_head(
    context: Context,
    around: Surroundings,
    source: ImageSource,
    parts: tuple[Examples, Examples],
    course: Course,
) -> None:
    """Fit a second head and leave the mean of both in the network, if that does as well.

    Args:
        around: its trainee has the best weights of the run.
        parts: training and validation.

    Raises:
        OSError: when the disk is full.
    """
    _, validation = parts
    context.announcer.note("Fitting a second head to what the backbone has become")
    tick = context.ticker("Fitting a second head", context.plan.epochs)
    kept, were_there = keep_features(
        around.trainee,
        source,
        name=f"tuned {context.plan.fingerprint}",
        folders=[context.spec.run_dir],
        tick=tick,
        warn=around.warn,
    )
    if were_there:
        context.meter.skip("forward", len(context.dataset.images))
    with contextlib.closing(kept):
        phase = _phase(context, replace(around, ranks=ALONE), parts, kept)
        first = [each.detach().clone() for each in _head(around)]
        for epoch in range(1, SECOND_HEAD_EPOCHS + 1):
            phase.train_epoch(epoch, tick)
        _set(around, [(a + b) / 2 for a, b in zip(first, _head(around), strict=True)])
        logits = phase.validation_logits(SECOND_HEAD_EPOCHS, tick)
    kept.path.unlink(missing_ok=True)
    joined = balanced_accuracy(validation.targets, logits.argmax(axis=1), logits.shape[1])
    assert course.best is not None
    alone = course.best.balanced_accuracy
    if joined < alone:
        _set(around, first)
    context.announcer.note(
        f"Validation balanced accuracy {joined:.3f} with both heads, {alone:.3f} with the first: "
        f"{'both are' if joined >= alone else 'the first is'} kept."
    )


def _phase(
    context: Context,
    around: Surroundings,
    parts: tuple[Examples, Examples],
    features: ImageFeatures,
) -> HeadPhase:
    request = context.spec.request
    train, validation = parts
    return HeadPhase(
        around,
        PhaseSettings(
            1,
            SECOND_HEAD_EPOCHS,
            request.batch_size,
            request.seed,
            average_decay=None,
            ridge=_RIDGE,
        ),
        train,
        build_optimizer("Adam", [Group(tuple(_head(around)), _RATE)]),
        validation=validation,
        features=features,
    )


def _head(around: Surroundings) -> list[torch.nn.Parameter]:
    return list(around.trainee.module.head_parameters())


@torch.no_grad()
def _set(around: Surroundings, values: list[torch.Tensor]) -> None:
    for parameter, value in zip(_head(around), values, strict=True):
        parameter.copy_(value)
