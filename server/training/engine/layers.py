"""Keras layers as torch modules: one function a kind, one table at the end.

A module takes and gives what the Keras layer does, with the channels second (Keras: last). The
weights are not copied here (``layer_weights``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from server.training.engine.graph import Step, UnknownLayer

KERAS_CHANNELS = (-1, 3)
"""How Keras names the channel axis of a picture whose channels come last."""


class ChannelAffine(nn.Module):
    """``x * scale + offset`` a channel, with numbers that are never trained.

    Args:
        scale, offset: one number, or one a channel.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, scale: Any, offset: Any) -> None:
        super().__init__()
        pair = np.broadcast_arrays(np.asarray(scale, np.float64), np.asarray(offset, np.float64))
        for name, value in zip(("scale", "offset"), pair, strict=True):
            tensor = torch.tensor(value.reshape(1, -1, 1, 1))
            self.register_buffer(name, tensor.to(torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.offset, x, self.scale)


class UnevenConv2d(nn.Conv2d):
    """A convolution whose zero padding differs from side to side, as Keras's ``same`` often does.

    Args:
        edges: left, right, top, bottom, in pixels.
        settings: of ``torch.nn.Conv2d``, without padding.
    """

    def __init__(self, edges: tuple[int, int, int, int], **settings: Any) -> None:
        super().__init__(**settings)
        self.edges = edges

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(nn.functional.pad(x, self.edges))


class StochasticDepth(nn.Module):
    """Drops a whole branch for some images of the batch (Huang et al., arXiv 1603.09382).

    Args:
        rate: share of images for which it is dropped, [0, 1).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) >= self.rate
        return x * (kept.to(x.dtype) / (1 - self.rate))


class KerasReshape(nn.Module):
    """``Reshape`` as Keras means it, that is with the channels last.

    Args:
        from_picture: whether a picture comes in (four axes with the batch), and not a vector.
        target: shape without the batch, as Keras gives it.
    """

    def __init__(self, *, from_picture: bool, target: tuple[int, ...]) -> None:
        super().__init__()
        self.from_picture = from_picture
        self.to_picture = len(target) == 3
        self.target = target

    def forward(self, x: Tensor) -> Tensor:
        last = x.permute(0, 2, 3, 1) if self.from_picture else x
        shaped = last.reshape(x.shape[0], *self.target)
        return shaped.permute(0, 3, 1, 2) if self.to_picture else shaped


class ChannelMean(nn.Module):
    """Mean over height and width: [n, c, h, w] to [n, c].

    Divided after it is summed: the gradient of ``torch.mean`` is divided at every pixel, and laid
    out in another order than the picture, which costs a tenth of a step where many layers are
    looked into.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((2, 3)) / (x.shape[2] * x.shape[3])


def activation(name: str, *, in_place: bool = False) -> nn.Module:
    """The module of a Keras activation.

    Raises:
        UnknownLayer: for one that is not in the table.
    """
    known: dict[str, Callable[[], nn.Module]] = {
        "linear": nn.Identity,
        "relu": lambda: nn.ReLU(inplace=in_place),
        "relu6": lambda: nn.ReLU6(inplace=in_place),
        "silu": nn.SiLU,
        "swish": nn.SiLU,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "softmax": lambda: nn.Softmax(dim=1),
    }
    if name not in known:
        raise UnknownLayer(f"The activation {name!r} has no translation to torch.")
    return known[name]()


def _same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Before and after, in pixels, so that ceil(size / stride) come out; the odd one goes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _padding(step: Step, kernel: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    layer = step.layer
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    if layer.padding != "same":
        raise _unknown_setting(step, f"padding={layer.padding!r}")
    height, width = step.input_shapes[0][1:3]
    if height is None or width is None:
        raise _unknown_setting(step, "an image size that is left open")
    dilation = getattr(layer, "dilation_rate", (1, 1))
    return (
        _same_padding(height, kernel[0], layer.strides[0], dilation[0]),
        _same_padding(width, kernel[1], layer.strides[1], dilation[1]),
    )


def _convolution(step: Step, groups: int, channels_out: int) -> nn.Module:
    layer = step.layer
    kernel = tuple(layer.kernel_size)
    (top, bottom), (left, right) = _padding(step, kernel)
    settings: dict[str, Any] = {
        "in_channels": int(step.input_shapes[0][-1] or 0),
        "out_channels": channels_out,
        "kernel_size": kernel,
        "stride": tuple(layer.strides),
        "dilation": tuple(layer.dilation_rate),
        "groups": groups,
        "bias": layer.use_bias,
    }
    if top == bottom and left == right:
        return nn.Conv2d(padding=(top, left), **settings)
    return UnevenConv2d((left, right, top, bottom), **settings)


def _conv2d(step: Step) -> nn.Module:
    return _convolution(step, step.layer.groups, step.layer.filters)


def _depthwise(step: Step) -> nn.Module:
    channels = int(step.input_shapes[0][-1] or 0)
    return _convolution(step, channels, channels * step.layer.depth_multiplier)


def _batch_norm(step: Step) -> nn.Module:
    layer = step.layer
    if layer.axis not in KERAS_CHANNELS:
        raise _unknown_setting(step, f"axis={layer.axis}")
    kind = nn.BatchNorm2d if len(step.input_shapes[0]) == 4 else nn.BatchNorm1d
    module = kind(
        int(step.input_shapes[0][-1] or 0),
        eps=layer.epsilon,
        # Keras says how much of the old value stays, torch how much of the new one comes in.
        momentum=1 - layer.momentum,
    )
    module.weight.requires_grad_(layer.scale)
    module.bias.requires_grad_(layer.center)
    return module


def _dense(step: Step) -> nn.Module:
    layer = step.layer
    features = int(step.input_shapes[0][-1] or 0)
    return nn.Linear(features, layer.units, bias=layer.use_bias)


def _zero_padding(step: Step) -> nn.Module:
    (top, bottom), (left, right) = step.layer.padding
    return nn.ZeroPad2d((left, right, top, bottom))


def _max_pool(step: Step) -> nn.Module:
    size = tuple(step.layer.pool_size)
    stride = tuple(step.layer.strides)
    if _padding(step, size) != ((0, 0), (0, 0)):
        raise _unknown_setting(step, "padding='same' at this image size")
    return nn.MaxPool2d(size, stride)


def _average_pool(step: Step) -> nn.Module:
    size = tuple(step.layer.pool_size)
    if _padding(step, size) != ((0, 0), (0, 0)):
        raise _unknown_setting(step, "padding='same' at this image size")
    return nn.AvgPool2d(size, tuple(step.layer.strides))


def _global_average(step: Step) -> nn.Module:
    if step.layer.keepdims:
        return nn.AdaptiveAvgPool2d(1)
    return ChannelMean()


def _relu(step: Step) -> nn.Module:
    layer = step.layer
    if layer.threshold:
        raise _unknown_setting(step, f"threshold={layer.threshold}")
    if layer.max_value is None:
        return nn.LeakyReLU(layer.negative_slope) if layer.negative_slope else nn.ReLU()
    if layer.max_value != 6 or layer.negative_slope:
        raise _unknown_setting(step, f"max_value={layer.max_value}")
    return nn.ReLU6()


def _dropout(step: Step) -> nn.Module:
    shape = step.layer.noise_shape
    if shape is None:
        return nn.Dropout(step.layer.rate)
    if tuple(shape[1:]) != (1,) * (len(shape) - 1):
        raise _unknown_setting(step, f"noise_shape={shape}")
    return StochasticDepth(step.layer.rate)


def _reshape(step: Step) -> nn.Module:
    picture = len(step.input_shapes[0]) == 4
    return KerasReshape(from_picture=picture, target=tuple(step.layer.target_shape))


def _rescaling(step: Step) -> nn.Module:
    return ChannelAffine(step.layer.scale, step.layer.offset)


def _normalization(step: Step) -> nn.Module:
    layer = step.layer
    if layer.invert:
        raise _unknown_setting(step, "invert=True")
    mean = _numbers(layer.mean)
    deviation = np.maximum(np.sqrt(_numbers(layer.variance)), 1e-7)
    return ChannelAffine(1 / deviation, -mean / deviation)


def _numbers(value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return torch.as_tensor(value).detach().cpu().numpy().astype(np.float64).reshape(-1)


def _unknown_setting(step: Step, what: str) -> UnknownLayer:
    return UnknownLayer(f"The layer {step.name} ({step.kind}) with {what} has no translation.")


WITH_ACTIVATION = ("Conv2D", "DepthwiseConv2D", "Dense")
"""Kinds that may have an activation of their own behind them."""

BUILDERS: dict[str, Callable[[Step], nn.Module]] = {
    "Activation": lambda step: activation(step.layer.activation.__name__),
    "AveragePooling2D": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _dropout,
    "GlobalAveragePooling2D": _global_average,
    "MaxPooling2D": _max_pool,
    "Normalization": _normalization,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Softmax": lambda step: nn.Softmax(dim=1),
    "ZeroPadding2D": _zero_padding,
}
"""Kinds that take one thing; those that take several are in ``translate``."""
