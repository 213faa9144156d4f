"""A network starts from the weights it says, trains what it may, and can be made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import InvalidInput, WeightsUnavailable
from server.training.engine.keras_backend import keras
from server.training.engine.network import Network, build
from server.training.engine.torch_network import TorchNetwork
from server.training.engine.weights import ResolvedWeights, resolve, sha256
from tests.unit.training.engine.networks import (
    CLASSES,
    FOUR,
    as_torch,
    enliven,
    keras_logits,
    pictures,
    random_network,
    real_mobilenet,
    real_weights,
    relative_error,
    torch_features,
    torch_logits,
    write_keras_weights,
)

MOBILE = ARCHITECTURES["MobileNetV2"]


def _mobile(weights: ResolvedWeights) -> Network:
    return build(MOBILE, 32, CLASSES, weights, seed=0)


def _batch_norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


def _numbers(network: Network) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.module.state_dict().items()}


def _unlike(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("name", FOUR)
def test_shapes_are_as_promised(name: str) -> None:
    network = random_network(name)
    images = as_torch(pictures(48))
    features = network.module.eval().features(images)
    assert features.shape == (3, ARCHITECTURES[name].features)
    assert network.module.logits_from_features(features).shape == (3, CLASSES)
    assert network.keras_model.input_shape == (None, 48, 48, 3)
    assert network.keras_model.output_shape == (None, CLASSES)
    millions = sum(p.numel() for p in network.module.backbone_parameters()) / 1e6
    assert millions == pytest.approx(ARCHITECTURES[name].parameters_millions, abs=0.15)


def test_the_saved_side_is_flat_and_its_layers_have_kerass_own_names() -> None:
    names = {layer.name for layer in random_network("MobileNetV2", 32).keras_model.layers}
    assert {"image", "Conv1", "block_16_project_BN", "logits", "probabilities"} <= names


def test_one_seed_one_network_another_seed_another() -> None:
    first, again = (
        random_network("MobileNetV2", 32, seed=7),
        random_network("MobileNetV2", 32, seed=7),
    )
    other = random_network("MobileNetV2", 32, seed=8)
    assert not _unlike(_numbers(first), _numbers(again))
    assert "head.logits.weight" in _unlike(_numbers(first), _numbers(other))


def _step(module: TorchNetwork) -> None:
    module.train()
    trained = [p for p in module.parameters() if p.requires_grad]
    loss = nn.functional.cross_entropy(module(as_torch(pictures(32, 4))), torch.arange(4))
    torch.autograd.backward(loss)
    torch.optim.SGD(trained, lr=0.1).step()


@pytest.mark.parametrize("name", FOUR)
def test_while_frozen_only_the_head_changes(name: str) -> None:
    """Neither the weights nor the BatchNorm statistics of the backbone move."""
    network = random_network(name, 32)
    enliven(network)
    before = _numbers(network)
    _step(network.module)
    assert _unlike(before, _numbers(network)) == {"head.logits.weight", "head.logits.bias"}


def test_while_frozen_features_do_not_depend_on_the_mode() -> None:
    """EfficientNet's stochastic depth is off, so features may be computed once and kept."""
    module = random_network("EfficientNetB3", 32).module
    images = as_torch(pictures(32))
    with torch.no_grad():
        assert torch.equal(module.train().features(images), module.eval().features(images))


def test_fine_tuning_with_kept_statistics_changes_weights_alone() -> None:
    network = random_network("MobileNetV2", 32)
    enliven(network)
    network.module.unfreeze_backbone(batch_norm_trains=False)
    before = _numbers(network)
    _step(network.module)
    changed = _unlike(before, _numbers(network))
    assert "backbone.Conv1.weight" in changed
    assert "backbone.bn_Conv1.weight" in changed
    assert not [name for name in changed if "running" in name or "preprocess" in name]


def test_training_from_random_weights_gathers_statistics() -> None:
    network = random_network("MobileNetV2", 32)
    enliven(network)
    network.module.unfreeze_backbone(batch_norm_trains=True)
    before = _numbers(network)
    _step(network.module)
    changed = _unlike(before, _numbers(network))
    assert "backbone.bn_Conv1.running_mean" in changed
    assert "backbone.bn_Conv1.running_var" in changed


