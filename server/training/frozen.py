"""What the frozen backbone makes of a run's images, and where that is kept."""

from __future__ import annotations

from pathlib import Path

from server.training.context import Context
from server.training.engine.cache import pixel_key, place_for_caches
from server.training.engine.features import ImageFeatures, keep_features
from server.training.engine.images import ImageSource
from server.training.engine.kept_files import mark_used
from server.training.engine.trainee import Trainee

MESSAGE = "Looking at the images with the frozen backbone"


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
        folders = _run_folders(context)
    found, were_there = keep_features(
        trainee,
        source,
        name=name,
        folders=folders,
        tick=context.ticker(MESSAGE, 0),
        warn=context.announcer.warning,
    )
    mark_used(found.path, "features_*.bin")
    if were_there:
        context.meter.skip("forward", context.plan.feature_images)
    return found


def _run_folders(context: Context) -> list[Path]:
    """The run's folder, and that of the attempt it goes on from."""
    spec = context.spec
    return [spec.run_dir, *([spec.resume_from.parent] if spec.resume_from else [])]
