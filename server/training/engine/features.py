"""The frozen backbone's answers, computed once and kept on the disk.

While the backbone is frozen it says the same of the same image in every epoch. So each image goes
through it once, and the head then trains on the kept vectors: an epoch takes half a second instead
of minutes. Augmented views of the training images were tried and earned no keep
(``docs/science.md``).

The vectors follow from the pixels and the weights alone. They lie beside the dataset, and later
runs with other settings start from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.batches import Numbers, cut, read_batches
from server.training.engine.images import ImageSource
from server.training.engine.memory import Warn, for_answers
from server.training.engine.records import DamagedRecords, RecordFile, RecordWriter
from server.training.engine.scoring import Tick, look
from server.training.engine.trainee import Trainee

_VERSION = "4"
_TYPE = np.float16
_BATCH = 32
"""In two lanes its largest maps fit into the 64 MiB up to which glibc keeps a thread's blocks."""


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """The kept vectors of all images as they are.

    Attributes:
        records: [width] float16 each, numbered as the pixels are.
    """

    path: Path
    records: RecordFile
    width: int

    def batches(self, numbers: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        """The vectors of batches of images, [n, width] float16; valid until the next is asked for.

        Raises:
            DamagedRecords: when the file cannot be read.
        """
        return read_batches(self.records, numbers, (self.width,), torch.float16)

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


def keep_features(
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
    width = trainee.feature_width
    what = f"{_VERSION} {trainee.network.architecture.name} {source.device.bfloat16} {name}"
    key = hashlib.sha256(what.encode()).digest()
    paths = [folder / f"features_{key.hex()[:16]}.bin" for folder in folders]
    record_bytes = width * np.dtype(_TYPE).itemsize
    for path in paths:
        try:
            return ImageFeatures(path, RecordFile(path, key, record_bytes), width), True
        except (FileNotFoundError, DamagedRecords):
            continue
    with RecordWriter(paths[0], key, record_bytes) as writer:
        for vectors in _looked_at(trainee, source, warn):
            for row in vectors:
                writer.append(row)
            tick("forward", len(vectors))
    return ImageFeatures(paths[0], RecordFile(paths[0], key, record_bytes), width), False


def _looked_at(
    trainee: Trainee, source: ImageSource, warn: Warn
) -> Iterator[npt.NDArray[np.float16]]:
    """The features of all images of ``source``, batch by batch."""
    trainee.module.eval()
    micro_batch = for_answers(_BATCH, warn)

    def features(pixels: torch.Tensor, rows: slice) -> torch.Tensor:
        with source.device.autocast():
            return trainee.module.features(source.as_images(pixels[rows]))

    for pixels in source.stored(cut(np.arange(len(source.records)), _BATCH)):
        yield look(partial(features, pixels), len(pixels), micro_batch, source.device.lanes).astype(
            _TYPE
        )
