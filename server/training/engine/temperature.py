"""The temperature, put into the last layer, so that whoever opens the files answers with it."""

from __future__ import annotations

import torch
from torch import nn


def divide_logits(head: nn.Module, temperature: float) -> None:
    """Make ``head`` answer with its logits divided by ``temperature``.

    Args:
        head: ends in a linear layer that gives the logits; changed in place.

    Raises:
        ValueError: when it has no linear layer.
    """
    linear = [module for module in head.modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError("The head has no linear layer that gives the logits.")
    with torch.no_grad():
        for parameter in linear[-1].parameters():
            parameter.div_(temperature)
