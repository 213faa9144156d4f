"""A network in training: its modes, and its state as checkpoints keep it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
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
        feature_width: of what the head looks at.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self.network = network
        if device.type == "cpu":
            keep_strided_depthwise_in_float32(network.module)
        self.feature_width = network.feature_width
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

    @property
    def scales_features(self) -> bool:
        """Whether the head wants to know how the features are spread; see ``scale_features``."""
        return bool(self._scaling())

    def scale_features(self, vectors: Iterable[torch.Tensor]) -> None:
        """Let the head bring every feature to mean 0 and deviation 1.

        Args:
            vectors: features of training images, [n, feature_width] each; read once.
        """
        total = torch.zeros(2, self.feature_width, dtype=torch.float64)
        count = 0
        for rows in vectors:
            wide = rows.detach().cpu().double()
            total[0] += wide.sum(dim=0)
            total[1] += wide.square().sum(dim=0)
            count += len(rows)
        mean, square = total / max(1, count)
        for layer in self._scaling():
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.copy_(mean)
            layer.running_var.copy_((square - mean.square()).clamp_(min=0))

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
        return {f"head.{name}" for name in self.module.head.state_dict()}

    def _scaling(self) -> list[torch.nn.BatchNorm1d]:
        head = self.module.head.modules()
        return [layer for layer in head if isinstance(layer, torch.nn.BatchNorm1d)]

    def _batch_norms(self) -> list[_BatchNorm]:
        return [layer for layer in self.module.backbone.modules() if isinstance(layer, _BatchNorm)]
