"""Reading a large PNG to its last byte without ever holding its pixels.

Every chunk's checksum, the whole compressed stream, its length and the filter of every row are
checked (PNG specification, third edition, sections 5, 7, 9 and 10). A decoder does no more than
that to find damage; it only keeps the result.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIECE = 1 << 18
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HIGHEST_FILTER = 4
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # of an interlaced picture: first column, first row, steps between


class DamagedPng(Exception):
    """The file is no whole PNG."""


def check_png(file: Path) -> None:
    """Read ``file`` from its first chunk to its last row.

    Raises:
        DamagedPng: "truncated" where the end is missing, else what is wrong.
    """
    with file.open("rb") as opened:
        if opened.read(8) != _SIGNATURE:
            raise DamagedPng("no PNG")
        rows: _Rows | None = None
        for kind, piece in _chunks(opened):
            if kind == b"IHDR":
                rows = _Rows(piece)
            elif kind == b"IDAT" and rows is not None:
                rows.feed(piece)
                if rows.are_whole:
                    return
        raise DamagedPng("truncated")


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The header and the data, a bounded piece at a time; other chunks are passed over."""
    while True:
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        left, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind not in (b"IHDR", b"IDAT"):
            file.seek(left + 4, 1)
            continue
        crc = zlib.crc32(kind)
        while left:
            piece = file.read(min(left, _PIECE))
            if not piece:
                return
            crc, left = zlib.crc32(piece, crc), left - len(piece)
            yield kind, piece
        if file.read(4) != crc.to_bytes(4, "big"):
            raise DamagedPng("a chunk's checksum is wrong")


class _Rows:
    """The rows as they come out of the compressed stream, counted and looked at, not kept."""

    def __init__(self, header: bytes) -> None:
        if len(header) != 13 or header[9] not in _CHANNELS:
            raise DamagedPng("the header is wrong")
        width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
        self._bits = header[8] * _CHANNELS[header[9]]
        passes = _PASSES if header[12] else ((0, 0, 1, 1),)
        self._lengths = self._row_lengths(width, height, passes)
        self._left_in_row = next(self._lengths, 0)
        self._at_start = True
        self._unpacker = zlib.decompressobj()

    @property
    def are_whole(self) -> bool:
        return self._left_in_row == 0

    def feed(self, packed: bytes) -> None:
        try:
            while packed and not self.are_whole:
                self._count(self._unpacker.decompress(packed, _PIECE))
                packed = self._unpacker.unconsumed_tail
                if self._unpacker.eof and not self.are_whole:
                    raise DamagedPng("truncated")
        except zlib.error as error:
            raise DamagedPng("the compressed data is damaged") from error

    def _row_lengths(
        self, width: int, height: int, passes: tuple[tuple[int, int, int, int], ...]
    ) -> Iterator[int]:
        """Bytes of each row, its filter included."""
        for left, top, across, down in passes:
            columns = -(-(width - left) // across) if width > left else 0
            rows = -(-(height - top) // down) if height > top else 0
            for _ in range(rows if columns else 0):
                yield 1 + (columns * self._bits + 7) // 8

    def _count(self, data: bytes) -> None:
        at = 0
        while at < len(data) and self._left_in_row:
            if self._at_start and data[at] > _HIGHEST_FILTER:
                raise DamagedPng("a row has an unknown filter")
            step = min(self._left_in_row, len(data) - at)
            at += step
            self._left_in_row -= step
            self._at_start = self._left_in_row == 0
            if self._at_start:
                self._left_in_row = next(self._lengths, 0)
