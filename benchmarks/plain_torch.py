"""A training step written by hand in plain torch: what the machine gives by itself.

The reference of ``step``: the network of ``plain_networks`` in channels_last order, mixed precision
as asked for, cross-entropy, fused AdamW, images that lie on the device already. Nothing of
DermaScan is imported.

One thing here is not what a first draft would have: on processors the strided depthwise
convolutions stay in float32, because torch's bfloat16 is up to twenty times slower there. Without
it the reference would be easy to beat.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.plain_networks import Classifier, Convolution

HEAD_RATE, BACKBONE_RATE, DECAY = 1e-3, 1e-4, 0.02


class PlainLoop:
    """A network, its optimizer and one step.

    BatchNorm keeps its statistics, as in fine-tuning a pretrained network; its scales and shifts
    are trained.

    Args:
        offsets: [classes], added to the logits inside the loss.
        bfloat16: mixed precision.
    """

    def __init__(
        self, network: Classifier, offsets: Tensor, device: torch.device, *, bfloat16: bool
    ) -> None:
        self.network = network.to(device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.offsets = offsets.to(device)
        self.device = device
        self.bfloat16 = bfloat16
        if bfloat16 and device.type == "cpu":
            _keep_strided_depthwise_in_float32(self.network)
        self.train_mode()
        self.optimizer = torch.optim.AdamW(_groups(self.network), fused=True)

    def step(self, images: Tensor, targets: Tensor) -> None:
        """Learn from one batch: images [n, 3, S, S] in [0, 1] and their codes [n]."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(images)
        loss = functional.cross_entropy(logits.float() + self.offsets, targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def forward(self, images: Tensor) -> Tensor:
        """Logits [n, classes], nothing learnt; ``eval_mode`` first."""
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16),
        ):
            logits: Tensor = self.network(images)
        return logits

    def train_mode(self) -> None:
        """Before steps; BatchNorm stays in inference."""
        self.network.train()
        for layer in self.network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()

    def eval_mode(self) -> None:
        """Before ``forward``."""
        self.network.eval()


def _groups(network: Classifier) -> list[dict[str, object]]:
    head = {id(parameter) for parameter in network.logits.parameters()}
    groups: list[dict[str, object]] = []
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for of_head, rate in ((True, HEAD_RATE), (False, BACKBONE_RATE)):
        for matrix, decay in ((True, DECAY), (False, 0.0)):
            chosen = [
                each
                for each in trained
                if (id(each) in head) is of_head and (each.ndim > 1) is matrix
            ]
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups


def _keep_strided_depthwise_in_float32(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, Convolution) and layer.groups > 1 and max(layer.stride) > 1:
            layer.forward = partial(_in_float32, layer)  # type: ignore[method-assign]


def _in_float32(layer: Convolution, x: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return Convolution.forward(layer, x.float())