def test_modes_can_be_changed_back_and_forth() -> None:
    module = random_network("MobileNetV2", 32).module
    module.unfreeze_backbone(batch_norm_trains=True)
    assert all(norm.training for norm in _batch_norms(module.train()))
    assert not any(norm.training for norm in _batch_norms(module.eval()))
    module.train().freeze_backbone()
    assert not any(norm.training for norm in _batch_norms(module))
    assert not any(p.requires_grad for p in module.backbone_parameters())
    assert all(p.requires_grad for p in module.head_parameters())


def test_a_weights_file_is_really_loaded(tmp_path: Path) -> None:
    keras.utils.set_random_seed(99)
    source = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    file = tmp_path / "some weights.h5"
    write_keras_weights(source, file)
    network = _mobile(resolve(MOBILE, str(file), None))
    for name in ("Conv1", "block_16_project"):
        expected = source.get_layer(name).get_weights()[0].transpose(3, 2, 0, 1)
        found = network.module.get_parameter(f"backbone.{name}.weight")
        np.testing.assert_array_equal(found.detach().numpy(), expected)
    assert network.weights.used == "file"
    assert network.weights.sha256 == sha256(file)


def _cut_off(path: Path) -> None:
    _whole(path)
    path.write_bytes(path.read_bytes()[:-200_000])


def _whole(path: Path) -> None:
    write_keras_weights(
        keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3)),
        path,
    )


def _of_another_network(path: Path) -> None:
    image = keras.Input((32, 32, 3))
    write_keras_weights(keras.Model(image, keras.layers.Conv2D(3, 3)(image)), path)


def _of_another_width(path: Path) -> None:
    other = keras.applications.MobileNetV2(
        weights=None, include_top=False, alpha=0.5, input_shape=(32, 32, 3)
    )
    write_keras_weights(other, path)


def _with_a_hole(path: Path) -> None:
    _whole(path)
    with h5py.File(path, "r+") as file:
        file["Conv1/Conv1/0"][0, 0, 0, 0] = np.nan


def _empty_hdf5(path: Path) -> None:
    h5py.File(path, "w").close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a weights file"),
        _empty_hdf5,
        _cut_off,
        _of_another_network,
        _of_another_width,
        _with_a_hole,
    ],
)
@pytest.mark.parametrize("ending", ["h5", "weights.h5", "keras"])
def test_a_wrong_weights_file_is_refused_in_one_sentence(
    spoil: Any, ending: str, tmp_path: Path
) -> None:
    file = tmp_path / f"wrong.{ending}"
    spoil(file)
    with pytest.raises(InvalidInput) as refusal:
        _mobile(resolve(MOBILE, str(file), None))
    assert str(file) in refusal.value.message
    assert MOBILE.weights_file in refusal.value.message


def test_a_download_that_fails_is_a_refusal_with_both_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        keras.utils,
        "get_file",
        lambda *a, **k: (_ for _ in ()).throw(Exception("URL fetch failure")),
    )
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    promised = resolve(MOBILE, "imagenet", tmp_path, lambda url: True)
    assert promised.path is None
    with pytest.raises(WeightsUnavailable, match="--weights-dir"):
        _mobile(promised)


@pytest.mark.real_data
def test_the_real_weights_are_loaded_and_both_sides_agree_on_them() -> None:
    network = real_mobilenet(96)
    with h5py.File(real_weights() / MOBILE.weights_file) as file:
        first = np.asarray(file["Conv1/Conv1/kernel"])
    found = network.module.get_parameter("backbone.Conv1.weight").detach().numpy()
    np.testing.assert_array_equal(found, first.transpose(3, 2, 0, 1))
    images = pictures(96)
    found_logits = torch_logits(network, images)
    # Rounding alone: each logit sums 8,416 float32 products, as scaled features.
    assert relative_error(found_logits, keras_logits(network.keras_model, images)) < 5e-5


@pytest.mark.real_data
def test_bfloat16_keeps_the_real_features() -> None:
    network = real_mobilenet(96)
    images = pictures(96)
    exact = torch_features(network, images)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        rough = network.module.features(as_torch(images)).float().numpy()
    assert np.linalg.norm(rough - exact) < 0.1 * np.linalg.norm(exact)
