"""Convolutions with given weights, on a processor in as few passes over memory as it can.

oneDNN, which computes torch's convolutions on a processor, can apply the activation while a
result is still in a register. torch offers that to its compiler only, as the operator
``mkldnn::_convolution_pointwise``; where it is missing the two are computed one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from server.training.engine.overwriting import OverwritingReLU6


class Fused(NamedTuple):
    """An activation in oneDNN's words: its name and its numbers."""

    name: str
    numbers: tuple[float, ...] = ()


_RELU6 = Fused("hardtanh", (0.0, 6.0))
_FUSED: dict[type[nn.Module], Fused] = {
    nn.ReLU: Fused("relu"),
    nn.ReLU6: _RELU6,
    OverwritingReLU6: _RELU6,
    nn.SiLU: Fused("swish"),
}
ACTIVATIONS = tuple(_FUSED)
"""What the backbones put behind their convolutions."""

Edges = tuple[int, int, int, int]
"""Rows and columns of zeros around a picture: left, right, top, bottom."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a kernel moves over a picture.

    Attributes:
        padding: rows, columns on either side, which the convolution itself imagines.
        edges: further zeros, which differ from side to side and have to be laid around a copy.
    """

    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    padding: tuple[int, int]
    edges: Edges | None

    @staticmethod
    def of(convolution: nn.Conv2d, before: nn.ZeroPad2d | None = None) -> Layout:
        """That of ``convolution`` and of the zeros that a layer before it lays around."""
        assert not isinstance(convolution.padding, str)
        rows, columns = convolution.padding
        left, right, top, bottom = columns, columns, rows, rows
        laid_around = (before.padding if before else None, getattr(convolution, "edges", None))
        for edges in laid_around:
            if edges is not None:
                left, right = left + edges[0], right + edges[1]
                top, bottom = top + edges[2], bottom + edges[3]
        even = left == right and top == bottom
        return Layout(
            stride=convolution.stride,
            dilation=convolution.dilation,
            groups=convolution.groups,
            padding=(top, left) if even else (0, 0),
            edges=None if even else (left, right, top, bottom),
        )


def fused_kind(activation: nn.Module | None) -> Fused | None:
    """How oneDNN calls ``activation``; None when it cannot be asked for it."""
    known = hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    return _FUSED.get(type(activation)) if known and activation is not None else None


def convolve(layout: Layout, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``x`` [n, channels, height, width] through a convolution."""
    if layout.edges is not None:
        x = functional.pad(x, layout.edges)
    return functional.conv2d(
        x, weight, bias, layout.stride, layout.padding, layout.dilation, layout.groups
    )


def convolve_and_activate(
    layout: Layout, x: Tensor, weight: Tensor, bias: Tensor, fused: Fused
) -> Tensor:
    """The same and the activation behind it in one pass, float32 on a processor, no gradients."""
    padding = layout.padding
    if layout.edges == (0, 1, 0, 1) and layout.groups > 1 and layout.dilation == (1, 1):
        # A row of zeros before the kernel instead of one after a copy of the picture.
        weight, padding = functional.pad(weight, (1, 0, 1, 0)), (1, 1)
    elif layout.edges is not None:
        x = functional.pad(x, layout.edges)
    found: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x,
        weight,
        bias,
        padding,
        layout.stride,
        layout.dilation,
        layout.groups,
        fused.name,
        fused.numbers,
        "",
    )
    return found
