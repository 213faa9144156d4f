"""One file that arrives in pieces and survives a crash between any two of them.

    <id>.part   the bytes
    <id>.log    the first line says what the file will be, each further line how many bytes of the
                part are safe: {"offset": 8388608}

A piece is kept in this order: bytes to the disk, then the line to the disk. So the last whole line
never promises more than the disk holds, and what lies in the part beyond it was never
acknowledged: the next piece writes over it. A line that a crash cut in two is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from server.domain.basket import FileRecord, FileState
from server.domain.errors import ChecksumMismatch, StorageFull, TooLarge
from server.store.files import write_atomically
from server.store.trees import full_disk_is_said

_READ_BYTES = 1024**2
_SHA256_OF_NOTHING = hashlib.sha256().hexdigest()


class ArrivingFile:
    """The place of one file in the folder of its basket."""

    def __init__(self, folder: Path, file_id: str) -> None:
        self.id = file_id
        self.part = folder / f"{file_id}.part"
        self.log = folder / f"{file_id}.log"

    def create(self, record: FileRecord) -> None:
        """Make the place; it is on the disk when this returns.

        Raises:
            ChecksumMismatch: no file of no bytes has the hash that was announced.
            StorageFull: the disk has no room.
        """
        if record.size == 0 and record.sha256 not in (None, _SHA256_OF_NOTHING):
            raise _other_file(record.path)
        with _room_for(record.path):
            self.part.unlink(missing_ok=True)  # never emptied: a dataset may hold a link to it
            self.part.touch(exist_ok=False)
            write_atomically(self.log, _line(asdict(record)))

    def read(self) -> FileState | None:
        """What is announced and what is safe; None when there is no such file."""
        found = self._read_log()
        return found[0] if found else None

    def open(self) -> PieceWriter | None:
        """Go on writing after the last byte that is safe; None when there is no such file."""
        found = self._read_log()
        return PieceWriter(self, *found) if found else None

    def remove(self) -> None:
        """Free its room. The log goes first: without it the file is not there."""
        self.log.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _read_log(self) -> tuple[FileState, int] | None:
        """The state, and where the last whole line of the log ends."""
        try:
            first, *others = self.log.read_bytes().splitlines(keepends=True)
            length = self.part.stat().st_size
        except (FileNotFoundError, ValueError):
            return None
        record = FileRecord(**json.loads(first))
        offset, end = 0, len(first)
        for line in others:
            promised = _offset_in(line)
            if promised is None:
                break
            offset, end = promised, end + len(line)
        return FileState(self.id, record, min(offset, length)), end


class PieceWriter:
    """Appends one piece. One thread at a time, one writer a file: the caller sees to that.

    Attributes:
        state: the file with the offset that was last kept.
    """

    def __init__(self, file: ArrivingFile, state: FileState, log_end: int) -> None:
        self.state = state
        self._written = state.offset
        self._log: BinaryIO | None = None
        self._part = file.part.open("r+b", buffering=0)
        try:
            self._log = file.log.open("r+b", buffering=0)
            self._log.truncate(log_end)
            self._log.seek(log_end)
            self.drop()
        except BaseException:
            self.close()
            raise

    @property
    def unkept(self) -> int:
        """Bytes that were written and would not survive a crash yet."""
        return self._written - self.state.offset

    def check_room(self, length: int) -> None:
        """Refuse what would go beyond the announced size.

        Raises:
            TooLarge: the sentence names the size.
        """
        record = self.state.record
        if self._written + length > record.size:
            raise TooLarge(
                f"More bytes were sent than the {record.size} that were announced for "
                f"{record.path!r}; what goes beyond them is not taken.",
                file=record.path,
            )

    def write(self, data: bytes) -> None:
        """Append ``data``; it is not safe before ``keep``.

        Raises:
            TooLarge: it goes beyond the announced size.
            StorageFull: the disk has no room; what was kept before stays.
        """
        self.check_room(len(data))
        with _room_for(self.state.record.path):
            _write_all(self._part, data)
        self._written += len(data)

    def keep(self) -> FileState:
        """Acknowledge all that was written; it survives a crash when this returns.

        The last byte is kept only together with the proof that the file is what was announced.

        Raises:
            ChecksumMismatch: the whole file has another hash; it begins again at its first byte.
            StorageFull: the disk has no room; what was kept before stays.
        """
        if not self.unkept:
            return self.state
        with _room_for(self.state.record.path):
            os.fsync(self._part.fileno())
            if self._written == self.state.record.size:
                self._verify()
            self._note(self._written)
        return self.state

    def drop(self) -> None:
        """Go back to what was kept last."""
        self._part.truncate(self.state.offset)
        self._part.seek(self.state.offset)
        self._written = self.state.offset

    def close(self) -> None:
        self._part.close()
        if self._log is not None:
            self._log.close()

    def _note(self, offset: int) -> None:
        assert self._log is not None
        _write_all(self._log, _line({"offset": offset}))
        os.fsync(self._log.fileno())
        self.state = replace(self.state, offset=offset)

    def _verify(self) -> None:
        record = self.state.record
        if record.sha256 is None or _sha256_of(self._part) == record.sha256:
            return
        self._note(0)
        self.drop()
        raise _other_file(record.path)


def _other_file(path: str) -> ChecksumMismatch:
    return ChecksumMismatch(
        f"All of {path!r} has arrived, but it is not the file that was announced: its SHA-256 "
        "differs. It was thrown away; send it again from its first byte.",
        file=path,
    )


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8")


def _offset_in(line: bytes) -> int | None:
    if not line.endswith(b"}\n"):
        return None
    try:
        return int(json.loads(line)["offset"])
    except (ValueError, KeyError, TypeError):
        return None


def _write_all(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _sha256_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_READ_BYTES):
        digest.update(piece)
    return digest.hexdigest()


@contextmanager
def _room_for(path: str) -> Iterator[None]:
    try:
        with full_disk_is_said("saving a file"):
            yield
    except StorageFull as full:
        raise StorageFull(
            f"The server's disk is full; what was acknowledged of {path!r} is kept. Make room, "
            "then go on with the upload.",
            file=path,
        ) from full
