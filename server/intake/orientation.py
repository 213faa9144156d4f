"""How a camera was held: read from whatever a file says, written as the one thing it still says.

EXIF counts 1–8 (CIPA DC-008, tag 0x0112); 1 is upright. It is kept inside the cleaned file, in the
smallest EXIF block there is, so that a dataset's folder shows the right pictures to every program
that opens it, not only to those that know our manifest.
"""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image

UPRIGHT = 1
ORIENTATION = 0x0112
_SHORT = 3


def orientation_only(orientation: int) -> bytes:
    """The smallest EXIF block: one directory with one entry."""
    entry = struct.pack(">HHIHH", ORIENTATION, _SHORT, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def orientation_of(image: Image.Image) -> int:
    """What an opened image says of its orientation, 1–8; 1 where it says nothing of sense."""
    try:
        found = image.getexif().get(ORIENTATION, UPRIGHT)
        return int(found) if int(found) in range(1, 9) else UPRIGHT
    except Exception:  # damaged EXIF says nothing about the picture
        return UPRIGHT


def orientation_in(data: bytes, kind: str) -> int:
    """The same for the bytes of a file of that format; 1 where it cannot be opened."""
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            return orientation_of(image)
    except Exception:  # a hostile file makes Pillow raise almost anything
        return UPRIGHT
