"""What the network answers, without learning from it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.batches import Numbers, cut
from server.training.engine.distributed import ALONE, Ranks
from server.training.engine.images import ImageSource
from server.training.engine.lanes import ONE_LANE, Lanes
from server.training.engine.memory import MicroBatch, Warn, for_answers
from server.training.engine.progress import Work

Tick = Callable[[Work, float], None]
Answers = Callable[[slice], torch.Tensor]
"""What the network answers to some rows of a batch."""


def score(
    module: torch.nn.Module,
    source: ImageSource,
    numbers: Numbers,
    batch_size: int,
    tick: Tick,
    *,
    warn: Warn,
    exact: bool = False,
    ranks: Ranks = ALONE,
) -> npt.NDArray[np.float32]:
    """Logits of plain images, [n, classes], BatchNorm and dropout in inference mode.

    Args:
        numbers: records of the images, at least one for each process.
        warn: is told when memory runs out.
        exact: in float32 throughout, as the saved files compute; else mixed precision.
        ranks: the processes that share the work; all of them get all answers.
    """
    module.eval()
    micro_batch = for_answers(batch_size, warn)

    def answer(images: torch.Tensor) -> torch.Tensor:
        if exact:
            with _all_of_float32():
                return module(images)  # type: ignore[no-any-return]
        with source.device.autocast():
            return module(images)  # type: ignore[no-any-return]

    found: list[npt.NDArray[np.float32]] = []
    batches = cut(numbers[ranks.share(len(numbers))], batch_size)
    for pixels in source.stored(batches):

        def answers(rows: slice, pixels: torch.Tensor = pixels) -> torch.Tensor:
            return answer(source.as_images(pixels[rows]))

        found.append(look(answers, len(pixels), micro_batch, source.device.lanes))
        tick("forward", len(pixels) * ranks.size)
    return ranks.join_rows(np.concatenate(found))


@contextlib.contextmanager
def _all_of_float32() -> Iterator[None]:
    """Within, a GPU's convolutions keep all digits of float32, which they round off by default."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def look(
    answers: Answers, images: int, micro_batch: MicroBatch, lanes: Lanes = ONE_LANE
) -> npt.NDArray[np.float32]:
    """The answers to a batch of ``images``, as many at a time as memory allows."""

    @torch.inference_mode()
    def some(rows: slice) -> torch.Tensor:
        return answers(rows).float().cpu()

    def once(pieces: list[slice]) -> npt.NDArray[np.float32]:
        return torch.cat([found for piece in pieces for found in lanes.map(some, piece)]).numpy()

    return micro_batch.until_it_fits(images, once)
