"""Which rows of a long table are alike: all pairs, block by block, in bounded memory.

The work grows with the square of the rows; the memory does not grow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_CELLS = 8_000_000
"""Similarities held at once: 32 MB."""
_PER_ROW = 50


def alike_across(
    rows: Floats, groups: Places, threshold: float, most_each: int
) -> tuple[Places, Places]:
    """Pairs of rows of different groups whose product is above ``threshold``.

    Args:
        rows: [n, width], each of length 1, so that the product is the cosine.
        groups: [n]; pairs inside one are left out.
        most_each: of one row, at most so many pairs are named with later rows, the most alike.

    Returns:
        The earlier and the later row of each pair, in order.
    """
    count = len(rows)
    height = max(16, min(1024, _CELLS // max(1, count)))
    found: list[tuple[Places, Places]] = []
    for start in range(0, count, height):
        block = rows[start : start + height] @ rows[start:].T
        high = np.flatnonzero(block.ravel() > _bounded(block, threshold))
        first, second = np.divmod(high, block.shape[1])
        values = block.ravel()[high]
        apart = (second > first) & (groups[start + first] != groups[start + second])
        first, second, values = first[apart], second[apart], values[apart]
        kept = _strongest_of_each(first, values, most_each)
        found.append((start + first[kept], start + second[kept]))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate([f for f, _ in found]), np.concatenate([s for _, s in found])


def _bounded(block: Floats, threshold: float) -> float:
    """``threshold``, raised where more than 50 cells a row would pass it."""
    most = _PER_ROW * len(block)
    if np.count_nonzero(block > threshold) <= most:
        return threshold
    sample = np.sort(block.ravel()[:: max(1, block.size // 1_000_000)])
    share = min(1.0, most / block.size)
    return max(threshold, float(sample[max(0, int(len(sample) * (1 - share)) - 1)]))


def _strongest_of_each(first: Places, values: Floats, most: int) -> Places:
    """Places of the ``most`` largest values of every ``first``, in the order they came."""
    order = np.lexsort((-values, first))
    begins = np.searchsorted(first[order], first[order], side="left")
    rank = np.arange(len(order)) - begins
    return np.sort(order[rank < most])
