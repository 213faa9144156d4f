"""Dropout whose draws belong to the images of a batch, not to the way it is computed.

Torch draws in the order in which it computes, so half a batch twice is not the whole batch once.
Here every draw follows from the step, the layer and the image's place in the batch: a batch gives
the same in one piece, in several, and shared out to several processes.
"""

from __future__ import annotations

from functools import partial
from threading import get_ident

import torch
from torch import Tensor, nn

from server.training.engine.layers import StochasticDepth


class BatchDraws:
    """Takes over the dropout layers of ``module``; they keep their type, by which they are
    exported."""

    def __init__(self, module: nn.Module) -> None:
        # Of each thread: the key, the place of its first image, the images of the batch.
        self._now: dict[int, tuple[int, int, int]] = {}
        layers = [
            layer for layer in module.modules() if isinstance(layer, nn.Dropout | StochasticDepth)
        ]
        for number, layer in enumerate(layers):
            layer.forward = partial(self._drop, layer, number)  # type: ignore[method-assign]

    def begin(self, key: int, first: int, images: int) -> None:
        """What this thread computes next are images of the batch ``key``.

        Args:
            key: names the step; the same key gives the same draws. Below 2**62.
            first: place in the batch of the first image that is computed.
            images: of the whole batch.
        """
        self._now[get_ident()] = key, first, images

    def _drop(self, layer: nn.Dropout | StochasticDepth, number: int, x: Tensor) -> Tensor:
        rate = layer.p if isinstance(layer, nn.Dropout) else layer.rate
        if not layer.training or rate == 0:
            return x
        each = x.shape[1:] if isinstance(layer, nn.Dropout) else (1,) * (x.ndim - 1)
        key, first, images = self._now.get(get_ident(), (0, 0, len(x)))
        generator = torch.Generator(x.device).manual_seed(key + number)
        drawn = torch.rand((images, *each), generator=generator, device=x.device)
        kept = drawn[first : first + len(x)] >= rate
        return x * (kept.to(x.dtype) / (1 - rate))
