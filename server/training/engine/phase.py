"""What both phases of a run share: the way through an epoch.

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
from server.training.engine.average import Average
from server.training.engine.batches import Numbers, cut
from server.training.engine.device import Device
from server.training.engine.distributed import ALONE, Ranks
from server.training.engine.dropout import BatchDraws
from server.training.engine.images import Examples
from server.training.engine.lanes import ONE_LANE, Lanes
from server.training.engine.loss import Loss
from server.training.engine.memory import Warn, for_training
from server.training.engine.optimizers import set_rate
from server.training.engine.progress import Work
from server.training.engine.sampling import Sampling, every_image_once
from server.training.engine.schedule import rate_factor
from server.training.engine.scoring import Tick
from server.training.engine.step import Answers, Ridge, Step, step_key
from server.training.engine.tally import BEGINNING, EpochFigures, EpochSoFar, Tally
from server.training.engine.trainee import Trainee
from server.training.engine.waiting import Waiting

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
        lanes: Lanes = ONE_LANE,
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
            lanes=lanes,
        )

    def train_epoch(
        self,
        epoch: int,
        tick: Tick,
        so_far: EpochSoFar = BEGINNING,
        after_step: AfterStep = lambda so_far: None,
    ) -> EpochFigures:
        """Learn from the training images that ``so_far`` has not seen in this epoch."""
        with self._cores():
            return self._train_epoch(epoch, tick, so_far, after_step)

    def _train_epoch(
        self, epoch: int, tick: Tick, so_far: EpochSoFar, after_step: AfterStep
    ) -> EpochFigures:
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

    def _cores(self) -> contextlib.AbstractContextManager[None]:
        """Within, torch uses as many cores as a step of this phase is worth."""
        return contextlib.nullcontext()

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
