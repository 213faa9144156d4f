"""The four networks of ``keras.applications`` written by hand in plain torch, for comparison.

Layer for layer what Keras has (strides, padding, epsilons, biases), from RGB in [0, 1] to logits.
Nothing of DermaScan is imported. ``weighted_layers`` lists the layers in the order in which a
forward pass meets them, so that weights can be copied from any other copy of the same network.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

DROPOUT = 0.2


class Convolution(nn.Conv2d):
    """A convolution padded as Keras pads: with an odd pixel, that one is at the right and below."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=bias)
        self.reach = kernel

    def forward(self, x: Tensor) -> Tensor:
        edges = [*self._edges(x.shape[3]), *self._edges(x.shape[2])]
        if edges[0] == edges[1] and edges[2] == edges[3]:
            padding = (edges[2], edges[0])
            return functional.conv2d(
                x, self.weight, self.bias, self.stride, padding, 1, self.groups
            )
        x = functional.pad(x, edges)
        return functional.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)

    def _edges(self, size: int) -> tuple[int, int]:
        stride = self.stride[0]
        total = max((math.ceil(size / stride) - 1) * stride + self.reach - size, 0)
        return total // 2, total - total // 2


class Stem7(nn.Conv2d):
    """The 7 × 7 convolution that ResNet and DenseNet begin with: three pixels on every side."""

    def __init__(self, outputs: int, *, bias: bool) -> None:
        super().__init__(3, outputs, 7, 2, 3, bias=bias)


