"""Layers that mixed precision makes slower, kept in float32.

On processors, the backward pass of a strided depthwise convolution in bfloat16 takes a slow path
of oneDNN: 20 times as long as in float32 (measured: 57 against 3 ms for 192 channels at 20 pixels,
batch 32, AVX-512 BF16), which is half of a training step of MobileNetV2.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn


def slow_in_bfloat16(layer: nn.Conv2d, device: torch.device) -> bool:
    """Whether ``layer`` is better left out of mixed precision on ``device``."""
    return device.type == "cpu" and layer.groups > 1 and max(layer.stride) > 1


def keep_strided_depthwise_in_float32(module: nn.Module) -> None:
    """Make mixed precision leave the strided depthwise convolutions of ``module`` alone."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d) and slow_in_bfloat16(layer, layer.weight.device):
            # The layer keeps its type, by which it is exported.
            layer.forward = partial(_in_float32, layer)  # type: ignore[method-assign]


def _in_float32(layer: nn.Conv2d, x: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return type(layer).forward(layer, x.float())
