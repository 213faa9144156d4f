"""Which Keras variable is which torch tensor, and how the axes of one become those of the other.

One table serves both directions, so that reading and writing back cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from server.training.engine.graph import UnknownLayer

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Axes:
    """Keras's order of the axes to torch's, and back (the second takes Keras's shape too)."""

    to_torch: Callable[[Array], Array]
    to_keras: Callable[[Array, tuple[int, ...]], Array]


@dataclass(frozen=True, slots=True)
class Pair:
    """One array of numbers that both sides hold."""

    variable: Any
    tensor: Tensor
    axes: Axes


SAME = Axes(lambda k: k, lambda t, _: t)
# Keras [height, width, in, out], torch [out, in, height, width]
KERNEL = Axes(lambda k: k.transpose(3, 2, 0, 1), lambda t, _: t.transpose(2, 3, 1, 0))
# Keras [height, width, channel, multiple], torch [channel × multiple, 1, height, width]
DEPTHWISE = Axes(
    lambda k: k.transpose(2, 3, 0, 1).reshape(-1, 1, *k.shape[:2]),
    lambda t, shape: t.reshape(*shape[2:], *shape[:2]).transpose(2, 3, 0, 1),
)
MATRIX = Axes(lambda k: k.T, lambda t, _: t.T)


def pairs(layer: Any, module: Any) -> Iterator[Pair]:
    """Every number of a Keras layer that training may change, with its place in the torch module.

    Args:
        layer: a built Keras layer.
        module: the torch module that ``layers.BUILDERS`` made of it.

    Raises:
        UnknownLayer: when the layer holds weights that are not in the table.
    """
    kind = type(layer).__name__
    if kind == "Normalization" or not layer.weights:
        return
    if kind in ("Conv2D", "DepthwiseConv2D", "Dense"):
        kernel_axes = {"Conv2D": KERNEL, "DepthwiseConv2D": DEPTHWISE, "Dense": MATRIX}[kind]
        yield Pair(layer.kernel, module.weight, kernel_axes)
        if layer.use_bias:
            yield Pair(layer.bias, module.bias, SAME)
    elif kind == "BatchNormalization":
        if layer.scale:
            yield Pair(layer.gamma, module.weight, SAME)
        if layer.center:
            yield Pair(layer.beta, module.bias, SAME)
        yield Pair(layer.moving_mean, module.running_mean, SAME)
        yield Pair(layer.moving_variance, module.running_var, SAME)
    else:
        raise UnknownLayer(f"The weights of the layer {layer.name} ({kind}) have no translation.")


def read(pair: Pair) -> None:
    """Keras to torch."""
    numbers = pair.variable.value.detach().cpu().numpy()
    with torch.no_grad():
        pair.tensor.copy_(torch.from_numpy(np.ascontiguousarray(pair.axes.to_torch(numbers))))


def write(pair: Pair) -> None:
    """Torch to Keras."""
    numbers = pair.tensor.detach().cpu().contiguous().numpy()
    shape = tuple(pair.variable.shape)
    pair.variable.assign(np.ascontiguousarray(pair.axes.to_keras(numbers, shape)))
