"""What Keras computes and what torch computes are one thing, in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from server.training.engine.folding import FoldedConvolution
from server.training.engine.graph import UnknownLayer
from server.training.engine.keras_backend import keras
from server.training.engine.network import Network
from server.training.engine.translate import translate
from tests.unit.training.engine.networks import (
    CLASSES,
    FOUR,
    Floats,
    as_torch,
    double_precision,
    enliven,
    keras_logits,
    pictures,
    random_network,
    relative_error,
    torch_logits,
)

CLOSE = 1e-9
"""With 64-bit numbers; see ``networks.double_precision``."""


def _difference(network: Network, images: Floats) -> float:
    return relative_error(torch_logits(network, images), keras_logits(network.keras_model, images))


@pytest.mark.parametrize("name", FOUR)
def test_both_sides_answer_alike_from_the_start_after_changes_and_after_training(
    name: str,
) -> None:
    with double_precision():
        network = random_network(name)
        images = pictures(48)
        assert _difference(network, images) < CLOSE

        enliven(network)
        changed = torch_logits(network, images)
        assert _difference(network, images) > 0.01
        network.write_back()
        assert _difference(network, images) < CLOSE

        _train(network.module, images)
        assert relative_error(torch_logits(network, images), changed) > 0.01
        network.write_back()
        assert _difference(network, images) < CLOSE


def _train(module: Any, images: np.ndarray[Any, Any]) -> None:
    """Three steps with BatchNorm gathering statistics, as after a random start."""
    module.unfreeze_backbone(batch_norm_trains=True)
    module.train()
    optimizer = torch.optim.SGD([*module.head_parameters(), *module.backbone_parameters()], lr=0.01)
    for step in range(3):
        targets = (torch.arange(len(images)) + step) % CLASSES
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(as_torch(images)), targets)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()


@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB3"])
@pytest.mark.parametrize("size", [35, 62])
def test_padding_is_right_at_sizes_that_do_not_halve_evenly(name: str, size: int) -> None:
    with double_precision():
        network = random_network(name, size)
        enliven(network)
        network.write_back()
        assert _difference(network, pictures(size)) < CLOSE


@pytest.mark.parametrize("name", FOUR)
def test_with_32_bits_only_rounding_tells_the_sides_apart(name: str) -> None:
    network = random_network(name)
    enliven(network)
    network.write_back()
    assert _difference(network, pictures(48)) < 1e-3


def _compare(model: Any, numbers: np.ndarray[Any, Any]) -> None:
    expected = model(numbers, training=False).detach().cpu().numpy()
    module = translate(model).module.eval()
    given_numbers = as_torch(numbers) if numbers.ndim == 4 else torch.from_numpy(numbers)
    with torch.inference_mode():
        found = module(given_numbers).numpy()
    if found.ndim == 4:
        found = found.transpose(0, 2, 3, 1)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(7, 12), st.integers(7, 12)),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same"]),
    depthwise=st.booleans(),
    multiple=st.integers(1, 2),
    bias=st.booleans(),
    activation=st.sampled_from([None, "relu", "relu6", "swish", "sigmoid", "tanh"]),
)
def test_every_convolution_is_the_same_convolution(  # noqa: PLR0917 - Hypothesis gives them by name
    size: tuple[int, int],
    kernel: int,
    stride: int,
    padding: str,
    depthwise: bool,
    multiple: int,
    bias: bool,
    activation: str | None,
) -> None:
    keras.utils.set_random_seed(0)
    image = keras.Input((*size, 4))
    common = {
        "strides": stride,
        "padding": padding,
        "use_bias": bias,
        "bias_initializer": "random_normal",
        "activation": activation,
    }
    layer = (
        keras.layers.DepthwiseConv2D(kernel, depth_multiplier=multiple, **common)
        if depthwise
        else keras.layers.Conv2D(6, kernel, groups=multiple, **common)
    )
    model = keras.Model(image, layer(image))
    _compare(model, np.random.default_rng(0).random((2, *size, 4), dtype=np.float32))


def test_every_other_kind_of_layer_is_the_same() -> None:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    image = keras.Input((9, 8, 6))
    x = layers.Rescaling([1.0, 2, 3, 4, 5, 6], [0.1, 0, 0, 0, 0, 0.5])(image)
    x = layers.Normalization(mean=[0.1] * 6, variance=[0.3] * 6)(x)
    x = layers.ZeroPadding2D(((1, 2), (0, 3)))(x)
    x = layers.ReLU(negative_slope=0.1)(x)
    x = layers.Concatenate()([layers.MaxPooling2D(3, 2)(x), layers.AveragePooling2D(3, 2)(x)])
    x = layers.BatchNormalization(scale=False, epsilon=0.1)(x)
    x = layers.BatchNormalization(center=False)(x)
    gate = layers.Reshape((1, 1, 12))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv2D(12, 1, activation="sigmoid")(gate)
    kept = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Add()([layers.Multiply()([x, gate]), kept, layers.ReLU(6.0)(x)])
    x = layers.Dropout(0.5, noise_shape=(None, 1, 1, 1))(x)
    flat = layers.Reshape((300,))(x)
    x = layers.Dense(24, activation="tanh")(layers.Dropout(0.5)(flat))
    x = layers.Reshape((2, 3, 4))(x)
    x = layers.Activation("softmax")(layers.GlobalAveragePooling2D()(x))
    _compare(keras.Model(image, x), np.random.default_rng(0).random((2, 9, 8, 6), dtype=np.float32))


def test_an_unknown_kind_of_layer_is_refused_by_name() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.UpSampling2D(name="grow")(image))
    with pytest.raises(UnknownLayer, match=r"grow is of the kind UpSampling2D"):
        translate(model)


def test_an_unknown_activation_is_refused_by_name() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Activation("softsign")(image))
    with pytest.raises(UnknownLayer, match="softsign"):
        translate(model)


def test_a_layer_that_is_used_twice_is_refused() -> None:
    image = keras.Input((8, 8, 3))
    twice = keras.layers.Conv2D(3, 1, name="shared")
    with pytest.raises(UnknownLayer, match="shared is used 2 times"):
        translate(keras.Model(image, twice(twice(image))))


def test_batch_norm_keeps_keras_epsilon_and_turns_its_momentum_round() -> None:
    image = keras.Input((8, 8, 3))
    layer = keras.layers.BatchNormalization(momentum=0.97, epsilon=0.002)
    module = translate(keras.Model(image, layer(image))).module
    (norm,) = (part for part in module.modules() if isinstance(part, nn.BatchNorm2d))
    assert norm.eps == 0.002
    assert norm.momentum == pytest.approx(0.03)


def test_stochastic_depth_drops_whole_images_and_keeps_the_mean() -> None:
    image = keras.Input((2, 2, 3))
    layer = keras.layers.Dropout(0.25, noise_shape=(None, 1, 1, 1))
    module = translate(keras.Model(image, layer(image))).module.train()
    torch.manual_seed(0)
    answer = module(torch.ones(4000, 3, 2, 2)).flatten(1)
    assert torch.equal(answer, answer[:, :1].expand_as(answer))
    assert answer.unique().tolist() == pytest.approx([0, 4 / 3])
    assert answer.mean().item() == pytest.approx(1, abs=0.03)


def test_working_in_place_does_not_change_the_gradient() -> None:
    """ReLU overwrites its input where it can; the backward pass must not notice."""
    network = random_network("MobileNetV2", 32)
    enliven(network)
    network.module.unfreeze_backbone(batch_norm_trains=True)
    network.module.train()
    images = as_torch(pictures(32))
    gradients = []
    for in_place in (None, False):
        for module in network.module.modules():
            if isinstance(module, nn.ReLU6) and in_place is not None:
                module.inplace = in_place
        torch.manual_seed(0)
        network.module.zero_grad()
        torch.autograd.backward(network.module(images).square().sum())
        grads = [p.grad for p in network.module.backbone_parameters() if p.grad is not None]
        gradients.append(torch.cat([grad.flatten() for grad in grads]))
    torch.testing.assert_close(gradients[0], gradients[1])


def test_channels_last_images_stay_channels_last_through_the_backbone() -> None:
    network = random_network("MobileNetV2", 32)
    seen = []
    for module in network.module._folded[0].modules():
        if isinstance(module, FoldedConvolution):
            module.register_forward_hook(lambda m, i, out: seen.append(out))
    network.module.eval()(as_torch(pictures(32)))
    assert len(seen) == 52
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in seen)


@pytest.mark.parametrize("name", FOUR)
def test_a_training_step_works_in_bfloat16(name: str) -> None:
    network = random_network(name, 32)
    enliven(network)
    network.module.unfreeze_backbone(batch_norm_trains=False)
    network.module.train()
    with torch.autocast("cpu", torch.bfloat16):
        logits = network.module(as_torch(pictures(32)))
        loss = nn.functional.cross_entropy(logits.float(), torch.arange(3))
    torch.autograd.backward(loss)
    gradients = [parameter.grad for parameter in network.module.backbone_parameters()]
    assert logits.dtype == torch.bfloat16
    assert all(each is not None and each.isfinite().all() for each in gradients)
