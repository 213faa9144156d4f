"""Networks to test with: random weights, lively BatchNorm statistics, and both sides' answers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from server.domain.architectures import ARCHITECTURES
from server.training.engine.keras_backend import keras
from server.training.engine.network import Network, build
from server.training.engine.weights import resolve

Floats = npt.NDArray[np.floating]

FOUR = tuple(ARCHITECTURES)
CLASSES = 4


def random_network(name: str, size: int = 48, seed: int = 0) -> Network:
    """A network from random weights, as a run would build it."""
    chosen = ARCHITECTURES[name]
    return build(chosen, size, CLASSES, resolve(chosen, "none", None), seed)


def real_weights() -> Path:
    """The folder with real pretrained weights; skips the test where there is none."""
    named = os.environ.get("DERMASCAN_TEST_WEIGHTS")
    folder = Path(named) if named else Path(__file__).resolve().parents[5] / "shared" / "weights"
    if not (folder / ARCHITECTURES["MobileNetV2"].weights_file).is_file():
        pytest.skip("needs ../shared/weights or DERMASCAN_TEST_WEIGHTS")
    return folder


def real_mobilenet(size: int) -> Network:
    """MobileNetV2 with real pretrained weights and a random head."""
    chosen = ARCHITECTURES["MobileNetV2"]
    return build(chosen, size, CLASSES, resolve(chosen, "imagenet", real_weights()), seed=0)


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Within, both sides are built with 64-bit numbers.

    Deep networks of random weights multiply rounding errors ten thousandfold. With 64 bits there is
    room enough below that to see that both sides compute one and the same formula.
    """
    from keras.src.backend.common import dtypes

    # Keras off TensorFlow falls back to 32 bits in BatchNorm and in means, unless told not to.
    narrowed = dtypes.BIT64_TO_BIT32_DTYPE
    before = narrowed["float64"]
    narrowed["float64"] = "float64"
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        narrowed["float64"] = before
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        torch.set_default_dtype(torch.float32)


def enliven(network: Network, seed: int = 1) -> None:
    """Give the torch side BatchNorms and a head as a trained network has them.

    The statistics are those of real activations, a little off, so that the signal neither dies out
    nor grows on its way through the network; no BatchNorm is the identity. Leaves the module in
    inference mode, with logits that differ by about 1 from image to image.

    Args:
        network: as built.
        seed: of everything drawn here.
    """
    module, images = network.module, as_torch(pictures(network.image_size, 6, seed))
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    torch.manual_seed(seed)
    with torch.no_grad():
        for norm in norms:
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.normal_(0, 0.2)
            norm.momentum = 1.0
            norm.train()
        module.features(images)
        for norm, momentum in zip(norms, momenta, strict=True):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
            # a floor, because six images may happen to agree on a channel
            norm.running_var += 0.15 * norm.running_var.mean()
            norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.7, 1.4)
            norm.momentum = momentum
        module.eval()
        features = module.features(images)
        weight, bias = module.head_parameters()
        weight.normal_(0, 1 / features.std(dim=0).norm().item())
        bias.copy_(-weight @ features.mean(dim=0))


def pictures(size: int, count: int = 3, seed: int = 2) -> Floats:
    """[count, size, size, 3], RGB in [0, 1], smooth enough to look like something."""
    random = np.random.default_rng(seed)
    coarse = torch.from_numpy(random.random((count, 3, 4, 4)))
    fine = nn.functional.interpolate(coarse, (size, size), mode="bilinear")
    noise = torch.from_numpy(random.random((count, 3, size, size)))
    mixed = (0.8 * fine + 0.2 * noise).permute(0, 2, 3, 1).contiguous()
    return mixed.to(torch.get_default_dtype()).numpy()


def as_torch(images: Floats) -> torch.Tensor:
    """NHWC numbers as the torch side takes them, without a copy."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def torch_features(network: Network, images: Floats) -> Floats:
    network.module.eval()
    with torch.inference_mode():
        features: Floats = network.module.features(as_torch(images)).numpy()
    return features


def torch_logits(network: Network, images: Floats) -> Floats:
    network.module.eval()
    with torch.inference_mode():
        logits: Floats = network.module(as_torch(images)).numpy()
    return logits


def torch_probabilities(network: Network, images: Floats) -> Floats:
    logits = torch.from_numpy(torch_logits(network, images))
    probabilities: Floats = logits.softmax(1).numpy()
    return probabilities


def keras_logits(model: Any, images: Floats) -> Floats:
    """What the Keras side computes before the softmax, which would hide differences."""
    before_softmax = keras.Model(model.input, model.get_layer("probabilities").input)
    with torch.no_grad():
        logits: Floats = before_softmax(images, training=False).cpu().numpy()
    return logits


def relative_error(found: Floats, expected: Floats) -> float:
    """Largest difference, as a share of how much the answers differ from image to image.

    Not as a share of the answers themselves: a large bias would hide that the images do not matter.
    """
    return float(np.abs(found - expected).max() / expected.std(axis=0).max())


def write_keras_weights(model: Any, path: Path) -> None:
    """A weights file of the kind that ``keras.applications`` downloads."""
    with h5py.File(path, "w") as file:
        layers = [layer for layer in model.layers if layer.weights]
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{number}" for number in range(len(layer.weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=value)
