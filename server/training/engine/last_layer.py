"""The calibration, put into the last layer, so that whoever opens the files answers with it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn


def calibrate_last_layer(
    head: nn.Module, temperature: float, offsets: npt.NDArray[np.float64]
) -> None:
    """Make ``head`` answer with its logits divided by ``temperature``, plus ``offsets``.

    Args:
        head: ends in a linear layer that gives the logits; changed in place.
        offsets: [classes].

    Raises:
        ValueError: when it has no linear layer with a bias.
    """
    linear = [module for module in head.modules() if isinstance(module, nn.Linear)]
    if not linear or linear[-1].bias is None:
        raise ValueError("The head has no linear layer with a bias that gives the logits.")
    with torch.no_grad():
        for parameter in linear[-1].parameters():
            parameter.div_(temperature)
        linear[-1].bias.add_(torch.from_numpy(offsets).to(linear[-1].bias))
