"""The frozen backbone's answers, computed once and kept on the disk.

While the backbone is frozen it says the same of the same image in every epoch. So each image goes
through it once as it is, and each training image a few times augmented, and the head then trains
on the kept vectors: an epoch takes a second instead of minutes.

The vectors of the images as they are follow from the pixels and the weights alone. They lie beside
the dataset, and later runs with other settings start from them. The augmented ones follow from the
seed and the split, and lie with the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.augment import Draws, draw
from server.training.engine.batches import Numbers, cut
from server.training.engine.images import Examples, ImageSource
from server.training.engine.memory import Warn, for_answers
from server.training.engine.records import DamagedRecords, RecordFile, RecordWriter
from server.training.engine.scoring import Tick, look
from server.training.engine.trainee import Trainee

AUGMENTED_VIEWS = 0
_VERSION = "3"
_TYPE = np.float16
_BATCH = 64

Seen = tuple[int, Callable[[slice], torch.Tensor]]
"""How many images a batch has, and a function that gives some rows of it on the device."""


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """The kept vectors of all images as they are.

    Attributes:
        records: [width] float16 each, numbered as the pixels are.
    """

    path: Path
    records: RecordFile
    width: int

    def read_into(
        self, numbers: Sequence[int] | npt.NDArray[np.integer], buffer: npt.NDArray[np.generic]
    ) -> None:
        """Read the last numbers of the vectors ``numbers``, as many as ``buffer`` [rows, n] has
        columns: what the backbone itself pools stands at the end."""
        vectors = np.empty((len(numbers), self.width), dtype=_TYPE)
        self.records.read_into(numbers, vectors)
        buffer[: len(numbers)] = vectors[:, self.width - buffer.shape[1] :]

    def close(self) -> None:
        """Close the file."""
        self.records.close()


@dataclass(frozen=True, slots=True)
class Features:
    """Kept vectors of all images as they are, and of augmented views of the training images.

    Attributes:
        plain: the first view of every image.
        augmented: the further views of the training images, view by view; None = there are none.
        views: how often each training image is there; the first view is the image as it is.
        train_numbers, validation_numbers: records of the parts in ``plain``.
    """

    plain: ImageFeatures
    augmented: ImageFeatures | None
    views: int
    train_numbers: Numbers
    validation_numbers: Numbers

    @property
    def records(self) -> Features:
        """All vectors, numbered through: first the plain ones, then the augmented."""
        return self

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return self.plain.width

    @property
    def validation(self) -> int:
        """Number of validation images."""
        return len(self.validation_numbers)

    def of_validation(self) -> Numbers:
        """Record numbers of the validation images, in order."""
        return self.validation_numbers

    def of_training(self, positions: Numbers, views: Numbers) -> Numbers:
        """Record numbers of training images, each in one of its views."""
        later = len(self.plain.records) + (views - 1) * len(self.train_numbers) + positions
        return np.where(views == 0, self.train_numbers[positions], later)

    def read_into(
        self, numbers: Sequence[int] | npt.NDArray[np.integer], buffer: npt.NDArray[np.generic]
    ) -> None:
        """Read the records ``numbers`` into the first rows of ``buffer`` [rows, width].

        Raises:
            IndexError: for a number that is in neither file.
            DamagedRecords: when a file has become shorter.
        """
        wanted = np.asarray(numbers)
        if self.augmented is None:
            self.plain.records.read_into(wanted, buffer)
            return
        first = len(self.plain.records)
        for row, number in enumerate(wanted):
            kept = self.plain if number < first else self.augmented
            place = number if number < first else number - first
            kept.records.read_into([int(place)], buffer[row : row + 1])

    def close(self) -> None:
        """Close the files."""
        self.plain.close()
        if self.augmented is not None:
            self.augmented.close()

    def remove(self) -> None:
        """Delete the augmented views: a head that is trained needs them no more."""
        if self.augmented is not None:
            self.augmented.path.unlink(missing_ok=True)


def views_for(head_epochs: int) -> int:
    """Views of each training image that are worth computing for so many epochs."""
    return min(head_epochs, 1 + AUGMENTED_VIEWS)


def keep_plain(
    trainee: Trainee,
    source: ImageSource,
    *,
    name: str,
    folders: Sequence[Path],
    tick: Tick,
    warn: Warn,
) -> tuple[ImageFeatures, bool]:
    """The features of every image of ``source`` as it is.

    Args:
        name: says which pixels and which weights.
        folders: where to look; new ones go into the first.
        warn: is told when memory ran short.

    Returns:
        The features, and whether they were there already.

    Raises:
        OSError: when the disk is full.
    """

    def images() -> Iterator[Seen]:
        for pixels in source.stored(cut(np.arange(len(source.records)), _BATCH)):
            yield len(pixels), partial(_rows_as_they_are, source, pixels)

    what = f"plain {trainee.network.architecture.name} {source.device.bfloat16} {name}"
    return _kept(trainee, source, what, folders=folders, batches=images(), tick=tick, warn=warn)


def keep_views(
    trainee: Trainee,
    source: ImageSource,
    train: Examples,
    *,
    views: int,
    seed: int,
    fingerprint: str,
    folders: Sequence[Path],
    tick: Tick,
    warn: Warn,
) -> tuple[ImageFeatures, bool]:
    """The features of ``views`` augmented views of each training image, view by view.

    Args:
        fingerprint: of the run's settings and data.
        folders: where to look; new ones go into the first.
        warn: is told when memory ran short.

    Returns:
        The features, and whether they were there already, from an earlier attempt.

    Raises:
        OSError: when the disk is full.
    """

    def images() -> Iterator[Seen]:
        batches = cut(train.numbers, _BATCH)
        for view in range(1, views + 1):
            draws = np.array_split(draw(seed, 1_000_000 + view, len(train)), len(batches))
            for pixels, drawn in zip(source.stored(batches), draws, strict=True):
                yield len(pixels), partial(_rows_changed, source, pixels, drawn)

    return _kept(
        trainee,
        source,
        f"views {fingerprint} {views}",
        folders=folders,
        batches=images(),
        tick=tick,
        warn=warn,
    )


def _rows_as_they_are(source: ImageSource, pixels: torch.Tensor, rows: slice) -> torch.Tensor:
    return source.as_images(pixels[rows])


def _rows_changed(
    source: ImageSource, pixels: torch.Tensor, draws: Draws, rows: slice
) -> torch.Tensor:
    return source.changed(pixels[rows], draws[rows])


def _kept(
    trainee: Trainee,
    source: ImageSource,
    what: str,
    *,
    folders: Sequence[Path],
    batches: Iterator[Seen],
    tick: Tick,
    warn: Warn,
) -> tuple[ImageFeatures, bool]:
    width = trainee.feature_width
    key = hashlib.sha256(f"{_VERSION} {what}".encode()).digest()
    paths = [folder / f"features_{key.hex()[:16]}.bin" for folder in folders]
    record_bytes = width * np.dtype(_TYPE).itemsize
    for path in paths:
        try:
            return ImageFeatures(path, RecordFile(path, key, record_bytes), width), True
        except (FileNotFoundError, DamagedRecords):
            continue
    trainee.module.eval()
    micro_batch = for_answers(_BATCH, warn)
    with RecordWriter(paths[0], key, record_bytes) as writer:
        for count, images in batches:

            def answers(
                rows: slice, images: Callable[[slice], torch.Tensor] = images
            ) -> torch.Tensor:
                with source.device.autocast():
                    return trainee.module.features(images(rows))

            for row in look(answers, count, micro_batch).astype(_TYPE):
                writer.append(row)
            tick("forward", count)
    return ImageFeatures(paths[0], RecordFile(paths[0], key, record_bytes), width), False
