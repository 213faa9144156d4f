"""The folded way through a network is the same network: answers, gradients, parameters."""

from __future__ import annotations

import pytest
import torch

from server.training.engine.folding import FoldedConvolution
from server.training.engine.overwriting import OverwritingReLU6
from tests.unit.training.engine.networks import (
    FOUR,
    as_torch,
    enliven,
    pictures,
    random_network,
    relative_error,
)


@pytest.mark.parametrize("name", FOUR)
def test_folding_changes_neither_answers_nor_gradients(name: str) -> None:
    network = random_network(name)
    enliven(network)
    module = network.module.double()
    module.unfreeze_backbone(batch_norm_trains=False)
    module.eval()  # without dropout, which would draw twice
    images = as_torch(pictures(48)).double()
    found = []
    for way in (module.backbone, module._folded[0]):
        module.zero_grad(set_to_none=True)
        features = way(module.preprocess(images))
        module.logits_from_features(features).square().mean().backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad.clone() for p in module.backbone_parameters() if p.grad is not None]
        found.append((features.detach(), gradients))
    (plain, plain_gradients), (folded, folded_gradients) = found
    assert relative_error(folded.numpy(), plain.numpy()) < 1e-9
    assert len(plain_gradients) == len(folded_gradients) > 50
    size = max(float(each.abs().max()) for each in plain_gradients)
    for one, other in zip(plain_gradients, folded_gradients, strict=True):
        assert float((one - other).abs().max()) < 1e-8 * size


@pytest.mark.parametrize("size", [48, 75])
@pytest.mark.parametrize("name", FOUR)
def test_answers_without_gradients_are_the_same(name: str, size: int) -> None:
    """The activation within the convolution, and zeros in the kernel instead of the picture."""
    network = random_network(name, size)
    enliven(network)
    module = network.module.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    images = module.preprocess(as_torch(pictures(size)))
    with torch.inference_mode():
        plain, folded = module.backbone(images.clone()), module._folded[0](images.clone())
        exact = module.double().backbone(images.double()).numpy()
    rounding = relative_error(plain.numpy(), exact)  # deep networks of random weights multiply it
    assert relative_error(folded.numpy(), exact) < 1e-5 + 5 * rounding < 0.05


@pytest.mark.parametrize("name", FOUR)
def test_every_network_gains_by_folding_and_lists_no_parameter_twice(name: str) -> None:
    network = random_network(name)
    parts = list(network.module._folded[0].modules())
    assert sum(isinstance(part, FoldedConvolution) for part in parts) > 30
    names = [key for key in network.module.state_dict() if "folded" in key]
    assert names == []


def test_batch_norm_that_gathers_statistics_is_not_folded() -> None:
    module = random_network("MobileNetV2").module
    module.unfreeze_backbone(batch_norm_trains=True)
    module.train()
    before = {name: value.clone() for name, value in module.named_buffers()}
    module.features(as_torch(pictures(48)))
    changed = [
        name for name, value in module.named_buffers() if not torch.equal(before[name], value)
    ]
    assert any(name.endswith("running_mean") for name in changed)


def test_overwriting_relu6_has_the_gradient_of_relu6() -> None:
    values = torch.tensor([-1.0, 0.0, 0.5, 5.9, 6.0, 7.0], dtype=torch.float64)
    expected = values.clone().requires_grad_()
    torch.autograd.backward(torch.nn.functional.relu6(expected).sum())
    given = values.clone().requires_grad_()
    torch.autograd.backward(OverwritingReLU6()(given * 1).sum())
    assert torch.equal(given.grad, expected.grad)  # type: ignore[arg-type]
