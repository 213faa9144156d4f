"""A PNG without what is said about it: chunks are dropped, the pixels' bytes stay as they are.

Kept are the chunks that the picture and its colours need (W3C PNG, third edition). The further
frames of an animated PNG go: the first picture is the one that is read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from server.intake.clean_icc import clean_profile
from server.intake.clean_jpeg import NotThisFormat
from server.intake.orientation import UPRIGHT, orientation_only

START = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT pHYs cICP".split())
_LENGTHS = {b"IHDR": 13, b"IEND": 0, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"cICP": 4}
_MAX_PROFILE = 16 * 1024**2


def clean_png(data: bytes, orientation: int = UPRIGHT) -> bytes:
    """``data`` without metadata, and without whatever follows the picture's end.

    Args:
        orientation: as EXIF counts, 1–8; where it is not 1, it is the one thing said of the
            picture in the result.

    Raises:
        NotThisFormat: it is no PNG, or breaks off before its first pixels.
    """
    kept: list[bytes] = []
    pixels = False
    for kind, whole in _chunks(data):
        if kind == b"IDAT" and not pixels:
            pixels = True
            if orientation != UPRIGHT:
                kept.append(_chunk(b"eXIf", orientation_only(orientation)))
        if kind in _KEPT and len(whole) - 12 == _LENGTHS.get(kind, len(whole) - 12):
            kept.append(whole)
        elif kind == b"iCCP":
            kept += _profile(whole[8:-4])
    if not pixels:
        raise NotThisFormat("it has no picture in it")
    return START + b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and whole bytes (length, kind, content, check sum) of every chunk up to the end."""
    if not data.startswith(START):
        raise NotThisFormat("it does not begin like a PNG")
    place = len(START)
    while place + 8 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        kind = data[place + 4 : place + 8]
        # a chunk that is cut short is kept so: the picture is then found to be cut short
        yield kind, data[place:end]
        if kind == b"IEND":
            return
        place = end


def _profile(content: bytes) -> list[bytes]:
    packed = content.partition(b"\0")[2][1:]
    try:
        profile = zlib.decompressobj().decompress(packed, _MAX_PROFILE)
    except zlib.error:
        return []
    cleaned = clean_profile(profile)
    if cleaned is None:
        return []
    return [_chunk(b"iCCP", b"icc\0\0" + zlib.compress(cleaned))]


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check
