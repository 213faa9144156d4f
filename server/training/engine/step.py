"""One step of the optimizer on one batch, in as many pieces as memory asks for.

The gradient is the mean over the batch, whether it is computed at once, in pieces or by several
processes. What is drawn at random follows from the step alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from server.training.engine.average import Average
from server.training.engine.distributed import Ranks
from server.training.engine.dropout import BatchDraws
from server.training.engine.lanes import ONE_LANE, Lanes
from server.training.engine.loss import Loss
from server.training.engine.memory import MicroBatch

Answers = Callable[[slice], torch.Tensor]
"""The logits of some rows of a batch."""
Gradients = tuple[torch.Tensor | None, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Sums over the batch, on the device: of the losses, and of the right answers."""

    loss: torch.Tensor
    hits: torch.Tensor


@dataclass(frozen=True, slots=True)
class Ridge:
    """A penalty on the squares of weights, as in ridge regression (Hoerl and Kennard, 1970).

    Attributes:
        weights: that are held small.
        strength: what the sum of their squares is multiplied by.
    """

    weights: tuple[torch.Tensor, ...]
    strength: float

    def cost(self) -> torch.Tensor:
        """What is added to the mean loss of a batch."""
        squares = torch.stack([each.square().sum() for each in self.weights])
        return self.strength * squares.sum()


class Step:
    """Moves the weights by one batch at a time.

    Args:
        micro_batch: how many images fit into memory at a time.
        average: follows the weights; None = none is kept.
        ridge: weights that are held small, and how much their squares cost.
        lanes: in which a batch is computed; one where BatchNorm compares its images.
    """

    def __init__(
        self,
        *,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        micro_batch: MicroBatch,
        draws: BatchDraws,
        average: Average | None,
        ranks: Ranks,
        device: torch.device,
        ridge: Ridge | None = None,
        lanes: Lanes = ONE_LANE,
    ) -> None:
        self._loss = loss
        self._lanes = lanes
        self._ridge = ridge
        self._optimizer = optimizer
        self._micro_batch = micro_batch
        self._draws = draws
        self._average = average
        self._ranks = ranks
        self._device = device
        groups = optimizer.param_groups
        self._parameters = [each for group in groups for each in group["params"]]

    def __call__(self, key: int, answers: Answers, targets: torch.Tensor, images: int) -> Outcome:
        """Learn from one batch.

        Args:
            key: from ``step_key``.
            answers: gives logits [rows, classes] for rows of this process's share.
            targets: [share], encoded labels of the share.
            images: of the whole batch, over all processes.
        """
        targets = targets.to(self._device)

        def once(pieces: list[slice]) -> Outcome:
            return self._gradients(key, answers, targets, images, pieces)

        outcome = self._micro_batch.until_it_fits(len(targets), once)
        self._ranks.add_up([*self._gradient_tensors(), outcome.loss, outcome.hits])
        self._optimizer.step()
        if self._average is not None:
            self._average.update()
        return outcome

    def _gradients(
        self, key: int, answers: Answers, targets: torch.Tensor, images: int, pieces: list[slice]
    ) -> Outcome:
        """Leave in the parameters this share's part of the mean gradient of the batch."""
        self._optimizer.zero_grad(set_to_none=True)
        outcome = Outcome(*torch.zeros((2, 1), device=self._device))

        def learn(rows: slice) -> tuple[Gradients, Outcome]:
            self._draws.begin(key, self._ranks.first_of(images) + rows.start, images)
            logits = answers(rows)
            loss = self._loss(logits, targets[rows])
            size = rows.stop - rows.start
            cost = loss if self._ridge is None else loss + self._ridge.cost()
            gradients = torch.autograd.grad(
                cost * (size / images), self._parameters, allow_unused=True
            )
            hits = (logits.detach().argmax(dim=1) == targets[rows]).sum()
            return gradients, Outcome(loss.detach() * size, hits)

        for piece in pieces:
            for gradients, share in self._lanes.map(learn, piece):
                self._add(gradients)
                outcome.loss.add_(share.loss)
                outcome.hits.add_(share.hits)
        return outcome

    def _add(self, gradients: Gradients) -> None:
        found = [
            (parameter, gradient)
            for parameter, gradient in zip(self._parameters, gradients, strict=True)
            if gradient is not None
        ]
        begun = [
            (parameter.grad, gradient)
            for parameter, gradient in found
            if parameter.grad is not None
        ]
        if begun:
            torch._foreach_add_([each for each, _ in begun], [each for _, each in begun])
        for parameter, gradient in found:
            if parameter.grad is None:
                parameter.grad = gradient

    def _gradient_tensors(self) -> list[torch.Tensor]:
        """A gradient for every parameter, zero where this process had no image."""
        if self._ranks.size == 1:
            return []
        for each in self._parameters:
            if each.grad is None:
                each.grad = torch.zeros_like(each)
        return [each.grad for each in self._parameters]


def step_key(seed: int, epoch: int, step: int) -> int:
    """A number below 2**62 from which everything that a step draws follows."""
    (drawn,) = np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)
    return int(drawn) >> 2
