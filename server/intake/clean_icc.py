"""A colour profile without names: the tags that colour needs, and nothing that says whose it is.

A profile made for one monitor or scanner may hold its serial number, its owner and the day it was
measured. The layout is that of ICC.1:2022: a header of 128 bytes, a table of tags, the tags.
"""

from __future__ import annotations

import struct

_HEADER = 128
_SIGNATURE = slice(36, 40)
_COLOUR_TAGS = frozenset(
    b"wtpt bkpt chad rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt "
    b"D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 B2D2 B2D3 cicp".split()
)
_MAX_TAGS = 200
# places in the header that name the maker, the device, the day and the profile itself
_NAMING = ((4, 8), (24, 36), (40, 44), (48, 56), (56, 64), (80, 84), (84, 128))


def clean_profile(profile: bytes) -> bytes | None:
    """``profile`` with its colour tags alone; None where it is none that can be read."""
    try:
        tags = _colour_tags(profile)
    except struct.error:
        return None
    if not tags:
        return None
    version = profile[8]
    tags |= {b"desc": _text(version), b"cprt": _text(version, described=False)}
    return _written(_header(profile), tags)


def _colour_tags(profile: bytes) -> dict[bytes, bytes]:
    if profile[_SIGNATURE] != b"acsp":
        return {}
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    tags = {}
    for number in range(min(count, _MAX_TAGS)):
        name, offset, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * number)
        content = profile[offset : offset + size]
        if len(content) < size:
            return {}
        if name in _COLOUR_TAGS:
            tags[name] = content
    return tags


def _header(profile: bytes) -> bytearray:
    header = bytearray(profile[:_HEADER])
    for begin, end in _NAMING:
        header[begin:end] = bytes(end - begin)
    return header


def _text(version: int, *, described: bool = True) -> bytes:
    """A description or copyright that says nothing; every profile must have both."""
    if version >= 4:
        return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2, 28) + b"\0-"
    if described:
        return b"desc" + bytes(4) + struct.pack(">I", 2) + b"-\0" + bytes(4 + 4 + 2 + 1 + 67)
    return b"text" + bytes(4) + b"-\0"


def _written(header: bytearray, tags: dict[bytes, bytes]) -> bytes:
    place = _HEADER + 4 + 12 * len(tags)
    table, body = [struct.pack(">I", len(tags))], []
    placed: dict[bytes, int] = {}
    for name, content in tags.items():
        if content not in placed:  # tags may share their content, such as three equal curves
            start = (place + 3) // 4 * 4
            body.append(bytes(start - place) + content)
            placed[content] = start
            place = start + len(content)
        table.append(struct.pack(">4sII", name, placed[content], len(content)))
    ending = bytes(-place % 4)
    header[0:4] = struct.pack(">I", place + len(ending))
    return b"".join([bytes(header), *table, *body, ending])
