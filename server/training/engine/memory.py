"""Memory that runs out: the same work again, on fewer images at a time."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable
from typing import TypeVar

import torch

from server.training.failures import is_out_of_memory

Result = TypeVar("Result")
Warn = Callable[[str], None]


class MicroBatch:
    """How many images are computed at a time; halved for good whenever memory runs out.

    Args:
        size: to begin with, 1 or more.
        warn: is told of every halving, in one sentence.
        note: ends that sentence: what stays the same and what does not.
    """

    def __init__(self, size: int, warn: Warn, note: str) -> None:
        self.size = size
        self._warn = warn
        self._note = note

    def pieces(self, images: int) -> list[slice]:
        """``images`` cut into nearly equal runs of at most ``size``."""
        count = -(-images // self.size)
        edges = [images * number // count for number in range(count + 1)] if count else [0]
        return [slice(*edge) for edge in itertools.pairwise(edges)]

    def until_it_fits(self, images: int, work: Callable[[list[slice]], Result]) -> Result:
        """``work`` on all pieces of ``images``; when memory runs out, again on smaller pieces.

        Args:
            work: begins anew whenever it is called.

        Raises:
            Exception: whatever ``work`` raises; lack of memory only at one image at a time.
        """
        while True:
            try:
                return work(self.pieces(images))
            except (MemoryError, RuntimeError) as error:
                at_once = min(self.size, images)
                if at_once <= 1 or not is_out_of_memory(error):
                    raise
            # Only here, after the exception let go of the tensors of the failed try.
            self._halve(at_once)

    def _halve(self, at_once: int) -> None:
        self.size = at_once // 2
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._warn(
            f"Memory ran out with {at_once} images at a time; going on with {self.size}. "
            f"{self._note}"
        )


def for_training(
    batch_size: int, warn: Warn, batch_norm_trains: bool, processes: int = 1
) -> MicroBatch:
    """Pieces of a training batch, whose gradients are added up.

    Args:
        batch_size: images a step, over all processes.
    """
    note = f"Each step still learns from {batch_size} images, by adding up gradients"
    if batch_norm_trains:
        note += ", but BatchNorm now compares fewer images, which can change the result"
    return MicroBatch(-(-batch_size // processes), warn, f"{note}.")


def for_answers(batch_size: int, warn: Warn) -> MicroBatch:
    """Pieces of a batch that is only looked at."""
    return MicroBatch(batch_size, warn, "The answers stay the same.")
