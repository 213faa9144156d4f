"""The head looks into every block of a pretrained backbone, and nowhere else goes wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from server.domain.architectures import ARCHITECTURES
from server.training.engine import backbone as backbones
from server.training.engine import network as network_module
from server.training.engine.network import Network, build
from server.training.engine.trainee import Trainee
from server.training.engine.weights import resolve
from tests.unit.training.engine.networks import FOUR, as_torch, pictures, random_network

WIDTHS = {"DenseNet169": 12160, "ResNet50": 5824, "MobileNetV2": 8416, "EfficientNetB3": 20800}


def _as_if_pretrained(name: str, monkeypatch: pytest.MonkeyPatch, size: int = 64) -> Network:
    chosen, first = ARCHITECTURES[name], backbones.backbone

    def called_a_file(*arguments: object) -> object:
        model, used = first(*arguments)  # type: ignore[arg-type]
        return model, replace(used, used="file")

    monkeypatch.setattr(network_module, "backbone", called_a_file)
    return build(chosen, size, 3, resolve(chosen, "none", None), seed=0)


@pytest.mark.parametrize("name", FOUR)
def test_every_block_is_looked_into_and_the_last_features_stand_at_the_end(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = _as_if_pretrained(name, monkeypatch)
    assert network.feature_width == WIDTHS[name]
    alone = random_network(name, 64)
    images = as_torch(pictures(64))
    names = dict(alone.module.backbone.state_dict())
    network.module.backbone.load_state_dict(names)
    with torch.inference_mode():
        many = network.module.eval().features(images)
        last = alone.module.eval().features(images)
    torch.testing.assert_close(many[:, -last.shape[1] :], last, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", FOUR)
def test_early_layers_stay_as_they_were_and_hold_few_of_the_weights(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = _as_if_pretrained(name, monkeypatch).module
    trained = sum(each.numel() for each in module.backbone_parameters())
    everything = sum(each.numel() for each in module.backbone.parameters())
    assert 0.95 * everything < trained < everything
    module.unfreeze_backbone(batch_norm_trains=False)
    assert not next(module.backbone.parameters()).requires_grad


def test_a_random_start_keeps_the_plain_head_and_trains_every_layer() -> None:
    network = random_network("MobileNetV2")
    assert network.feature_width == ARCHITECTURES["MobileNetV2"].features
    assert len(list(network.module.backbone_parameters())) == len(
        list(network.module.backbone.parameters())
    )


def test_features_are_scaled_by_the_images_they_were_measured_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainee = Trainee(_as_if_pretrained("MobileNetV2", monkeypatch), torch.device("cpu"))
    vectors = torch.from_numpy(
        np.random.default_rng(0).normal(3, 2, (500, trainee.feature_width)).astype(np.float32)
    )
    trainee.scale_features([vectors[:300], vectors[300:]])
    (scaling,) = [m for m in trainee.module.head.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    scaled = scaling.eval()(vectors)
    assert float(scaled.mean(dim=0).abs().max()) < 1e-3
    assert float((scaled.std(dim=0) - 1).abs().max()) < 1e-2
    kept = trainee.state(head_only=True)
    assert any(name.endswith("running_mean") for name in kept)
