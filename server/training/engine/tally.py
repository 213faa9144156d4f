"""The figures of an epoch on its training images, summed up step by step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from server.training.engine.step import Outcome
from server.training.engine.waiting import Waiting


@dataclass(frozen=True, slots=True)
class EpochSoFar:
    """An epoch that is not over: what a checkpoint inside it keeps.

    Attributes:
        steps: done.
        loss: sum over the images.
        hits: images answered rightly.
        seconds, waited: spent in steps, and of these waiting for images.
    """

    steps: int
    loss: float
    hits: float
    seconds: float
    waited: float


BEGINNING = EpochSoFar(steps=0, loss=0.0, hits=0.0, seconds=0.0, waited=0.0)


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """Of the training part, as it was learnt from.

    Attributes:
        learning_rate: the last and highest.
        seconds, waited: spent in steps, and of these waiting for images.
    """

    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    waited: float


class Tally:
    """Sums up an epoch without making a GPU wait after every step.

    Args:
        waiting: the clock under which batches are asked for, from the start on.
    """

    def __init__(self, so_far: EpochSoFar, waiting: Waiting, device: torch.device) -> None:
        self._before = so_far
        self._waiting = waiting
        self._steps = so_far.steps
        self._loss = torch.tensor([so_far.loss], device=device)
        self._hits = torch.tensor([so_far.hits], device=device)

    def add(self, outcome: Outcome) -> None:
        """Count one step."""
        self._steps += 1
        self._loss += outcome.loss
        self._hits += outcome.hits

    def so_far(self) -> EpochSoFar:
        """The sums as they are now."""
        return EpochSoFar(
            steps=self._steps,
            loss=float(self._loss),
            hits=float(self._hits),
            seconds=self._before.seconds + self._waiting.since_start,
            waited=self._before.waited + self._waiting.seconds,
        )

    def figures(self, images: int, learning_rate: float) -> EpochFigures:
        """Of a whole epoch of ``images``."""
        all_of_it = self.so_far()
        return EpochFigures(
            loss=all_of_it.loss / images,
            accuracy=all_of_it.hits / images,
            learning_rate=learning_rate,
            seconds=all_of_it.seconds,
            waited=all_of_it.waited,
        )
