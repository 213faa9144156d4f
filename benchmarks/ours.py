"""Our training step as fine-tuning takes it, on pixels made for the measurement.

Everything is put together as ``server.training.learn`` does it: ``Trainee``, ``WholePhase``,
``ImageSource``. Only the pixels (noise) and the labels are not real; they do not change the time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from server.domain.architectures import architecture
from server.training.engine.augment import Draws, Strength
from server.training.engine.batches import Numbers
from server.training.engine.device import Device
from server.training.engine.dropout import BatchDraws
from server.training.engine.images import Examples, ImageSource
from server.training.engine.loss import Loss
from server.training.engine.network import Network, build
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.phase import PhaseSettings, Surroundings
from server.training.engine.records import RecordFile, RecordWriter
from server.training.engine.resident import on_the_device
from server.training.engine.scoring import score
from server.training.engine.tally import EpochFigures
from server.training.engine.trainee import Trainee
from server.training.engine.weights import resolve
from server.training.engine.whole_phase import EpochSettings, WholePhase

CLASSES = 7
_KEY = bytes(32)
_EPOCHS = 100_000


@dataclass(frozen=True, slots=True)
class ResidentSource(ImageSource):
    """The same images, plain and on the device already: a step without its input."""

    images: torch.Tensor | None = None

    def stored(self, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        """The images of each batch, not its bytes."""
        assert self.images is not None
        for batch in batches:
            yield self.images[: len(batch)]

    def as_images(self, pixels: torch.Tensor) -> torch.Tensor:
        """They are images."""
        return pixels

    def changed(self, pixels: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Nothing is changed."""
        return pixels


@dataclass(slots=True)
class OurTraining:
    """A network being fine-tuned, on images from the cache or on the device.

    Attributes:
        device: that the engine chose, with its precision.
    """

    network: Network
    trainee: Trainee
    device: Device
    cached: WholePhase
    resident: WholePhase
    examples: Examples
    _epoch: Iterator[int]

    def from_cache(self) -> EpochFigures:
        """One epoch: bytes from the cache, augmentation, step."""
        return self.cached.train_epoch(next(self._epoch), _ignore)

    def on_device(self) -> None:
        """One epoch of steps alone."""
        self.resident.train_epoch(next(self._epoch), _ignore)

    def forward(self) -> None:
        """Answers for images that lie on the device."""
        score(
            self.trainee.module,
            self.resident.validation_source,
            self.examples.numbers,
            self.resident.settings.batch_size,
            _ignore,
            warn=print,
        )


def new_network(name: str, size: int) -> Network:
    """Our network with random weights: they do not change the time."""
    which = architecture(name)
    return build(which, size, CLASSES, resolve(which, "none", None), seed=0)


def example_targets(images: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Labels in turn."""
    return np.arange(images, dtype=np.int64) % CLASSES


def write_noise(path: Path, images: int, size: int) -> RecordFile:
    """A pixel cache of ``images`` pictures of noise."""
    generator = np.random.default_rng(0)
    with RecordWriter(path, _KEY, size * size * 3) as writer:
        for _ in range(images):
            writer.append(generator.integers(0, 256, (size, size, 3), dtype=np.uint8))
    return RecordFile(path, _KEY, size * size * 3)


def fine_tuning(
    network: Network, records: RecordFile, device: Device, batch_size: int, resident: torch.Tensor
) -> OurTraining:
    """Put the engine together as a fine-tuning run does.

    Args:
        records: the pixel cache; one epoch goes through all of it.
        resident: [batch_size, 3, S, S] in [0, 1], channels_last, on the device.
    """
    trainee = Trainee(network, device.torch)
    targets = example_targets(len(records))
    around = Surroundings(
        trainee=trainee,
        loss=Loss(np.bincount(targets, minlength=CLASSES), True, device.torch),
        draws=BatchDraws(trainee.module),
        device=device,
        warn=print,
    )
    source = on_the_device(ImageSource(records, network.image_size, device, Strength()))
    on_device = ResidentSource(records, network.image_size, device, Strength(), images=resident)
    examples = Examples(np.arange(len(records)), targets)
    module = trainee.module
    groups = [
        Group(tuple(module.head_parameters()), 1e-3),
        Group(tuple(module.backbone_parameters()), 1e-4),
    ]

    def phase(images: ImageSource) -> WholePhase:
        return WholePhase(
            around,
            PhaseSettings(first_epoch=1, epochs=_EPOCHS, batch_size=batch_size, seed=0),
            examples,
            build_optimizer("Adam", groups),
            epochs=[EpochSettings(images)] * _EPOCHS,
            validation=examples,
            validation_source=images,
            learn_statistics=False,
        )

    return OurTraining(
        network=network,
        trainee=trainee,
        device=device,
        cached=phase(source),
        resident=phase(on_device),
        examples=examples,
        _epoch=itertools.count(1),
    )


def in_float32(device: Device) -> Device:
    """The same device without mixed precision."""
    return replace(device, bfloat16=False)


def _ignore(_work: str, _amount: float) -> None:
    """Nobody watches the progress of a measurement."""
