"""What the network answers, without learning from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.batches import Numbers, cut
from server.training.engine.images import ImageSource
from server.training.engine.progress import Work

Tick = Callable[[Work, float], None]


def score(
    module: torch.nn.Module,
    source: ImageSource,
    numbers: Numbers,
    batch_size: int,
    tick: Tick,
    *,
    exact: bool = False,
) -> npt.NDArray[np.float32]:
    """Logits of plain images, [n, classes], BatchNorm and dropout in inference mode.

    Args:
        numbers: records of the images.
        exact: in float32 throughout, as the saved files compute; else mixed precision.
    """
    module.eval()
    batches = cut(numbers, batch_size)
    found: list[npt.NDArray[np.float32]] = []
    with torch.inference_mode():
        for images in source.plain(batches):
            if exact:
                logits = module(images)
            else:
                with source.device.autocast():
                    logits = module(images)
            found.append(logits.float().cpu().numpy())
            tick("forward", len(images))
    return np.concatenate(found)


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities, [n, classes], each row summing to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
