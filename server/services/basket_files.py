"""The files of a basket: announced, received in pieces, taken back."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from server.domain.account import Person
from server.domain.basket import Basket, FileRecord, FileState
from server.domain.errors import Busy, ChecksumMismatch, Conflict, Gone, NotFound
from server.domain.sent_name import path_of
from server.services.baskets import BasketService
from server.services.incoming import in_words
from server.store.arriving_file import ArrivingFile, PieceWriter

CHECKSUMS = ("sha1", "sha256", "sha512")
KEEP_EVERY_BYTES = 16 * 1024**2
"""Of a long piece this much can be lost when the server dies; the rest was kept before."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece must hash to.

    Attributes:
        algorithm: one of ``CHECKSUMS``.
    """

    algorithm: str
    digest: bytes


class Piece:
    """One piece while it arrives. One thread at a time.

    Attributes:
        state: the file with what is safe of it.
    """

    def __init__(self, writer: PieceWriter, checksum: Checksum | None) -> None:
        self._writer = writer
        self._expected = checksum
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None

    @property
    def state(self) -> FileState:
        return self._writer.state

    def check_announced(self, length: int) -> None:
        """Refuse by the length that the request says it has, before a byte of it is read."""
        self._writer.check_room(length)

    def write(self, data: bytes) -> None:
        """The next bytes; without a checksum they are made safe now and then."""
        self._writer.write(data)
        if self._digest is not None:
            self._digest.update(data)
        elif self._writer.unkept >= KEEP_EVERY_BYTES:
            self._writer.keep()

    def end(self) -> FileState:
        """All of the piece is here: check it, make it safe.

        Raises:
            ChecksumMismatch: it is not what was sent, or the whole file is not; nothing is kept.
        """
        if self._expected is not None and not self._is_as_sent(self._expected):
            self._writer.drop()
            raise ChecksumMismatch(
                f"A piece of {self.state.record.path!r} arrived changed: its "
                f"{self._expected.algorithm} differs. Nothing of it was kept; send it again.",
                file=self.state.record.path,
            )
        return self._writer.keep()

    def cut_short(self) -> FileState:
        """No more will come: keep what did, unless it would have to be checked as a whole."""
        if self._expected is not None:
            self._writer.drop()
        return self._writer.keep()

    def _is_as_sent(self, expected: Checksum) -> bool:
        assert self._digest is not None
        return hmac.compare_digest(self._digest.digest(), expected.digest)


class BasketFiles:
    """The files of all baskets."""

    def __init__(self, baskets: BasketService) -> None:
        self._baskets = baskets
        self._held: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def add(self, person: Person, basket_id: str, record: FileRecord) -> FileState:
        """Announce a file; the same one again is the same place, with what has arrived of it.

        Raises:
            NotFound, Gone: as ``BasketService.get``.
            InvalidInput: the name cannot be used.
            Conflict: another file would be saved under that name.
            TooLarge: over a limit, or more than was announced for the basket.
            StorageFull: the disk has no room.
        """
        basket = self._require_open(person, basket_id)
        self._baskets.rules.upload.check_file(record.path, record.size)
        file = self._baskets.folders.file(basket_id, file_id_of(record.path))
        with self._hold(basket_id, file):
            known = file.read()
            if known is not None:
                _check_same(known.record, record)
                return known
            state = FileState(file.id, record, 0)
            with self._baskets.tallies.of(basket_id) as tally:
                _check_announced(basket, tally.files + 1, tally.size + record.size)
                tally.add(state)
            try:
                file.create(record)
            except BaseException:
                with self._baskets.tallies.of(basket_id) as tally:
                    tally.take_away(state)
                self._require_open(person, basket_id)  # it may have been discarded meanwhile
                raise
        self._baskets.folders.touch(basket_id, self._baskets.now())
        return state

    def get(self, person: Person, basket_id: str, file_id: str) -> FileState:
        """One file.

        Raises:
            NotFound, Gone: there is none, or its basket is not there.
        """
        self._require_open(person, basket_id)
        return _there(self._place(basket_id, file_id).read())

    @contextmanager
    def piece(
        self,
        person: Person,
        basket_id: str,
        file_id: str,
        *,
        offset: int,
        checksum: Checksum | None = None,
    ) -> Iterator[Piece]:
        """A piece that begins at ``offset``, for this request alone inside the block.

        Raises:
            NotFound, Gone: there is no such file, or its basket is not there.
            Busy: another request is writing to the file.
            Conflict: the file goes on at another offset.
        """
        self._require_open(person, basket_id)
        file = self._place(basket_id, file_id)
        with self._hold(basket_id, file):
            writer = _there(file.open())
            before = writer.state
            try:
                if before.offset != offset:
                    raise Conflict(
                        f"{before.record.path!r} goes on at byte {before.offset}, not at "
                        f"{offset}; ask for its offset and send from there.",
                        file=before.record.path,
                        offset=before.offset,
                    )
                yield Piece(writer, checksum)
            finally:
                writer.close()
                self._arrived(basket_id, before, writer.state)

    def remove(self, person: Person, basket_id: str, file_id: str) -> None:
        """Take a file back and free its room.

        Raises:
            NotFound, Gone: there is no such file, or its basket is not there.
            Busy: another request is writing to it.
            Conflict: its images are being read.
        """
        state = self._baskets.get(person, basket_id)
        if state.being_read:
            raise Conflict("The images of this upload are being read; wait until that is done.")
        file = self._place(basket_id, file_id)
        with self._hold(basket_id, file):
            known = _there(file.read())
            with self._baskets.tallies.of(basket_id) as tally:
                file.remove()
                tally.take_away(known)

    def _arrived(self, basket_id: str, before: FileState, after: FileState) -> None:
        if before.offset == after.offset:
            return
        with self._baskets.tallies.of(basket_id) as tally:
            tally.move(before, after)
        self._baskets.folders.touch(basket_id, self._baskets.now())

    def _require_open(self, person: Person, basket_id: str) -> Basket:
        basket = self._baskets.get(person, basket_id).basket
        if basket.imported is not None:
            raise Gone(
                f"This upload is finished: its files are part of the dataset {basket.dataset!r}.",
                dataset=basket.dataset,
            )
        return basket

    def _place(self, basket_id: str, file_id: str) -> ArrivingFile:
        if len(file_id) != _ID_LENGTH or not set(file_id) <= set("0123456789abcdef"):
            raise _no_file()
        return self._baskets.folders.file(basket_id, file_id)

    @contextmanager
    def _hold(self, basket_id: str, file: ArrivingFile) -> Iterator[None]:
        key = (basket_id, file.id)
        with self._lock:
            if key in self._held:
                raise Busy(
                    "Another request is writing to this file at the moment; try again when it is "
                    "done."
                )
            self._held.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(key)


_ID_LENGTH = 32
Found = TypeVar("Found")


def file_id_of(sent: str) -> str:
    """The id of a file in its basket: the same for all names that would be saved as one file.

    So an announcement whose answer was lost is sent again and finds what it made.

    Raises:
        InvalidInput: the name cannot be used.
    """
    path = path_of(sent)
    saved_as = str(path) if path is not None else sent
    return hashlib.sha256(saved_as.casefold().encode("utf-8")).hexdigest()[:_ID_LENGTH]


def _there(found: Found | None) -> Found:
    if found is None:
        raise _no_file()
    return found


def _no_file() -> NotFound:
    return NotFound("There is no such file in this upload; announce it first.")


def _check_same(known: FileRecord, record: FileRecord) -> None:
    if known.path != record.path:
        raise Conflict(
            f"Two files would be saved under one name: {known.path!r} and {record.path!r}. Rename "
            "one of them, or upload the folders around them too.",
            file=record.path,
        )
    told = (record.size, record.modified, record.sha256)
    if (known.size, known.modified, known.sha256) != told:
        raise Conflict(
            f"{record.path!r} was announced before with another size, date or hash: the file has "
            "changed. Take the old one back (DELETE), then announce it anew.",
            file=record.path,
        )


def _check_announced(basket: Basket, files: int, size: int) -> None:
    if files > basket.files or size > basket.size:
        raise Conflict(
            f"The upload was announced as {basket.files} file(s) of {in_words(basket.size)} "
            "together, and this file goes beyond that; discard the upload and announce a new one."
        )
