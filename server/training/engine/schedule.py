"""The learning rate over one phase: a linear warm-up, then a cosine down to nothing."""

from __future__ import annotations

import math

FLOOR = 0.01
"""Rate at the very start and end, as a share of the peak."""


def rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak rate at ``step`` (0 … steps - 1) of ``steps``.

    Args:
        warm_up: share of the steps in which the rate rises, [0, 1).

    Warm-up and cosine as in Loshchilov and Hutter (arXiv 1608.03983) and Smith's one-cycle
    (arXiv 1708.07120): large rates need a start in which the normalised gradients settle.
    """
    warm = max(1, round(warm_up * steps))
    if step < warm:
        return FLOOR + (1 - FLOOR) * (step + 1) / warm
    share = (step - warm + 1) / max(1, steps - warm)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
