"""Which rows of a long table are alike: all pairs, block by block, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from server.training.engine.records import Readable

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_CELLS = 8_000_000
"""Similarities held at once: 32 MB."""
_PER_ROW = 50
SKETCH_WIDTH = 256
_READ_AT_ONCE = 512


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


def sketches(records: Readable, numbers: Places, width: int) -> tuple[Floats, Floats]:
    """Random projections of centred features, which nearly keep the angles between them.

    Johnson and Lindenstrauss; the error of a cosine is about 1/16 of its distance from 1. The
    directions are drawn from a fixed seed.

    Args:
        records: [width] float16 each, read block by block.

    Returns:
        [n, 256], each row of length 1, and the mean that was taken off, [width].
    """
    mean = np.zeros(width, dtype=np.float64)
    for _, block in _blocks(records, numbers, width):
        mean += block.sum(axis=0, dtype=np.float64)
    centre = np.asarray(mean / max(1, len(numbers)), dtype=np.float32)
    generator = np.random.Generator(np.random.Philox(key=20180501))
    directions = generator.standard_normal((width, SKETCH_WIDTH), dtype=np.float32)
    found = np.empty((len(numbers), SKETCH_WIDTH), dtype=np.float32)
    for start, block in _blocks(records, numbers, width):
        found[start : start + len(block)] = (block - centre) @ directions
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return found, centre


def cosines(records: Readable, centre: Floats, first: Places, second: Places) -> Floats:
    """Exact cosines of the centred features of pairs of records, [pairs]."""
    width = len(centre)
    found = np.empty(len(first), dtype=np.float32)
    pairs = zip(_blocks(records, first, width), _blocks(records, second, width), strict=True)
    for (start, one), (_, other) in pairs:
        a, b = one - centre, other - centre
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        found[start : start + len(a)] = (a * b).sum(axis=1) / np.maximum(lengths, 1e-6)
    return found


def _blocks(records: Readable, numbers: Places, width: int) -> Iterator[tuple[int, Floats]]:
    buffer = np.empty((_READ_AT_ONCE, width), dtype=np.float16)
    for start in range(0, len(numbers), _READ_AT_ONCE):
        wanted = numbers[start : start + _READ_AT_ONCE]
        records.read_into(wanted, buffer)
        yield start, buffer[: len(wanted)].astype(np.float32)


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
