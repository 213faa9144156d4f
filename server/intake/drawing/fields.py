"""Smooth random fields over the plane: value noise, its octaves, and cells.

A field belongs to a lesion, not to a picture: the same coordinates give the same value, so that a
turned or zoomed view shows the same marks in their new place.

Coordinates are arrays of any one shape, in units of about the lesion's diameter.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]
"""Shape (height, width)."""
Picture: TypeAlias = NDArray[np.float32]
"""Shape (height, width, 3), red, green and blue in [0, 1]."""

Knots: TypeAlias = NDArray[np.int32]

_SIDE = 64  # the lattices repeat after this many knots


class Noise:
    """Value noise in [-1, 1]."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._knots = rng.uniform(-1, 1, _SIDE * _SIDE).astype(np.float32)

    def at(self, x: Plane, y: Plane, frequency: float) -> Plane:
        """The field with ``frequency`` knots a unit."""
        column, row, along, down = _located(x, y, frequency)
        along, down = _eased(along), _eased(down)
        upper, lower = _knot(column, row), _knot(column, row + 1)
        right, lower_right = _knot(column + 1, row), _knot(column + 1, row + 1)
        take = self._knots.take
        top = take(upper) * (1 - along) + take(right) * along
        bottom = take(lower) * (1 - along) + take(lower_right) * along
        return _plane(top * (1 - down) + bottom * down)

    def octaves(self, x: Plane, y: Plane, frequency: float, count: int = 3) -> Plane:
        """Sum of ``count`` octaves, each half as strong, in about [-1, 1]."""
        total = np.zeros_like(x)
        for octave in range(count):
            total += self.at(x, y, frequency * 2**octave) / 2**octave
        return _plane(total / (2 - 0.5 ** (count - 1)))


class Cells:
    """Random points, one a square of a lattice, and the distances to the nearest (Worley 1996)."""

    def __init__(self, rng: np.random.Generator, jitter: float = 0.8) -> None:
        points = 0.5 + jitter * rng.uniform(-0.5, 0.5, (2, _SIDE * _SIDE))
        self._along, self._down = points.astype(np.float32)
        self._numbers = rng.uniform(0, 1, _SIDE * _SIDE).astype(np.float32)

    def at(self, x: Plane, y: Plane, frequency: float) -> tuple[Plane, Plane, Plane]:
        """Distance to the nearest and the second nearest point, and the nearest cell's own number.

        Distances are in cells; the number is the same all over a cell, in [0, 1].
        """
        column, row, along, down = _located(x, y, frequency)
        nearest = np.full_like(x, 9)
        second = np.full_like(x, 9)
        owner = np.zeros_like(column)
        for step_down in (-1, 0, 1):
            for step_along in (-1, 0, 1):
                knot = _knot(column + step_along, row + step_down)
                to_along = self._along.take(knot) + (step_along - along)
                to_down = self._down.take(knot) + (step_down - down)
                distance = to_along * to_along + to_down * to_down
                np.minimum(second, np.maximum(nearest, distance), out=second)
                owner = np.where(distance < nearest, knot, owner)
                np.minimum(nearest, distance, out=nearest)
        return np.sqrt(nearest), np.sqrt(second), self._numbers.take(owner)


def step(values: Plane, start: float, end: float) -> Plane:
    """0 before ``start``, 1 after ``end``, eased between; ``start`` may be the larger one."""
    return _eased(_plane(np.clip((values - start) / (end - start), 0, 1)))


def blend(picture: Picture, colour: Picture, share: Plane) -> Picture:
    """``picture`` with ``colour`` laid over it, ``share`` in [0, 1] at each pixel."""
    return _plane(picture + (colour - picture) * share[..., None])


def _located(x: Plane, y: Plane, frequency: float) -> tuple[Knots, Knots, Plane, Plane]:
    """Column and row of the lattice, and how far past them each point lies, in [0, 1)."""
    # off the origin, so that the corners of the lattice are not in the middle of the lesion
    x, y = _plane(x * frequency + 17.3), _plane(y * frequency + 29.7)
    column, row = np.floor(x), np.floor(y)
    return column.astype(np.int32), row.astype(np.int32), _plane(x - column), _plane(y - row)


def _knot(column: Knots, row: Knots) -> Knots:
    """Index into a flat lattice; ``_SIDE`` is a power of two, so a mask wraps it around."""
    return (row & (_SIDE - 1)) * _SIDE + (column & (_SIDE - 1))


def _eased(share: Plane) -> Plane:
    return _plane(share * share * (3 - 2 * share))


def _plane(values: NDArray[np.floating[Any]]) -> Plane:
    return values.astype(np.float32, copy=False)
