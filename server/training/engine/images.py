"""Stored pixels as batches on the device, plain or augmented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.augment import Draws, Strength, augment
from server.training.engine.batches import Numbers, read_batches
from server.training.engine.device import Device
from server.training.engine.records import RecordFile


@dataclass(frozen=True, slots=True)
class Examples:
    """One part of the data.

    Attributes:
        numbers: [n], record of each image's pixels.
        targets: [n], its encoded label.
    """

    numbers: Numbers
    targets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Batches of images out of a pixel file.

    Attributes:
        records: [size, size, 3] uint8 each.
        strength: how far augmented images are changed.
        resident: [n, size, size, 3] uint8, all pixels on the device; None = they are read.
        changed_size: side of the augmented images; None = ``size``.
    """

    records: RecordFile
    size: int
    device: Device
    strength: Strength
    resident: torch.Tensor | None = None
    changed_size: int | None = None

    def stored(self, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        """The pixels of ``batches`` of record numbers as they are kept: [n, size, size, 3] uint8.

        Each is valid until the next one is asked for.
        """
        if self.resident is not None:
            return _pick(self.resident, batches)
        shape = (self.size, self.size, 3)
        return read_batches(self.records, batches, shape, torch.uint8, self.device.is_gpu)

    def as_images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Stored pixels as images on the device: [n, 3, size, size], float32 in [0, 1]."""
        moved = pixels.to(self.device.torch).permute(0, 3, 1, 2)
        return moved.to(torch.float32).div_(255.0)

    def changed(self, pixels: torch.Tensor, draws: Draws) -> torch.Tensor:
        """The same, each image changed by its row of draws, at ``changed_size``."""
        size = self.changed_size or self.size
        images = augment(self.as_images(pixels), draws, self.strength, size)
        return images.contiguous(memory_format=torch.channels_last)

    def plain(self, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        """The images of ``batches`` of record numbers."""
        yield from map(self.as_images, self.stored(batches))


def _pick(pixels: torch.Tensor, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
    for batch in batches:
        yield pixels.index_select(0, torch.from_numpy(batch).to(pixels.device))
