"""All pixels in the accelerator's memory, when they fit: then no step waits for the disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from server.training.engine.batches import cut, read_batches
from server.training.engine.images import ImageSource

SHARE = 0.3
"""Of the free memory that pixels may take; the rest is for training."""
_AT_ONCE = 1024


def on_the_device(source: ImageSource, room: int | None = None) -> ImageSource:
    """``source``, with its pixels in the memory of its device if they fit.

    Args:
        room: bytes they may take; by default a share of a GPU's free memory, and nothing on a
            processor, where the file is as near as memory.
    """
    if room is None:
        gpu = source.device.is_gpu
        room = int(SHARE * torch.cuda.mem_get_info()[0]) if gpu else 0
    shape = (source.size, source.size, 3)
    if len(source.records) * int(np.prod(shape)) > room:
        return source
    pixels = torch.empty(
        (len(source.records), *shape), dtype=torch.uint8, device=source.device.torch
    )
    batches = cut(np.arange(len(source.records)), _AT_ONCE)
    read = read_batches(source.records, batches, shape, torch.uint8, source.device.is_gpu)
    for numbers, batch in zip(batches, read, strict=True):
        pixels[numbers[0] : numbers[-1] + 1].copy_(batch)
    return replace(source, resident=pixels)
