"""What the pretrained backbone made of pictures, small enough to compare all pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from server.training.engine.records import Readable

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

SKETCH_WIDTH = 256
_READ_AT_ONCE = 512


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
