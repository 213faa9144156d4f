"""A TIFF without what is said about it: a new directory with only the tags that pixels need.

The strips or tiles of the first picture are taken over byte for byte (TIFF 6.0; also BigTIFF, which
becomes a plain TIFF). Further pages, small previews and private tags go. The format has many
dialects, so the result is decoded and compared; where it is not the same picture (or the packing
cannot be taken over so), the pixels are packed again, without loss.
"""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from server.domain.pixels import MAX_PIXELS
from server.intake.clean_icc import clean_profile
from server.intake.clean_jpeg import NotThisFormat, clean_jpeg
from server.intake.orientation import ORIENTATION, UPRIGHT

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_COMPRESSION, _PROFILE = 259, 34675
_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 273, 279, 324, 325
_JPEG_TABLES = 347
_JPEG = 7
_PACKINGS = {1, 2, 3, 4, 5, _JPEG, 8, 32773, 32946, 34925, 50000}
"""None, CCITT, LZW, JPEG, Deflate, PackBits, LZMA, Zstandard: streams that stand for themselves."""
_TAGS = frozenset(
    (
        *(256, 257, 258, 259, 262, 266, 277, 278, 282, 283, 284, 292, 293, 296, 317, 318, 319),
        *(320, 322, 323, 332, 338, 339, _JPEG_TABLES, 529, 530, 531, 532, _PROFILE),
    )
)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_MAX_ENTRIES = 500

_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    content: bytes


def clean_tiff(data: bytes, orientation: int = UPRIGHT) -> bytes:
    """``data`` without metadata, its first picture alone.

    Args:
        orientation: as TIFF counts, 1–8.

    Raises:
        NotThisFormat: it is no TIFF, or its first picture is not whole.
    """
    if not data.startswith(STARTS):
        raise NotThisFormat("it does not begin like a TIFF")
    order = "<" if data[:2] == b"II" else ">"
    try:
        with _one_at_a_time:
            before = _picture(data)
            clean = _rebuilt(data, _first_directory(data, order), order, orientation)
            return clean if clean and _shows(clean, before) else _packed_again(before)
    except (struct.error, KeyError) as error:
        raise NotThisFormat("its directory is damaged") from error


def _first_directory(data: bytes, order: str) -> dict[int, _Entry]:
    large = b"+" in data[2:4]
    (place,) = struct.unpack_from(f"{order}{'Q' if large else 'I'}", data, 8 if large else 4)
    (count,) = struct.unpack_from(f"{order}{'Q' if large else 'H'}", data, place)
    place += 8 if large else 2
    room = 8 if large else 4
    entries = {}
    for number in range(min(count, _MAX_ENTRIES)):
        at = place + number * (12 + 2 * (room - 4))
        tag, kind, values = struct.unpack_from(f"{order}HH{'Q' if large else 'I'}", data, at)
        size = _SIZES.get(kind, 1) * values
        begin = at + 4 + room
        if size > room:
            (begin,) = struct.unpack_from(f"{order}{'Q' if large else 'I'}", data, begin)
        if tag in _TAGS or tag in (_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES):
            if begin + size > len(data):
                raise NotThisFormat("its directory reaches past its end")
            entries[tag] = _Entry(kind, values, data[begin : begin + size])
    return entries


def _rebuilt(data: bytes, entries: dict[int, _Entry], order: str, orientation: int) -> bytes | None:
    """None where the strips cannot be taken over."""
    packing = _numbers(entries[_COMPRESSION], order)[0] if _COMPRESSION in entries else 1
    tiled = _TILES in entries
    places, sizes = (_TILES, _TILE_SIZES) if tiled else (_STRIPS, _STRIP_SIZES)
    if packing not in _PACKINGS or sizes not in entries or places not in entries:
        return None
    begins, lengths = _numbers(entries[places], order), _numbers(entries[sizes], order)
    parts = [data[begin : begin + size] for begin, size in zip(begins, lengths, strict=False)]
    kept = {tag: entry for tag, entry in entries.items() if tag in _TAGS}
    if packing == _JPEG:
        parts = [clean_jpeg(part) for part in parts]
        if _JPEG_TABLES in kept:
            kept[_JPEG_TABLES] = _tables_alone(kept[_JPEG_TABLES])
    if _PROFILE in kept:
        profile = clean_profile(kept.pop(_PROFILE).content)
        if profile is not None:
            kept[_PROFILE] = _Entry(_UNDEFINED, len(profile), profile)
    if orientation != UPRIGHT:
        kept[ORIENTATION] = _entry(order, _SHORT, [orientation])
    return _written(kept, parts, (places, sizes), order)


