"""A file of equal-sized records, written once and read at any place.

Pixels and features lie in such files instead of in memory: a batch is read into a buffer that is
used again, so a run needs the same memory for a hundred images and for a million. (Mapping the
file would count every page that was ever touched as resident.)

Layout, little-endian: magic (8 bytes), key (32), record size (u64), number of records (u64), the
records, one CRC-32 (u32) a record, and a CRC-32 over the header and those.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from server.training.engine.room import when_there_is_room, write_all

_MAGIC = b"DSREC01\n"
_HEADER = struct.Struct("<8s32sQQ")


class DamagedRecords(Exception):
    """The file is not what its key promises: cut off, changed, or of other content."""


class RecordWriter:
    """Writes a record file; it appears under its name only when it is whole and on the disk.

    Use as a context manager; leaving it by an exception leaves nothing behind.

    Args:
        path: the final name.
        key: 32 bytes that say what the content is.
        record_bytes: size of every record.

    Raises:
        OSError: when the disk is full or the folder cannot be written.
    """

    def __init__(self, path: Path, key: bytes, record_bytes: int) -> None:
        self._path = path
        self._key = key
        self._record_bytes = record_bytes
        self._checks = array("I")
        self._partial = path.with_name(f"{path.name}.{os.getpid()}.partial")

    def __enter__(self) -> RecordWriter:
        self._file = when_there_is_room(
            lambda: self._partial.open("wb", buffering=0), self._partial
        )
        self._write(_HEADER.pack(_MAGIC, self._key, self._record_bytes, 0))
        return self

    def append(self, record: npt.NDArray[np.generic]) -> None:
        """Add one record.

        Raises:
            ValueError: when it has another size.
        """
        data = np.ascontiguousarray(record).data.cast("B")
        if data.nbytes != self._record_bytes:
            raise ValueError(f"A record has {self._record_bytes} bytes, not {data.nbytes}.")
        self._checks.append(zlib.crc32(data))
        self._write(data)

    def _write(self, data: bytes | memoryview) -> None:
        write_all(self._file, data, self._partial)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._seal()
        finally:
            self._file.close()
            if error is None and self._partial.exists():
                self._publish()
            self._partial.unlink(missing_ok=True)

    def _seal(self) -> None:
        header = _HEADER.pack(_MAGIC, self._key, self._record_bytes, len(self._checks))
        checks = np.asarray(self._checks, dtype="<u4").tobytes()
        self._write(checks + struct.pack("<I", zlib.crc32(checks, zlib.crc32(header))))
        self._file.seek(0)
        self._write(header)
        when_there_is_room(lambda: os.fsync(self._file.fileno()), self._partial)

    def _publish(self) -> None:
        try:
            self._partial.replace(self._path)
        except PermissionError:
            # Windows: another run has the same file open; then it holds the same records.
            RecordFile(self._path, self._key, self._record_bytes).close()


class Readable(Protocol):
    """Whatever gives records by number."""

    def read_into(
        self, numbers: Sequence[int] | npt.NDArray[np.integer], buffer: npt.NDArray[np.generic]
    ) -> None:
        """Read the records ``numbers`` into the first rows of ``buffer``."""


class RecordFile:
    """Reads records by number, from any thread.

    Args:
        path: of a file written by ``RecordWriter``.
        key, record_bytes: what it must hold.

    Raises:
        FileNotFoundError: when there is none.
        DamagedRecords: when it is not whole, or holds something else. Every record is checked.
    """

    def __init__(self, path: Path, key: bytes, record_bytes: int) -> None:
        self._record_bytes = record_bytes
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        try:
            self._count = self._check(path, key)
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return self._count

    def read_into(
        self, numbers: Sequence[int] | npt.NDArray[np.integer], buffer: npt.NDArray[np.generic]
    ) -> None:
        """Read the records ``numbers`` into the first rows of ``buffer`` [rows, ...].

        Raises:
            IndexError: for a number that is not in the file.
            DamagedRecords: when the file has become shorter.
        """
        with self._lock:
            for row, number in enumerate(numbers):
                if not 0 <= number < self._count:
                    raise IndexError(f"Record {number} of {self._count}.")
                self._file.seek(_HEADER.size + int(number) * self._record_bytes)
                self._fill(buffer[row].data.cast("B"))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fill(self, target: memoryview) -> None:
        filled = 0
        while filled < len(target):
            got = self._file.readinto(target[filled:])
            if not got:
                raise DamagedRecords(f"{self._file.name} was cut off while it was in use.")
            filled += got

    def _check(self, path: Path, key: bytes) -> int:
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise DamagedRecords(f"{path} is cut off.")
        magic, found_key, record_bytes, count = _HEADER.unpack(header)
        if (magic, found_key, record_bytes) != (_MAGIC, key, self._record_bytes):
            raise DamagedRecords(f"{path} holds something else.")
        data_end = _HEADER.size + count * record_bytes
        if path.stat().st_size != data_end + 4 * count + 4:
            raise DamagedRecords(f"{path} has the wrong length.")
        self._file.seek(data_end)
        trailer = bytearray(4 * count + 4)
        self._fill(memoryview(trailer))
        if zlib.crc32(trailer[:-4], zlib.crc32(header)) != struct.unpack("<I", trailer[-4:])[0]:
            raise DamagedRecords(f"{path} has a damaged table of checksums.")
        self._check_records(path, np.frombuffer(trailer, dtype="<u4", count=count))
        return int(count)

    def _check_records(self, path: Path, checks: npt.NDArray[np.uint32]) -> None:
        self._file.seek(_HEADER.size)
        buffer = memoryview(bytearray(self._record_bytes))
        for number, expected in enumerate(checks):
            self._fill(buffer)
            if zlib.crc32(buffer) != expected:
                raise DamagedRecords(f"{path} is damaged at record {number}.")
