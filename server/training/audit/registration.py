"""Whether two pictures show the same skin: their fine detail laid over each other.

Two lesions can look alike as a whole; their texture, hairs and marks cannot. So the fine detail of
both is compared at every shift at once (phase correlation, Kuglin and Hines 1975, half whitened),
in all eight ways to turn and mirror, and at five ratios of size, since one photograph may be
cropped from another. Detail is measured against its surroundings, so that a dark spot on smooth
skin does not stand for all of it.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
import numpy.typing as npt
from PIL import Image

from server.training.engine.records import RecordFile

Floats = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

_SIDE = 64
_LOW, _HIGH = 6.0, 26.0
"""Waves across the picture; slower ones are the shape of the lesion, faster ones compression."""
_CROPPED = (0.85, 0.72)
_KEPT_SPECTRA = 1024
_NO_DETAIL = 0.05
"""Below it is only rounding; one step of grey makes more."""


def agreement(one: Spectra, other: Spectra) -> float:
    """How well the detail of two pictures agrees where it agrees best, from 0 to 1.

    Args:
        one, other: from ``spectra``.
    """
    still = one[0]  # the other one is turned
    products = []
    for turned in other:
        mirrored = turned[_BACKWARDS]
        products += [still * turned, still * turned.conj()]
        products += [still * mirrored, still * mirrored.conj()]
    overlaid = np.fft.irfft2(np.stack(products), s=(_SIDE, _SIDE))
    return float(min(1.0, max(0.0, overlaid.max())))


def spectra(picture: npt.NDArray[np.uint8], scale: float = 1.0) -> Spectra:
    """What ``agreement`` compares, [2 (upright, transposed), 64, 33].

    Args:
        picture: [size, size, 3], RGB.
        scale: share of the sides that is looked at, around the middle.
    """
    size = len(picture)
    edge = size * (1 - scale) / 2
    box = (edge, edge, size - edge, size - edge)
    grey = Image.fromarray(picture).convert("L")
    part = grey.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box)
    detail = _detail(np.asarray(part, dtype=np.float32))
    return np.stack([_half_whitened(detail), _half_whitened(detail.T)])


class Registration:
    """Compares pictures out of a file; the spectra of the last thousand are remembered.

    Args:
        records: [size, size, 3] uint8 each.
    """

    def __init__(self, records: RecordFile, size: int) -> None:
        self._records = records
        self._size = size
        self._kept: OrderedDict[tuple[int, float], Spectra] = OrderedDict()
        self._lock = Lock()

    def agreement(self, first: int, second: int, *, enough: float, cropped: bool) -> float:
        """Agreement of two pictures at the same size and, if that is not ``enough``, of others.

        Args:
            cropped: whether one may be cropped from the other: four more ratios of size.
        """
        found = agreement(self._of(first, 1.0), self._of(second, 1.0))
        if found >= enough or not cropped:
            return found
        for scale in _CROPPED:
            found = max(
                found,
                agreement(self._of(first, 1.0), self._of(second, scale)),
                agreement(self._of(first, scale), self._of(second, 1.0)),
            )
        return found

    def _of(self, number: int, scale: float) -> Spectra:
        with self._lock:
            if (number, scale) in self._kept:
                self._kept.move_to_end((number, scale))
                return self._kept[number, scale]
        picture = np.empty((1, self._size, self._size, 3), dtype=np.uint8)
        self._records.read_into([number], picture)
        found = spectra(picture[0], scale)
        with self._lock:
            self._kept[number, scale] = found
            while len(self._kept) > _KEPT_SPECTRA:
                self._kept.popitem(last=False)
        return found


def _detail(grey: Floats) -> Floats:
    """What differs from its surroundings, in units of how much things differ around there."""
    fine = grey - _NARROW @ grey @ _NARROW.T
    usual = np.sqrt(np.maximum(_WIDE @ (fine * fine) @ _WIDE.T, 0)) + 1
    return np.asarray(np.clip(fine / usual, -2.5, 2.5) * _WINDOW, dtype=np.float32)


def _half_whitened(detail: Floats) -> Spectra:
    """Its spectrum between ``_LOW`` and ``_HIGH``, flattened, of unit energy (or all zeros)."""
    if float(np.abs(detail).max()) < _NO_DETAIL:
        return np.zeros((_SIDE, _SIDE // 2 + 1), dtype=np.complex64)
    waves = np.fft.rfft2(detail)
    waves *= _BAND / (np.sqrt(np.abs(waves)) + 1e-3)
    energy = float(np.sqrt((np.fft.irfft2(waves, s=(_SIDE, _SIDE)) ** 2).sum()))
    return np.asarray(waves / energy, dtype=np.complex64)


def _blur(width: float) -> Floats:
    """A Gaussian of standard deviation ``width`` pixels as a matrix whose rows sum to 1."""
    place = np.arange(_SIDE)
    rows = np.exp(-((place[:, None] - place) ** 2) / (2 * width**2))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), dtype=np.float32)


def _band() -> Floats:
    down = np.fft.fftfreq(_SIDE)[:, None] * _SIDE
    across = np.fft.rfftfreq(_SIDE)[None] * _SIDE
    waves = np.hypot(down, across)
    band = (1 - np.exp(-((waves / _LOW) ** 4))) * np.exp(-((waves / _HIGH) ** 4))
    return np.asarray(band, dtype=np.float32)


_NARROW, _WIDE = _blur(2.5), _blur(5.0)
_WINDOW = np.asarray(
    np.sqrt(np.outer(np.hanning(_SIDE + 2)[1:-1], np.hanning(_SIDE + 2)[1:-1])), dtype=np.float32
)
_BAND = _band()
_BACKWARDS = np.asarray(-np.arange(_SIDE) % _SIDE)