def _numbers(entry: _Entry, order: str) -> list[int]:
    kind = _NUMBERS[entry.kind]
    return list(struct.unpack(f"{order}{entry.count}{kind}", entry.content))


def _entry(order: str, kind: int, values: list[int]) -> _Entry:
    content = struct.pack(f"{order}{len(values)}{_NUMBERS[kind]}", *values)
    return _Entry(kind, len(values), content)


def _tables_alone(entry: _Entry) -> _Entry:
    """The tables of JPEG strips: an abbreviated stream, without its comments."""
    content, kept, place = entry.content, [b"\xff\xd8"], 2
    while place + 4 <= len(content) and content[place + 1] != 0xD9:
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if not (0xE0 <= content[place + 1] <= 0xEF or content[place + 1] == 0xFE):
            kept.append(content[place:end])
        place = max(end, place + 2)
    tables = b"".join([*kept, b"\xff\xd9"])
    return _Entry(_UNDEFINED, len(tables), tables)


def _written(
    kept: dict[int, _Entry], parts: list[bytes], tags: tuple[int, int], order: str
) -> bytes:
    """A TIFF of one directory: head, pixels, what is too long for the directory, directory."""
    body, place = [], 8
    begins = []
    for part in parts:
        begins.append(place)
        body.append(part + bytes(len(part) % 2))
        place += len(body[-1])
    kept |= {
        tags[0]: _entry(order, _LONG, begins),
        tags[1]: _entry(order, _LONG, [len(part) for part in parts]),
    }
    lines = []
    for tag in sorted(kept):
        kind, count, content = kept[tag].kind, kept[tag].count, kept[tag].content
        if kind == 16:
            kind, content = _LONG, _entry(order, _LONG, _numbers(kept[tag], order)).content
        if len(content) <= 4:
            inline = content.ljust(4, b"\0")
        else:
            inline = struct.pack(f"{order}I", place)
            body.append(content + bytes(len(content) % 2))
            place += len(body[-1])
        lines.append(struct.pack(f"{order}HHI", tag, kind, count) + inline)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(f"{order}H", len(lines)) + b"".join(lines) + bytes(4)
    return mark + struct.pack(f"{order}I", place) + b"".join(body) + directory


def _picture(data: bytes) -> Image.Image:
    """The first picture, upright."""
    try:
        with Image.open(BytesIO(data), formats=("TIFF",)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise NotThisFormat("it is too large to be decoded")
            image.load()
            plain = image.copy()
    except NotThisFormat:
        raise
    except Exception as error:  # a hostile file makes Pillow raise almost anything
        raise NotThisFormat("its pixels cannot be decoded") from error
    return plain


def _shows(data: bytes, picture: Image.Image) -> bool:
    try:
        one, other = _picture(data), picture
    except NotThisFormat:
        return False
    return (one.mode, one.size, one.getpalette(), one.tobytes()) == (
        other.mode,
        other.size,
        other.getpalette(),
        other.tobytes(),
    )


def _packed_again(picture: Image.Image) -> bytes:
    """The same pixels in a new file."""
    plain = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    palette = picture.getpalette()
    if palette:
        plain.putpalette(palette)
    written = BytesIO()
    try:
        plain.save(written, "TIFF", compression="tiff_deflate")
    except (OSError, KeyError, ValueError) as error:
        raise NotThisFormat("its pixels are of a kind that cannot be written") from error
    data = written.getvalue()
    order = "<" if data[:2] == b"II" else ">"
    return _rebuilt(data, _first_directory(data, order), order, UPRIGHT) or data
