"""How a PNG's camera was held, read without decoding a pixel.

EXIF and text may stand behind the pixels, and Pillow decodes all of them to get there: 300 MB for a
picture just under our limit. So what is said is put over a picture of one pixel, and Pillow reads
that: it knows all the ways in which programs have hidden EXIF in text.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

from server.intake.orientation import UPRIGHT, orientation_in

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAYING = frozenset(b"eXIf iTXt tEXt zTXt".split())
_MOST = 4 * 1024**2  # of bytes that are looked at; longer text is no camera's


def png_orientation(file: IO[bytes]) -> int:
    """The orientation, 1–8, of a PNG opened at its beginning; 1 where it says nothing of sense."""
    words = _words(file)
    return orientation_in(_over_one_pixel(words), "PNG") if words else UPRIGHT


def _words(file: IO[bytes]) -> list[bytes]:
    found, left = [], _MOST
    for kind, length in _chunks(file):
        if kind in _SAYING and length <= left:
            left -= length
            found.append(_chunk(kind, file.read(length)))
    return found


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Kind and length of every chunk; ``file`` then stands at its content."""
    place = len(_SIGNATURE)
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        place += 12 + length


def _over_one_pixel(words: list[bytes]) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"".join((_SIGNATURE, header, *words, pixels, _chunk(b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check
