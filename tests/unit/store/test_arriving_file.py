"""A file that arrives in pieces: whatever is cut or dies in between, the end is what was sent."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.domain.basket import FileRecord
from server.domain.errors import ChecksumMismatch, TooLarge
from server.services.basket_files import Checksum, Piece
from server.store.arriving_file import ArrivingFile

GARBAGE = [b"", b"?", b'{"offset": 9', b'{"offset": 999999}', b"\x00" * 40, b"{}\n", b"\xff\n"]
"""What a crash can leave at the end of a log: nothing that was acknowledged ends so."""


class AnUploadUnderFaults(RuleBasedStateMachine):
    """One file, sent over and over through cuts, crashes and changed bytes.

    ``acknowledged`` is what the sender was told; it may never come back smaller, and the bytes
    before it are always those of the file.
    """

    @initialize(content=st.binary(max_size=400), tells_hash=st.booleans())
    def announce(self, content: bytes, tells_hash: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.content = content
        self.acknowledged = 0
        told = hashlib.sha256(content).hexdigest() if tells_hash else None
        self.file = ArrivingFile(Path(self.folder.name), "f")
        self.file.create(FileRecord("a.jpg", len(content), None, told, ""))

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def _offset(self) -> int:
        # a new object each time: nothing is known but what lies on the disk
        state = ArrivingFile(Path(self.folder.name), "f").read()
        assert state is not None
        return state.offset

    def _rest(self, length: int) -> bytes:
        return self.content[self.acknowledged : self.acknowledged + length]

    @rule(lengths=st.lists(st.integers(0, 120), max_size=4))
    def send_a_piece_in_several_reads(self, lengths: list[int]) -> None:
        writer = self.file.open()
        assert writer is not None
        for length in lengths:
            data = self._rest(10_000)[writer.unkept :][:length]
            writer.write(data)
        self.acknowledged = writer.keep().offset
        writer.close()

    @rule(length=st.integers(0, 200), changed=st.booleans(), cut=st.booleans())
    def send_a_piece_with_a_checksum(self, length: int, changed: bool, cut: bool) -> None:
        writer = self.file.open()
        assert writer is not None
        data = self._rest(length)
        piece = Piece(writer, Checksum("sha1", hashlib.sha1(data).digest()))
        if cut:
            piece.write(data[: length // 2])
            piece.cut_short()
        elif changed and data:
            piece.write(data[:-1] + bytes([data[-1] ^ 1]))
            with pytest.raises(ChecksumMismatch):
                piece.end()
        else:
            piece.write(data)
            self.acknowledged = piece.end().offset
        writer.close()

    @rule(length=st.integers(0, 200))
    def be_cut_short(self, length: int) -> None:
        writer = self.file.open()
        assert writer is not None
        piece = Piece(writer, None)
        piece.write(self._rest(length))
        self.acknowledged = piece.cut_short().offset
        writer.close()

    @rule(length=st.integers(0, 200), garbage=st.sampled_from(GARBAGE), more=st.binary(max_size=50))
    def die(self, length: int, garbage: bytes, more: bytes) -> None:
        """Bytes that were never acknowledged stay behind in the part, half a line in the log."""
        writer = self.file.open()
        assert writer is not None
        writer.write(self._rest(length))
        writer.close()
        with self.file.part.open("ab") as part:
            part.write(more)
        with self.file.log.open("ab") as log:
            log.write(garbage)

    @rule(more=st.binary(min_size=1, max_size=20))
    def send_too_much(self, more: bytes) -> None:
        writer = self.file.open()
        assert writer is not None
        with pytest.raises(TooLarge):
            writer.write(self._rest(10_000) + more)
        writer.close()

    @precondition(lambda self: self.acknowledged < len(self.content))
    @rule()
    def send_the_wrong_end(self) -> None:
        """Only where a hash was told can it be noticed; then the file begins again."""
        state = self.file.read()
        assert state is not None
        if state.record.sha256 is None:
            return
        rest = self._rest(10_000)
        writer = self.file.open()
        assert writer is not None
        writer.write(rest[:-1] + bytes([rest[-1] ^ 1]))
        with pytest.raises(ChecksumMismatch):
            writer.keep()
        writer.close()
        self.acknowledged = 0

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if not hasattr(self, "file"):
            return
        assert self._offset() == self.acknowledged
        there = self.file.part.read_bytes()[: self.acknowledged]
        assert there == self.content[: self.acknowledged]

    @invariant()
    def a_whole_file_is_the_file(self) -> None:
        if hasattr(self, "file") and self.acknowledged == len(self.content):
            writer = self.file.open()  # as the next request would: it drops what is not safe
            assert writer is not None
            writer.close()
            assert self.file.part.read_bytes() == self.content


TestAnUploadUnderFaults = AnUploadUnderFaults.TestCase
TestAnUploadUnderFaults.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_an_offset_never_lies_beyond_the_bytes(tmp_path: Path) -> None:
    file = ArrivingFile(tmp_path, "f")
    file.create(FileRecord("a.jpg", 10, None, None, ""))
    writer = file.open()
    assert writer is not None
    writer.write(b"12345678")
    writer.keep()
    writer.close()
    with file.part.open("r+b") as part:
        part.truncate(3)  # a disk that lost what it had promised to keep
    state = file.read()
    assert state is not None
    assert state.offset == 3


def test_a_file_without_a_log_is_not_there(tmp_path: Path) -> None:
    file = ArrivingFile(tmp_path, "f")
    assert file.read() is None
    assert file.open() is None
    file.part.write_bytes(b"left over")
    file.log.write_bytes(b"")
    assert file.read() is None
    file.create(FileRecord("a.jpg", 10, None, None, ""))
    assert file.part.read_bytes() == b""
    file.remove()
    assert list(tmp_path.iterdir()) == []
