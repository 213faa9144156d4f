"""The two phases of a run: the head on kept features, then the whole network on images.

A phase knows how to train for one epoch and how to answer for the validation part. Everything it
draws at random follows from the seed, the epoch and the step alone, so a run that goes on from a
checkpoint does what it would have done anyway.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from server.domain.events import Phase
from server.training.engine.augment import draw
from server.training.engine.average import Average
from server.training.engine.batches import Numbers, cut, read_batches
from server.training.engine.device import Device
from server.training.engine.distributed import ALONE, Ranks
from server.training.engine.dropout import BatchDraws
from server.training.engine.features import Features
from server.training.engine.images import Examples, ImageSource
from server.training.engine.loss import Loss
from server.training.engine.memory import Warn, for_answers, for_training
from server.training.engine.optimizers import set_rate
from server.training.engine.progress import Work
from server.training.engine.sampling import Sampling, every_image_once
from server.training.engine.schedule import rate_factor
from server.training.engine.scoring import Tick, look, score
from server.training.engine.step import Answers, Ridge, Step, step_key
from server.training.engine.tally import BEGINNING, EpochFigures, EpochSoFar, Tally
from server.training.engine.trainee import Trainee
from server.training.engine.waiting import Waiting

_STATISTICS_IMAGES = 1024
"""Training images from which BatchNorm's statistics are measured anew."""

AfterStep = Callable[[Callable[[], EpochSoFar]], None]
"""Called between two steps of an epoch with a function that says how far it is."""


@dataclass(frozen=True, slots=True)
class PhaseSettings:
    """What stays the same over the epochs of a phase.

    Attributes:
        first_epoch, epochs: its place in the run; the first epoch of a run is 1.
        batch_size: images a step, over all processes.
        seed: of the order and of everything drawn.
        average_decay: of the average of the weights that answers in their stead; None = the last
            weights answer themselves.
        ridge: of the head's weights; 0 = they cost nothing.
        warm_up: share of the phase in which the rates rise.
    """

    first_epoch: int
    epochs: int
    batch_size: int
    seed: int
    average_decay: float | None = None
    ridge: float = 0.0
    warm_up: float = 0.1


