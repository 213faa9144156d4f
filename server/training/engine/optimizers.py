"""The three optimisers of the form, with the settings that the field uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from server.domain.errors import InvalidInput

# Decoupled decay shrinks a weight by rate x decay a step, so Adam's can be large; coupled decay is
# part of the gradient, where 1e-4 is the usual figure (He et al., arXiv 1512.03385).
ADAM_DECAY = 0.02
COUPLED_DECAY = 1e-4


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that share a peak rate."""

    parameters: tuple[torch.nn.Parameter, ...]
    peak_rate: float


def build_optimizer(name: str, groups: Iterable[Group]) -> torch.optim.Optimizer:
    """``Adam`` (AdamW), ``SGD`` (Nesterov momentum 0.9) or ``RMSprop``.

    Biases and BatchNorm's scales and shifts (all that has one dimension) get no weight decay. Each
    parameter group carries its ``peak_rate``; see ``set_rate``.

    Raises:
        InvalidInput: for another name.
    """
    decay = ADAM_DECAY if name == "Adam" else COUPLED_DECAY
    settings: list[dict[str, object]] = []
    for group in groups:
        many = [each for each in group.parameters if each.ndim > 1]
        few = [each for each in group.parameters if each.ndim <= 1]
        for parameters, weight_decay in ((many, decay), (few, 0.0)):
            if parameters:
                settings.append(
                    {
                        "params": parameters,
                        "lr": group.peak_rate,
                        "peak_rate": group.peak_rate,
                        "weight_decay": weight_decay,
                    }
                )
    match name:
        case "Adam":
            return torch.optim.AdamW(settings, fused=True)
        case "SGD":
            return torch.optim.SGD(settings, momentum=0.9, nesterov=True)
        case "RMSprop":
            return torch.optim.RMSprop(settings, alpha=0.9)
    raise InvalidInput(f"The optimizer {name!r} is not known.", field="optimizer")


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> float:
    """Set every group's rate to ``factor`` of its peak.

    Returns:
        The highest rate now in force.
    """
    for group in optimizer.param_groups:
        group["lr"] = group["peak_rate"] * factor
    return float(max(group["lr"] for group in optimizer.param_groups))
