"""A JPEG without what is said about it: segments are dropped, the pixels' bytes stay as they are.

The rules of the stream are those of ITU-T T.81, annex B. What is kept of the application segments
is what colour needs: JFIF (its thumbnail taken out), Adobe's transform, and the colour profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.intake.clean_icc import clean_profile
from server.intake.orientation import UPRIGHT, orientation_only

START = b"\xff\xd8"
_END = b"\xff\xd9"
_SCAN = 0xDA
_END_MARKER = 0xD9
_COMMENT = 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_ALONE = {0x00, 0x01, *range(0xD0, 0xD9)}
_PROFILE = b"ICC_PROFILE\0"
_PROFILE_ROOM = 65_519
# inside a scan, FF is data when 00 or a restart marker follows it
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class NotThisFormat(ValueError):
    """The bytes do not keep the rules of the format they begin like."""


def says_something(data: bytes) -> bool:
    """Whether a JPEG may carry an orientation: it has a segment for EXIF or XMP."""
    return any(marker == _APP1 for marker, _, _ in _segments(data))


def clean_jpeg(data: bytes, orientation: int = UPRIGHT) -> bytes:
    """``data`` without metadata, and without whatever follows the picture's end.

    Args:
        orientation: as EXIF counts, 1–8; where it is not 1, it is the one thing said of the
            picture in the result.

    Raises:
        NotThisFormat: it is no JPEG, or breaks off before its first scan.
    """
    kept: list[bytes] = []
    profile: dict[int, bytes] = {}
    after_head = 0
    scanned = False
    ended = False
    for marker, begin, end in _segments(data):
        body = data[begin + 4 : end]
        if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            # the density stays, the thumbnail behind it goes
            kept.insert(0, _segment(_APP0, body[:12] + b"\0\0"))
            after_head = 1
        elif marker == _APP2 and body.startswith(_PROFILE) and len(body) > 14:
            profile[body[12]] = body[14:]
        elif marker == _END_MARKER:
            ended = True
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            kept.append(_segment(_APP14, body[:12]))
        elif not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.append(data[begin:end])
            scanned = scanned or marker == _SCAN
    if not scanned:
        raise NotThisFormat("it has no picture in it")
    said = list(_profile_segments(b"".join(profile[number] for number in sorted(profile))))
    if orientation != UPRIGHT:
        said.insert(0, _segment(_APP1, b"Exif\0\0" + orientation_only(orientation)))
    kept[after_head:after_head] = said
    # a missing end stays missing, so that it can be said
    return b"".join([START, *kept, _END if ended else b""])


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, begin and end of every segment up to the end of the picture, and of that end.

    A scan reaches from its header to the next marker.
    """
    if not data.startswith(START):
        raise NotThisFormat("it does not begin like a JPEG")
    place = 2
    while place + 2 <= len(data):
        if data[place] != 0xFF:
            # bytes that belong to nothing: decoders pass over them to the next marker
            found = _MARKER.search(data, place)
            if found is None:
                return
            place = found.start()
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker == _END_MARKER:
            yield marker, place, place + 2
            return
        elif marker in _ALONE:
            place += 2
        else:
            end = _end_of(data, place, marker)
            yield marker, place, end
            place = end


def _end_of(data: bytes, place: int, marker: int) -> int:
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    end = place + 2 + length
    if length < 2 or end > len(data):
        raise NotThisFormat("a segment reaches past its end")
    if marker != _SCAN:
        return end
    found = _MARKER.search(data, end)
    return found.start() if found else len(data)


def _profile_segments(profile: bytes) -> Iterator[bytes]:
    cleaned = clean_profile(profile) if profile else None
    if cleaned is None:
        return
    parts = [cleaned[at : at + _PROFILE_ROOM] for at in range(0, len(cleaned), _PROFILE_ROOM)]
    for number, part in enumerate(parts, 1):
        yield _segment(_APP2, _PROFILE + bytes([number, len(parts)]) + part)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
