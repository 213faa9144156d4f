"""The saved model takes RGB in [0, 1]; the backbone gets what it was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from server.domain.architectures import ARCHITECTURES
from server.training.engine.keras_backend import keras
from server.training.engine.network import build
from server.training.engine.preprocessing import describe
from server.training.engine.weights import resolve
from tests.unit.training.engine.networks import (
    FOUR,
    Floats,
    as_torch,
    pictures,
    random_network,
    torch_features,
    write_keras_weights,
)

MODULES = {
    "DenseNet169": keras.applications.densenet,
    "ResNet50": keras.applications.resnet,
    "MobileNetV2": keras.applications.mobilenet_v2,
}


@pytest.mark.parametrize("name", list(MODULES))
def test_pixels_reach_the_backbone_as_kerass_own_preprocessing_makes_them(name: str) -> None:
    images = pictures(32)
    expected = MODULES[name].preprocess_input(images.copy() * 255)
    with torch.inference_mode():
        found = random_network(name, 32).module.preprocess(as_torch(images))
    np.testing.assert_allclose(found.permute(0, 2, 3, 1), expected, rtol=1e-5, atol=1e-4)


def _efficientnet_features_as_keras_downloads_it(
    weights: Path, images: Floats, monkeypatch: pytest.MonkeyPatch
) -> Floats:
    from keras.src.applications import efficientnet

    monkeypatch.setattr(efficientnet.file_utils, "get_file", lambda *a, **k: str(weights))
    model = keras.applications.EfficientNetB3(
        weights="imagenet", include_top=False, pooling="avg", input_shape=images.shape[1:]
    )
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Rescaling") == 2, "Keras adds one to what it downloads"
    with torch.inference_mode():
        features: Floats = model(images * 255, training=False).numpy()
    return features


def test_efficientnet_from_a_file_computes_what_keras_computes_after_its_own_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras adds a layer to EfficientNet only if it downloads the weights itself."""
    name = "EfficientNetB3"
    images = pictures(32)
    keras.utils.clear_session(free_memory=False)
    source = keras.applications.EfficientNetB3(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3)
    )
    # mean and variance as the published file holds them
    source.get_layer("normalization").set_weights(
        [np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]), np.array(0)]
    )
    file = tmp_path / ARCHITECTURES[name].weights_file
    write_keras_weights(source, file)
    expected = _efficientnet_features_as_keras_downloads_it(file, images, monkeypatch)

    chosen = ARCHITECTURES[name]
    network = build(chosen, 32, 2, resolve(chosen, "imagenet", tmp_path), seed=5)
    found = torch_features(network, images)[:, -chosen.features :]
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_efficientnet_sees_normalised_pixels_after_a_random_start_too() -> None:
    network = random_network("EfficientNetB3", 32)
    images = pictures(32)
    inside = dict(network.translations[1].module.named_children())
    with torch.inference_mode():
        pixels = inside["rescaling"](network.module.preprocess(as_torch(images)))
        found = inside["normalization"](pixels).permute(0, 2, 3, 1).numpy()
    expected = (images - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("name", FOUR)
def test_preprocessing_is_never_trained(name: str) -> None:
    network = random_network(name, 32)
    network.module.unfreeze_backbone(batch_norm_trains=True)
    frozen = list(network.module.preprocess.parameters())
    assert not any(parameter.requires_grad for parameter in frozen)
    trained = [*network.module.backbone_parameters(), *network.module.head_parameters()]
    assert not {id(each) for each in frozen} & {id(each) for each in trained}
    assert network.keras_model.layers[1].trainable is False


@pytest.mark.parametrize("name", FOUR)
def test_the_description_tells_the_size_and_what_happens_inside(name: str) -> None:
    told = describe(ARCHITECTURES[name], 160)
    assert told["size"] == [160, 160]
    assert told["range"] == [0.0, 1.0]
    assert told["inside_the_model"]
