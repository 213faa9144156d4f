"""The frozen backbone's answers, computed once and kept on the disk.

While the backbone is frozen it says the same of the same image in every epoch. So each training
image goes through it once as it is and a few times augmented, and the head then trains on the
kept vectors: an epoch takes a second instead of minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from server.training.engine.augment import draw
from server.training.engine.batches import Numbers, cut
from server.training.engine.images import Examples, ImageSource
from server.training.engine.records import DamagedRecords, RecordFile, RecordWriter
from server.training.engine.scoring import Tick
from server.training.engine.trainee import Trainee

AUGMENTED_VIEWS = 3
_VERSION = "1"
_TYPE = np.float16


@dataclass(frozen=True, slots=True)
class Features:
    """Kept vectors: first the validation images, then each view of the training images.

    Attributes:
        records: [width] float16 each.
        validation, train: number of images of each part.
        views: how often each training image is there; the first view is the image as it is.
    """

    path: Path
    records: RecordFile
    width: int
    validation: int
    train: int
    views: int

    def of_validation(self) -> Numbers:
        """Record numbers of the validation images, in order."""
        return np.arange(self.validation)

    def of_training(self, positions: Numbers, views: Numbers) -> Numbers:
        """Record numbers of training images, each in one of its views."""
        return self.validation + views * self.train + positions

    def close(self) -> None:
        """Close the file."""
        self.records.close()

    def remove(self) -> None:
        """Delete the file: a head that is trained needs it no more."""
        self.path.unlink(missing_ok=True)


def views_for(head_epochs: int) -> int:
    """Views of each training image that are worth computing for so many epochs."""
    return min(head_epochs, 1 + AUGMENTED_VIEWS)


def keep_features(
    trainee: Trainee,
    source: ImageSource,
    train: Examples,
    validation: Examples,
    *,
    views: int,
    seed: int,
    batch_size: int,
    fingerprint: str,
    folders: Iterable[Path],
    tick: Tick,
) -> tuple[Features, bool]:
    """The features of this run, from an earlier attempt where there are any.

    Args:
        fingerprint: of the run's settings and data.
        folders: where to look; new ones go into the first.

    Returns:
        The features, and whether they were there already.

    Raises:
        OSError: when the disk is full.
    """
    width = trainee.feature_width
    key = hashlib.sha256(f"{_VERSION} {fingerprint} {views}".encode()).digest()
    paths = [folder / f"features_{key.hex()[:16]}.bin" for folder in folders]
    record_bytes = width * np.dtype(_TYPE).itemsize

    def opened(path: Path) -> Features:
        return Features(
            path, RecordFile(path, key, record_bytes), width, len(validation), len(train), views
        )

    for path in paths:
        try:
            return opened(path), True
        except (FileNotFoundError, DamagedRecords):
            continue
    trainee.module.eval()
    with RecordWriter(paths[0], key, record_bytes) as writer, torch.inference_mode():

        def keep(batches: Iterable[torch.Tensor]) -> None:
            for images in batches:
                with source.device.autocast():
                    features = trainee.module.features(images)
                for row in features.float().cpu().numpy().astype(_TYPE):
                    writer.append(row)
                tick("forward", len(images))

        keep(source.plain(cut(validation.numbers, batch_size)))
        keep(source.plain(cut(train.numbers, batch_size)))
        for view in range(1, views):
            draws = np.array_split(
                draw(seed, 1_000_000 + view, len(train)), len(cut(train.numbers, batch_size))
            )
            keep(source.augmented(cut(train.numbers, batch_size), draws))
    return opened(paths[0]), False
