"""A WebP without what is said about it: chunks are dropped, the pixels' bytes stay as they are.

The container is that of RFC 9649: RIFF, chunks of even length, a VP8X chunk that says what else
there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.intake.clean_icc import clean_profile
from server.intake.clean_jpeg import NotThisFormat
from server.intake.orientation import UPRIGHT, orientation_only

_PIXELS = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
_HAS_PROFILE, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04
_FRAME_HEAD = 16


def is_webp(data: bytes) -> bool:
    """Whether a file begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def says_something(data: bytes) -> bool:
    """Whether a WebP may carry an orientation: it has a chunk for EXIF or XMP."""
    return any(kind in (b"EXIF", b"XMP ") for kind, _ in _chunks(_inside(data)))


def clean_webp(data: bytes, orientation: int = UPRIGHT) -> bytes:
    """``data`` without metadata, and without whatever follows the picture's end.

    Args:
        orientation: as EXIF counts, 1–8; where it is not 1, it is the one thing said of the
            picture in the result.

    Raises:
        NotThisFormat: it is no WebP, or has no picture in it.
    """
    kept: list[tuple[bytes, bytes]] = []
    head: bytearray | None = None
    for kind, content in _chunks(_inside(data)):
        if kind == b"VP8X" and len(content) >= 10 and head is None:
            head = bytearray(content[:10])
            head[0] &= ~(_HAS_PROFILE | _HAS_EXIF | _HAS_XMP) & 0xFF
        elif kind == b"ICCP" and head is not None:
            profile = clean_profile(content)
            if profile is not None:
                head[0] |= _HAS_PROFILE
                kept.append((kind, profile))
        elif kind == b"ANMF":
            kept.append((kind, _frame(content)))
        elif kind in _PIXELS or (kind == b"ANIM" and len(content) == 6):
            kept.append((kind, content))
    if not any(kind in _PIXELS or kind == b"ANMF" for kind, _ in kept):
        raise NotThisFormat("it has no picture in it")
    if head is not None:
        if orientation != UPRIGHT:
            head[0] |= _HAS_EXIF
            kept.append((b"EXIF", orientation_only(orientation)))
        kept.insert(0, (b"VP8X", bytes(head)))
    body = b"WEBP" + b"".join(_chunk(kind, content) for kind, content in kept)
    # a file that is cut short keeps the length it claimed, so that this can be said
    claimed = int.from_bytes(data[4:8], "little") + 8
    length = len(body) + max(0, claimed - len(data))
    return b"RIFF" + length.to_bytes(4, "little") + body


def _inside(data: bytes) -> bytes:
    if not is_webp(data):
        raise NotThisFormat("it does not begin like a WebP")
    return data[12 : int.from_bytes(data[4:8], "little") + 8]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _frame(content: bytes) -> bytes:
    inner = _chunks(content[_FRAME_HEAD:])
    return content[:_FRAME_HEAD] + b"".join(
        _chunk(kind, pixels) for kind, pixels in inner if kind in _PIXELS
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
