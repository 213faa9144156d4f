"""The two phases of a run: the head on kept features, then the whole network on images.

A phase knows how to train for one epoch and how to answer for the validation part. Everything it
draws at random follows from the seed and the epoch alone, so a run that goes on from a checkpoint
does what it would have done anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from server.domain.events import Phase
from server.training.engine.augment import draw
from server.training.engine.batches import Numbers, cut, read_batches, shuffled_batches
from server.training.engine.features import Features
from server.training.engine.images import Examples, ImageSource
from server.training.engine.loss import Loss
from server.training.engine.optimizers import set_rate
from server.training.engine.schedule import rate_factor
from server.training.engine.scoring import Tick, score
from server.training.engine.trainee import Trainee

_STATISTICS_IMAGES = 1024
"""Training images from which BatchNorm's statistics are measured anew."""


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """Of the training part, as it was learnt from; ``learning_rate`` is the last and highest."""

    loss: float
    accuracy: float
    learning_rate: float


class TrainingPhase(Protocol):
    """What the loop needs to know of a phase.

    Attributes:
        head_only: whether the backbone stays as the run found it.
        first_epoch, epochs: its place in the run; the first epoch of a run is 1.
    """

    name: Phase
    head_only: bool
    first_epoch: int
    epochs: int
    optimizer: torch.optim.Optimizer

    def train_epoch(self, epoch: int, tick: Tick) -> EpochFigures:
        """Learn from every training image once."""

    def validation_logits(self, tick: Tick) -> npt.NDArray[np.float32]:
        """Answers for the validation part, [n, classes]."""


class _Tally:
    """Sums up an epoch without making a GPU wait after every step."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), device=device)
        self._hits = torch.zeros((), device=device)
        self._images = 0

    def add(self, loss: torch.Tensor, logits: torch.Tensor, targets: torch.Tensor) -> None:
        self._loss += loss.detach() * len(targets)
        self._hits += (logits.detach().argmax(dim=1) == targets).sum()
        self._images += len(targets)

    def figures(self, learning_rate: float) -> EpochFigures:
        images = max(1, self._images)
        return EpochFigures(float(self._loss) / images, float(self._hits) / images, learning_rate)


class HeadPhase:
    """Trains the head on the features of the frozen backbone."""

    name: Phase = "head"
    head_only = True

    def __init__(
        self,
        trainee: Trainee,
        features: Features,
        train: Examples,
        *,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        first_epoch: int,
        epochs: int,
        batch_size: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.trainee = trainee
        self.features = features
        self.train = train
        self.loss = loss
        self.optimizer = optimizer
        self.first_epoch = first_epoch
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.device = device

    def train_epoch(self, epoch: int, tick: Tick) -> EpochFigures:
        torch.manual_seed(self.seed * 1_000_003 + epoch)
        self.trainee.train_head()
        order = shuffled_batches(self.seed, epoch, len(self.train), self.batch_size)
        chooser = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, epoch, 3]))
        views = chooser.integers(0, self.features.views, len(self.train))
        numbers = [self.features.of_training(batch, views[batch]) for batch in order]
        first_step = (epoch - self.first_epoch) * len(order)
        tally, rate = _Tally(self.device), 0.0
        for step, (batch, rows) in enumerate(zip(order, self._read(numbers), strict=True)):
            rate = set_rate(
                self.optimizer, rate_factor(first_step + step, self.epochs * len(order))
            )
            targets = torch.from_numpy(self.train.targets[batch]).to(self.device)
            logits = self.trainee.module.logits_from_features(rows.to(self.device).float())
            loss = self.loss(logits, targets)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            tally.add(loss, logits, targets)
            tick("head", len(batch))
        return tally.figures(rate)

    def validation_logits(self, tick: Tick) -> npt.NDArray[np.float32]:
        self.trainee.module.eval()
        batches = cut(self.features.of_validation(), max(self.batch_size, 256))
        with torch.inference_mode():
            answers = [
                self.trainee.module.logits_from_features(rows.to(self.device).float()).cpu().numpy()
                for rows in self._read(batches)
            ]
        tick("head", self.features.validation)
        return np.concatenate(answers)

    def _read(self, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        return read_batches(self.features.records, batches, (self.features.width,), torch.float16)


class WholePhase:
    """Trains backbone and head on augmented images.

    Args:
        learn_statistics: BatchNorm in training mode, with its statistics measured anew before each
            validation (precise BatchNorm, Wu and Johnson, arXiv 2105.07576), because Keras's slow
            running means lag behind a network that learns from nothing. False = BatchNorm in
            inference mode, which keeps what a pretrained backbone knows.
    """

    name: Phase = "fine-tuning"
    head_only = False

    def __init__(
        self,
        trainee: Trainee,
        source: ImageSource,
        train: Examples,
        validation: Examples,
        *,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        first_epoch: int,
        epochs: int,
        batch_size: int,
        seed: int,
        learn_statistics: bool,
    ) -> None:
        self.trainee = trainee
        self.source = source
        self.train = train
        self.validation = validation
        self.loss = loss
        self.optimizer = optimizer
        self.first_epoch = first_epoch
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.learn_statistics = learn_statistics

    def train_epoch(self, epoch: int, tick: Tick) -> EpochFigures:
        torch.manual_seed(self.seed * 1_000_003 + epoch)
        self.trainee.train_whole(batch_norm_trains=self.learn_statistics)
        order = shuffled_batches(self.seed, epoch, len(self.train), self.batch_size)
        draws = draw(self.seed, epoch, len(self.train))
        images = self.source.augmented(
            [self.train.numbers[batch] for batch in order], [draws[batch] for batch in order]
        )
        first_step = (epoch - self.first_epoch) * len(order)
        device = self.source.device.torch
        tally, rate = _Tally(device), 0.0
        for step, (batch, pixels) in enumerate(zip(order, images, strict=True)):
            rate = set_rate(
                self.optimizer, rate_factor(first_step + step, self.epochs * len(order))
            )
            targets = torch.from_numpy(self.train.targets[batch]).to(device)
            with self.source.device.autocast():
                logits = self.trainee.module(pixels)
            loss = self.loss(logits, targets)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            tally.add(loss, logits, targets)
            tick("train", len(batch))
        if self.learn_statistics:
            self._measure_statistics(epoch, tick)
        return tally.figures(rate)

    def validation_logits(self, tick: Tick) -> npt.NDArray[np.float32]:
        return score(
            self.trainee.module, self.source, self.validation.numbers, self.batch_size, tick
        )

    def _measure_statistics(self, epoch: int, tick: Tick) -> None:
        generator = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, epoch, 4]))
        chosen = generator.permutation(self.train.numbers)[:_STATISTICS_IMAGES]
        with self.trainee.measuring_statistics(), torch.no_grad():
            for images in self.source.plain(cut(chosen, self.batch_size)):
                with self.source.device.autocast():
                    self.trainee.module.features(images)
                tick("forward", len(images))


def statistics_images(train_images: int) -> int:
    """How many images each measuring of BatchNorm's statistics passes."""
    return min(train_images, _STATISTICS_IMAGES)