@dataclass(frozen=True, slots=True)
class EpochSettings:
    """What may differ from epoch to epoch of the fine-tuning.

    Attributes:
        source: the training images, at the size and the strength of augmentation of this epoch.
        cost: of an image, as a share of what one at full size costs, (0, 1].
    """

    source: ImageSource
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What both phases of a run work with.

    Attributes:
        warn: is told in one sentence what a person must know.
    """

    trainee: Trainee
    loss: Loss
    draws: BatchDraws
    device: Device
    warn: Warn
    ranks: Ranks = ALONE


class TrainingPhase(ABC):
    """What both phases share: the way through an epoch.

    Attributes:
        head_only: whether the backbone stays as the run found it.
    """

    name: Phase
    head_only: bool
    work: Work

    def __init__(
        self,
        around: Surroundings,
        settings: PhaseSettings,
        train: Examples,
        optimizer: torch.optim.Optimizer,
        *,
        sampling: Sampling | None = None,
        batch_norm_trains: bool = False,
    ) -> None:
        self.around = around
        self.settings = settings
        self.train = train
        self.sampling = sampling or every_image_once(train.targets, around.loss.classes)
        self.optimizer = optimizer
        self.average: Average | None = None
        if settings.average_decay is not None:
            trained = [each for group in optimizer.param_groups for each in group["params"]]
            self.average = Average(trained, settings.average_decay)
        self._step = Step(
            loss=around.loss.when_shown(self.sampling.shown),
            optimizer=optimizer,
            micro_batch=for_training(
                settings.batch_size, around.warn, batch_norm_trains, around.ranks.size
            ),
            draws=around.draws,
            average=self.average,
            ranks=around.ranks,
            device=around.device.torch,
            ridge=Ridge(tuple(self._head_weights()), settings.ridge) if settings.ridge else None,
        )

    def train_epoch(
        self,
        epoch: int,
        tick: Tick,
        so_far: EpochSoFar = BEGINNING,
        after_step: AfterStep = lambda so_far: None,
    ) -> EpochFigures:
        """Learn from the training images that ``so_far`` has not seen in this epoch."""
        self._enter_training()
        settings, waiting = self.settings, Waiting()
        shown = self.sampling.order(settings.seed, epoch)
        order = cut(np.arange(len(shown)), settings.batch_size)
        steps_before = (epoch - settings.first_epoch) * len(order)
        tally = Tally(so_far, waiting, self.around.device.torch)
        rate = 0.0
        shares = [batch[self.around.ranks.share(len(batch))] for batch in order]
        batches = self._batches(epoch, shown, shares[so_far.steps :], waiting)
        for step, answers in enumerate(batches, start=so_far.steps):
            rate = set_rate(
                self.optimizer,
                rate_factor(steps_before + step, settings.epochs * len(order), settings.warm_up),
            )
            targets = torch.from_numpy(self.train.targets[shown[shares[step]]])
            key = step_key(settings.seed, epoch, step)
            tally.add(self._step(key, answers, targets, len(order[step])))
            tick(self.work, len(order[step]) * self._cost(epoch))
            if step + 1 < len(order):
                after_step(tally.so_far)
        return tally.figures(len(self.train), rate)

    @abstractmethod
    def validation_logits(self, epoch: int, tick: Tick) -> npt.NDArray[np.float32]:
        """Answers for the validation part, [n, classes]."""

    def answering(self) -> contextlib.AbstractContextManager[None]:
        """Within, the network has the weights that answer: the averaged ones where there are."""
        return contextlib.nullcontext() if self.average is None else self.average.in_place()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the weights."""
        average = None if self.average is None else self.average.state_dict()
        return {"optimizer": self.optimizer.state_dict(), "average": average}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])

    def _cost(self, epoch: int) -> float:
        """Of an image in this epoch, as a share of one at full size."""
        return 1.0

    def _head_weights(self) -> list[torch.nn.Parameter]:
        return [each for each in self.around.trainee.module.head_parameters() if each.ndim > 1]

    @abstractmethod
    def _enter_training(self) -> None:
        """Training mode for what this phase trains."""

    @abstractmethod
    def _batches(
        self, epoch: int, shown: Numbers, shares: Sequence[Numbers], waiting: Waiting
    ) -> Iterator[Answers]:
        """For each share of a batch, what gives its logits; valid until the next is asked for.

        Args:
            shown: [n], positions of the training images in the order of the epoch.
            shares: places in that order; what is drawn for an image belongs to its place.
        """


class HeadPhase(TrainingPhase):
    """Trains the head on the features of the frozen backbone."""

    name: Phase = "head"
    head_only = True
    work: Work = "head"

    def __init__(
        self,
        around: Surroundings,
        settings: PhaseSettings,
        train: Examples,
        optimizer: torch.optim.Optimizer,
        features: Features,
    ) -> None:
        super().__init__(around, settings, train, optimizer)
        self.features = features

    def validation_logits(self, epoch: int, tick: Tick) -> npt.NDArray[np.float32]:
        self.around.trainee.module.eval()
        batches = cut(self.features.of_validation(), max(self.settings.batch_size, 256))
        with torch.inference_mode():
            answers = [self._answer(rows).cpu().numpy() for rows in self._read(batches)]
        tick("head", self.features.validation)
        return np.concatenate(answers)

    def _enter_training(self) -> None:
        self.around.trainee.train_head()

    def _batches(
        self, epoch: int, shown: Numbers, shares: Sequence[Numbers], waiting: Waiting
    ) -> Iterator[Answers]:
        views = self._views(epoch)
        numbers = [self.features.of_training(shown[share], views[share]) for share in shares]
        for vectors in waiting.watch(self._read(numbers)):
            yield lambda rows, vectors=vectors: self._answer(vectors[rows])  # type: ignore[misc]

    def _views(self, epoch: int) -> Numbers:
        """Which view of each training image this epoch learns from."""
        counter = [0, 0, epoch, 3]
        chooser = np.random.Generator(np.random.Philox(key=self.settings.seed, counter=counter))
        return chooser.integers(0, self.features.views, len(self.train))

    def _answer(self, vectors: torch.Tensor) -> torch.Tensor:
        moved = vectors.to(self.around.device.torch).float()
        return self.around.trainee.module.logits_from_features(moved)

    def _read(self, batches: Sequence[Numbers]) -> Iterator[torch.Tensor]:
        return read_batches(self.features.records, batches, (self.features.width,), torch.float16)


