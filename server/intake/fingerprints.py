"""Coarse fingerprints of pictures, for finding near-duplicates among very many.

A fingerprint is the low corner of the cosine transform of the picture in grey, 32 pixels wide: what
is left of it after resizing, recompression and a change of brightness. Turning or mirroring a
square picture only changes signs of the coefficients or swaps rows and columns, so all eight ways
can be compared without looking at the pixels again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]

SIDE = 32
_KEPT = 12
COEFFICIENTS = _KEPT * _KEPT - 1
_FLAT = 1e-3


def coefficients(greys: Floats) -> Floats:
    """Cosine coefficients of small grey pictures, [n, 143].

    Args:
        greys: from ``small_grey``, [n, 32, 32].
    """
    transformed = _COSINES @ greys @ _COSINES.T
    return np.asarray(transformed.reshape(len(greys), -1)[:, 1:], dtype=np.float32)


def small_grey(grey: Image.Image) -> Floats:
    """A picture (mode ``L``) as ``coefficients`` takes it, [32, 32]."""
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)


def make_comparable(found: Floats) -> None:
    """Turn coefficients, in place, into fingerprints: rows of length 1 that ``likeness`` compares.

    Each coefficient is divided by its usual size over all pictures, so that no one dominates. A
    picture without any contrast has a row of zeros.
    """
    found /= _usual_sizes(found)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _FLAT)


def indifferent(prints: Floats) -> Floats:
    """The same for all eight ways to turn and mirror a picture, [n, 143], centred, of length 1.

    Of every pair of coefficients that can be swapped: the larger and the smaller absolute value.
    """
    square = _as_squares(np.abs(prints))
    turned = square.transpose(0, 2, 1)
    upper = np.triu(np.ones((_KEPT, _KEPT), dtype=bool))
    both = np.where(upper, np.maximum(square, turned), np.minimum(square, turned))
    rows = both.reshape(len(prints), -1)[:, 1:]
    rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _FLAT)
    return np.asarray(rows, dtype=np.float32)


def likeness(one: Floats, other: Floats) -> Floats:
    """Correlation of fingerprints row by row, [n], the best of the eight ways; 1 = the same."""
    best = np.full(len(one), -1.0, dtype=np.float32)
    rows, columns = np.divmod(np.arange(1, _KEPT * _KEPT), _KEPT)
    swapped = _as_squares(other).transpose(0, 2, 1).reshape(len(other), -1)[:, 1:]
    for candidate in (other, swapped):
        product = one * candidate
        for signs in (1.0, (-1.0) ** rows, (-1.0) ** columns, (-1.0) ** (rows + columns)):
            np.maximum(best, (product * np.float32(signs)).sum(axis=1), out=best)
    return best


def _usual_sizes(found: Floats) -> Floats:
    """Root mean square of each coefficient, the same for two that can be swapped."""
    squares = _as_squares(np.mean(found**2, axis=0, keepdims=True, dtype=np.float32))
    both = (squares + squares.transpose(0, 2, 1)) / 2
    return np.asarray(np.sqrt(both.reshape(-1)[1:]) + _FLAT, dtype=np.float32)


def _as_squares(rows: Floats) -> Floats:
    return np.pad(rows, ((0, 0), (1, 0))).reshape(-1, _KEPT, _KEPT)


def _cosines() -> Floats:
    """The first rows of the orthonormal cosine transform (DCT-II), [12, 32]."""
    places = np.arange(SIDE) + 0.5
    rows = np.cos(np.pi / SIDE * np.arange(_KEPT)[:, None] * places) * np.sqrt(2 / SIDE)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows, dtype=np.float32)


_COSINES = _cosines()
