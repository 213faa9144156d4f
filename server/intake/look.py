"""What is noted of a picture while it is decoded: numbers that pictures can be compared by.

How they are measured stands in ``measuring``, which needs NumPy; this file needs nothing, so that
whoever only reads the numbers loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image


@dataclass(frozen=True, slots=True)
class Look:
    """The numbers of one picture.

    Attributes:
        sharpness: variance of its Laplacian at 224 × 224 pixels, grey levels squared; 0 = flat.
        brightness: mean of its luminance, 0 (black) to 1 (white).
        clipped: share of its pixels that are black or white to within two of 255 levels, 0 to 1.
    """

    sharpness: float
    brightness: float
    clipped: float
    coefficients: bytes = b""
    """143 cosine coefficients as float16 (``fingerprints``), for comparing; they are not kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One file that was looked at; ``look`` is None where its pixels are too many to be held."""

    path: str
    sha256: str
    look: Look | None


@dataclass(frozen=True, slots=True)
class Alike:
    """Two files that look nearly the same, by their place in a list of ``Seen``.

    Attributes:
        likeness: correlation of their fingerprints, up to 1.
    """

    first: int
    second: int
    likeness: float


Measure = Callable[[Image.Image], Look | None]
"""From an opened picture to its numbers; None where they cannot be had."""


@dataclass(slots=True)
class Looking:
    """Handed to whoever decodes the pictures anyway.

    Attributes:
        measure: called once for each picture.
        seen: what it found, in the order of the files.
    """

    measure: Measure
    seen: list[Seen] = field(default_factory=list)