class Classifier(nn.Module):
    """Preprocessing, backbone, mean over the picture, dropout, one dense layer."""

    scale: Tensor
    offset: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        features: int,
        classes: int,
        pixels: tuple[Tensor, Tensor],
        *,
        blue_first: bool = False,
    ) -> None:
        super().__init__()
        self.blue_first = blue_first
        self.backbone = backbone
        self.dropout = nn.Dropout(DROPOUT)
        self.logits = nn.Linear(features, classes)
        self.register_buffer("scale", pixels[0].reshape(1, -1, 1, 1))
        self.register_buffer("offset", pixels[1].reshape(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        if self.blue_first:
            images = images.flip(1)
        found = self.backbone(torch.addcmul(self.offset, images, self.scale))
        logits: Tensor = self.logits(self.dropout(found.mean((2, 3))))
        return logits


class Inverted(nn.Module):
    """MobileNetV2's block: widen, filter each channel, narrow, add."""

    def __init__(self, inputs: int, outputs: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = inputs * widening
        self.adds = stride == 1 and inputs == outputs
        self.widen = (
            nn.Sequential(
                Convolution(inputs, wide, 1, bias=False), _norm(wide, 1e-3), nn.ReLU6(inplace=True)
            )
            if widening > 1
            else nn.Identity()
        )
        self.filter = nn.Sequential(
            Convolution(wide, wide, 3, stride, wide, bias=False),
            _norm(wide, 1e-3),
            nn.ReLU6(inplace=True),
        )
        self.narrow = nn.Sequential(Convolution(wide, outputs, 1, bias=False), _norm(outputs, 1e-3))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.narrow(self.filter(self.widen(x)))
        return x + changed if self.adds else changed


class Bottleneck(nn.Module):
    """ResNet's block (version 1): the stride is in the first convolution; biases everywhere."""

    def __init__(self, inputs: int, width: int, stride: int, *, shortcut: bool) -> None:
        super().__init__()
        self.first = Convolution(inputs, width, 1, stride)
        self.first_norm = _norm(width, 1.001e-5)
        self.second = Convolution(width, width, 3)
        self.second_norm = _norm(width, 1.001e-5)
        self.shortcut = Convolution(inputs, 4 * width, 1, stride) if shortcut else None
        self.shortcut_norm = _norm(4 * width, 1.001e-5) if shortcut else None
        self.third = Convolution(width, 4 * width, 1)
        self.third_norm = _norm(4 * width, 1.001e-5)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first_norm(self.first(x)), inplace=True)
        y = functional.relu(self.second_norm(self.second(y)), inplace=True)
        if self.shortcut is not None and self.shortcut_norm is not None:
            x = self.shortcut_norm(self.shortcut(x))
        y = self.third_norm(self.third(y))
        return functional.relu(x + y, inplace=True)


class DenseLayer(nn.Module):
    """DenseNet's layer: 32 more channels, made from all before."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _norm(inputs, 1.001e-5),
            nn.ReLU(inplace=True),
            Convolution(inputs, 128, 1, bias=False),
            _norm(128, 1.001e-5),
            nn.ReLU(inplace=True),
            Convolution(128, 32, 3, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.layers(x)], dim=1)


class Squeeze(nn.Module):
    """EfficientNet's gate: each channel weighed by what the whole picture says."""

    def __init__(self, channels: int, narrow: int) -> None:
        super().__init__()
        self.reduce = Convolution(channels, narrow, 1)
        self.expand = Convolution(narrow, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        said = functional.silu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(said))


class MobileBlock(nn.Module):
    """EfficientNet's block, with a whole branch dropped for some images while training."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int, widening: int, drop: float
    ) -> None:
        super().__init__()
        wide = inputs * widening
        layers: list[nn.Module] = []
        if widening > 1:
            layers += [Convolution(inputs, wide, 1, bias=False), _norm(wide, 1e-3), nn.SiLU()]
        layers += [
            Convolution(wide, wide, kernel, stride, wide, bias=False),
            _norm(wide, 1e-3),
            nn.SiLU(),
            Squeeze(wide, max(1, inputs // 4)),
            Convolution(wide, outputs, 1, bias=False),
            _norm(outputs, 1e-3),
        ]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        if not self.adds:
            return y
        if self.training and self.drop:
            kept = torch.rand(len(y), 1, 1, 1, device=y.device) >= self.drop
            y = y * (kept.to(y.dtype) / (1 - self.drop))
        return x + y


def mobilenet_v2(classes: int) -> Classifier:
    layers: list[nn.Module] = [
        Convolution(3, 32, 3, 2, bias=False),
        _norm(32, 1e-3),
        nn.ReLU6(inplace=True),
    ]
    inputs = 32
    for widening, outputs, repeats, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):  # fmt: skip
        for number in range(repeats):
            layers.append(Inverted(inputs, outputs, stride if number == 0 else 1, widening))
            inputs = outputs
    layers += [Convolution(320, 1280, 1, bias=False), _norm(1280, 1e-3), nn.ReLU6(inplace=True)]
    return Classifier(
        nn.Sequential(*layers), 1280, classes, (torch.full((3,), 2.0), torch.full((3,), -1.0))
    )


def resnet50(classes: int) -> Classifier:
    layers: list[nn.Module] = [
        Stem7(64, bias=True),
        _norm(64, 1.001e-5),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    inputs = 64
    for width, repeats, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(repeats):
            first = number == 0
            layers.append(Bottleneck(inputs, width, stride if first else 1, shortcut=first))
            inputs = 4 * width
    mean = torch.tensor([103.939, 116.779, 123.68])
    pixels = (torch.full((3,), 255.0), -mean)
    return Classifier(nn.Sequential(*layers), 2048, classes, pixels, blue_first=True)


def densenet169(classes: int) -> Classifier:
    layers: list[nn.Module] = [
        Stem7(64, bias=False),
        _norm(64, 1.001e-5),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    channels = 64
    for block, repeats in enumerate((6, 12, 32, 32)):
        for _ in range(repeats):
            layers.append(DenseLayer(channels))
            channels += 32
        if block < 3:
            layers += [
                _norm(channels, 1.001e-5),
                nn.ReLU(inplace=True),
                Convolution(channels, channels // 2, 1, bias=False),
                nn.AvgPool2d(2, 2),
            ]
            channels //= 2
    layers += [_norm(channels, 1.001e-5), nn.ReLU(inplace=True)]
    return Classifier(nn.Sequential(*layers), channels, classes, _imagenet())


def efficientnet_b3(classes: int) -> Classifier:
    layers: list[nn.Module] = [
        Convolution(3, 40, 3, 2, bias=False),
        _norm(40, 1e-3),
        nn.SiLU(),
    ]
    inputs, blocks, number = 40, 26, 0
    for kernel, repeats, outputs, widening, stride in (
        (3, 2, 24, 1, 1), (3, 3, 32, 6, 2), (5, 3, 48, 6, 2), (3, 5, 96, 6, 2), (5, 5, 136, 6, 1),
        (5, 6, 232, 6, 2), (3, 2, 384, 6, 1),
    ):  # fmt: skip
        for repeat in range(repeats):
            layers.append(
                MobileBlock(
                    inputs,
                    outputs,
                    kernel=kernel,
                    stride=stride if repeat == 0 else 1,
                    widening=widening,
                    drop=0.2 * number / blocks,
                )
            )
            inputs = outputs
            number += 1
    layers += [Convolution(384, 1536, 1, bias=False), _norm(1536, 1e-3), nn.SiLU()]
    return Classifier(nn.Sequential(*layers), 1536, classes, _imagenet())


NETWORKS: dict[str, Callable[[int], Classifier]] = {
    "MobileNetV2": mobilenet_v2,
    "ResNet50": resnet50,
    "DenseNet169": densenet169,
    "EfficientNetB3": efficientnet_b3,
}
"""By the names of ``keras.applications``."""


def weighted_layers(module: nn.Module, example: Tensor) -> list[nn.Module]:
    """Convolutions, norms and dense layers of ``module``, as a forward pass meets them.

    Args:
        example: an input.
    """
    met: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
    hooks = [
        layer.register_forward_hook(lambda layer, *_: met.append(layer))
        for layer in module.modules()
        if isinstance(layer, kinds)
    ]
    try:
        with torch.no_grad():
            module(example)
    finally:
        for hook in hooks:
            hook.remove()
    return [layer for kind in kinds for layer in met if isinstance(layer, kind)]


def _norm(channels: int, epsilon: float) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=epsilon, momentum=0.01)


def _imagenet() -> tuple[Tensor, Tensor]:
    mean = torch.tensor([0.485, 0.456, 0.406])
    deviation = torch.tensor([0.229, 0.224, 0.225])
    return 1 / deviation, -mean / deviation
