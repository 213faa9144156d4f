"""Fingerprints of the pictures that a training reads; what they are stands in ``intake``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from server.intake.fingerprints import (
    COEFFICIENTS,
    Floats,
    coefficients,
    make_comparable,
    small_grey,
)
from server.training.engine.records import RecordFile
from server.training.engine.threads import map_in_threads

_AT_ONCE = 64


def fingerprints(records: RecordFile, numbers: Sequence[int], size: int) -> Floats:
    """Fingerprints of the pictures ``numbers``, [n, 143], each row of length 1.

    Args:
        records: [size, size, 3] uint8 each.
    """
    rows = [numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE)]
    found = np.empty((len(numbers), COEFFICIENTS), dtype=np.float32)
    first = 0
    for part in map_in_threads(lambda chosen: _coefficients(records, chosen, size), rows):
        found[first : first + len(part)] = part
        first += len(part)
    make_comparable(found)
    return found


def _coefficients(records: RecordFile, numbers: Sequence[int], size: int) -> Floats:
    pixels = np.empty((len(numbers), size, size, 3), dtype=np.uint8)
    records.read_into(numbers, pixels)
    greys = [small_grey(Image.fromarray(picture).convert("L")) for picture in pixels]
    return coefficients(np.stack(greys))
