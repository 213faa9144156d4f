"""The average of the weights over the last steps, which answers better than the last weights do.

Exponential moving average with the correction for its start (Kingma and Ba, arXiv 1412.6980,
section 3): after step t the average is sum of d^(t-i) w_i over sum of d^(t-i).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch


class Average:
    """The average of ``parameters``, beside them on their device.

    Args:
        parameters: what trains; what is frozen needs no average.
        decay: share of the average that stays at each step, (0, 1).
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], decay: float) -> None:
        self._parameters = [each.detach() for each in parameters]
        self._averages = [each.clone() for each in self._parameters]
        self._decay = decay
        self._updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Count the weights as they are now; call it after each step."""
        self._updates += 1
        weight = (1 - self._decay) / (1 - self._decay**self._updates)
        torch._foreach_lerp_(self._averages, self._parameters, weight)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within, the network has the averaged weights; afterwards its own, to the bit."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint must keep, on the processor."""
        averages = [each.cpu() for each in self._averages]
        return {"updates": self._updates, "averages": averages}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` gave."""
        self._updates = state["updates"]
        for mine, saved in zip(self._averages, state["averages"], strict=True):
            mine.copy_(saved)

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, average in zip(self._parameters, self._averages, strict=True):
            own = parameter.clone()
            parameter.copy_(average)
            average.copy_(own)
