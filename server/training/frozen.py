"""What the frozen backbone makes of a run's images, and where that is kept."""

from __future__ import annotations

from pathlib import Path

from server.training.context import Context
from server.training.engine.cache import pixel_key, place_for_caches
from server.training.engine.features import Features, ImageFeatures, keep_plain, keep_views
from server.training.engine.images import Examples, ImageSource
from server.training.engine.trainee import Trainee

_MESSAGE = "Looking at the images with the frozen backbone"


def features_of_all(context: Context, source: ImageSource, trainee: Trainee) -> ImageFeatures:
    """The features of every image of the run as it is, computed or from an earlier run.

    Pretrained weights say the same in every run, so theirs lie beside the dataset. Those of random
    weights are of use to this run alone.

    Raises:
        OSError: when the disk is full.
    """
    dataset, weights = context.dataset, context.network.weights
    of_use_later = weights.sha256 is not None and bool(dataset.hashes)
    if of_use_later:
        name = f"{pixel_key(dataset.hashes, dataset.image_size).hex()} {weights.sha256}"
        folders = [place_for_caches(dataset.folder, context.spec.run_dir)]
    else:
        name = f"{context.plan.fingerprint} {context.spec.request.seed}"
        folders = run_folders(context)
    found, were_there = keep_plain(
        trainee,
        source,
        name=name,
        folders=folders,
        tick=context.ticker(_MESSAGE, 0),
        warn=context.announcer.warning,
    )
    if were_there:
        context.meter.skip("forward", context.plan.plain_feature_work())
    return found


def features_to_learn_from(
    context: Context, source: ImageSource, trainee: Trainee, train: Examples, validation: Examples
) -> Features:
    """What the head trains on: the plain features of all, and augmented views for training.

    Raises:
        OSError: when the disk is full.
    """
    context.announcer.stage("features", _MESSAGE)
    plain = features_of_all(context, source, trainee)
    further = context.plan.views - 1
    augmented = None
    if further > 0:
        augmented, were_there = keep_views(
            trainee,
            source,
            train,
            views=further,
            seed=context.spec.request.seed,
            fingerprint=context.plan.fingerprint,
            folders=run_folders(context),
            tick=context.ticker(_MESSAGE, 0),
            warn=context.announcer.warning,
        )
        if were_there:
            context.meter.skip("forward", further * len(train))
    return Features(plain, augmented, context.plan.views, train.numbers, validation.numbers)


def run_folders(context: Context) -> list[Path]:
    """The run's folder, and that of the attempt it goes on from."""
    spec = context.spec
    return [spec.run_dir, *([spec.resume_from.parent] if spec.resume_from else [])]
