"""A network in training: its modes, and its state as checkpoints keep it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from server.training.engine.network import Network
from server.training.engine.precision import keep_strided_depthwise_in_float32


class Trainee:
    """The torch side of a network, on its device.

    Attributes:
        network: both sides, as built.
        module: the torch side, channels last.
        feature_width: of the pooled features.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self.network = network
        if device.type == "cpu":
            keep_strided_depthwise_in_float32(network.module)
        self.feature_width = network.architecture.features
        self.module = network.module.to(device)
        self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def train_head(self) -> None:
        """Training mode for the head alone: the backbone stays as in inference."""
        self.module.freeze_backbone()
        self.module.train()

    def train_whole(self, batch_norm_trains: bool) -> None:
        """Training mode for all of it; BatchNorm gathers statistics only if asked to."""
        self.module.unfreeze_backbone(batch_norm_trains=batch_norm_trains)
        self.module.train()

    @contextlib.contextmanager
    def measuring_statistics(self) -> Iterator[None]:
        """Within, every forward pass counts equally in BatchNorm's statistics; dropout is off."""
        layers = self._batch_norms()
        momenta = [layer.momentum for layer in layers]
        self.module.eval()
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None
            layer.train()
        try:
            yield
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum
            self.module.eval()

    def state(self, head_only: bool) -> dict[str, torch.Tensor]:
        """Weights and statistics by name, on the processor."""
        wanted = self._head_names() if head_only else None
        return {
            name: value.detach().cpu()
            for name, value in self.module.state_dict().items()
            if wanted is None or name in wanted
        }

    def copy_of_state(self) -> dict[str, torch.Tensor]:
        """The whole state, safe from what training does to it."""
        return {name: value.clone() for name, value in self.state(head_only=False).items()}

    def load(self, state: Mapping[str, Any], head_only: bool) -> None:
        """Take over a state that ``state`` gave.

        Raises:
            RuntimeError: when names or shapes do not fit.
        """
        whole = self.module.state_dict() if head_only else {}
        self.module.load_state_dict({**whole, **state}, strict=True)

    def _head_names(self) -> set[str]:
        head = {id(parameter) for parameter in self.module.head_parameters()}
        return {name for name, value in self.module.named_parameters() if id(value) in head}

    def _batch_norms(self) -> list[_BatchNorm]:
        return [layer for layer in self.module.modules() if isinstance(layer, _BatchNorm)]