class WholePhase(TrainingPhase):
    """Trains backbone and head on augmented images.

    Args:
        epochs: the settings of each epoch of the phase, in order.
        validation_source: the images at the size of the finished network.
        learn_statistics: BatchNorm in training mode, with its statistics measured anew before each
            validation (precise BatchNorm, Wu and Johnson, arXiv 2105.07576), because Keras's slow
            running means lag behind a network that learns from nothing. False = BatchNorm in
            inference mode, which keeps what a pretrained backbone knows.
    """

    name: Phase = "fine-tuning"
    head_only = False
    work: Work = "train"

    def __init__(
        self,
        around: Surroundings,
        settings: PhaseSettings,
        train: Examples,
        optimizer: torch.optim.Optimizer,
        *,
        epochs: Sequence[EpochSettings],
        validation: Examples,
        validation_source: ImageSource,
        learn_statistics: bool,
        sampling: Sampling | None = None,
    ) -> None:
        super().__init__(
            around,
            settings,
            train,
            optimizer,
            sampling=sampling,
            batch_norm_trains=learn_statistics,
        )
        self.epochs = epochs
        self.validation = validation
        self.validation_source = validation_source
        self.learn_statistics = learn_statistics

    def validation_logits(self, epoch: int, tick: Tick) -> npt.NDArray[np.float32]:
        if self.learn_statistics:
            self._measure_statistics(epoch, tick)
        return score(
            self.around.trainee.module,
            self.validation_source,
            self.validation.numbers,
            self.settings.batch_size,
            tick,
            warn=self.around.warn,
            ranks=self.around.ranks,
        )

    def _cost(self, epoch: int) -> float:
        return self.epochs[epoch - self.settings.first_epoch].cost

    def _enter_training(self) -> None:
        self.around.trainee.train_whole(batch_norm_trains=self.learn_statistics)

    def _batches(
        self, epoch: int, shown: Numbers, shares: Sequence[Numbers], waiting: Waiting
    ) -> Iterator[Answers]:
        source = self.epochs[epoch - self.settings.first_epoch].source
        draws = draw(self.settings.seed, epoch, len(self.train))
        stored = source.stored([self.train.numbers[shown[share]] for share in shares])
        for share, pixels in zip(shares, waiting.watch(stored), strict=True):
            changes = draws[share]

            def answers(
                rows: slice,
                pixels: torch.Tensor = pixels,
                changes: npt.NDArray[np.float32] = changes,
            ) -> torch.Tensor:
                images = source.changed(pixels[rows], changes[rows])
                with source.device.autocast():
                    return self.around.trainee.module(images)  # type: ignore[no-any-return]

            yield answers

    def _measure_statistics(self, epoch: int, tick: Tick) -> None:
        counter = [0, 0, epoch, 4]
        generator = np.random.Generator(np.random.Philox(key=self.settings.seed, counter=counter))
        chosen = generator.permutation(self.train.numbers)[:_STATISTICS_IMAGES]
        source, module = self.validation_source, self.around.trainee.module
        micro_batch = for_answers(self.settings.batch_size, self.around.warn)

        with self.around.trainee.measuring_statistics():
            for pixels in source.stored(cut(chosen, self.settings.batch_size)):

                def features(rows: slice, pixels: torch.Tensor = pixels) -> torch.Tensor:
                    with source.device.autocast():
                        return module.features(source.as_images(pixels[rows]))

                look(features, len(pixels), micro_batch)
                tick("forward", len(pixels))


def statistics_images(train_images: int) -> int:
    """How many images each measuring of BatchNorm's statistics passes."""
    return min(train_images, _STATISTICS_IMAGES)
