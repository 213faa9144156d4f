"""Baskets: begun, looked at, discarded, forgotten in time, and at last made part of a dataset.

The import reads links to the files, so a basket whose import is refused or dies is as it was, and
can be finished again once the reason is gone. What was imported is remembered until the basket's
time is over: who did not hear the answer asks again and gets the same one.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from server.domain.account import LOCAL_RESEARCHER, Person
from server.domain.basket import Basket, FileState, Imported
from server.domain.errors import Conflict, Gone, NotFound, StorageFull, TooLarge
from server.services.basket_tally import Tallies, Tally
from server.services.import_watch import ImportWatch
from server.services.imports import ImportService
from server.services.incoming import UploadLimits, in_words
from server.store.basket_folders import BasketFolders

log = structlog.get_logger(__name__)

_SWEEP_SECONDS = 3600.0
_LOCAL = ""


@dataclass(frozen=True, slots=True)
class BasketRules:
    """What is allowed to lie unfinished. Each is a setting of the server.

    Attributes:
        upload: limits of one upload.
        kept_for: how long a basket waits for its next byte (``DERMASCAN_KEEP_UPLOADS_SECONDS``).
        each_person: unfinished baskets of one person (``DERMASCAN_MAX_UNFINISHED_UPLOADS``).
        bytes_each_person: what these announce together (``DERMASCAN_MAX_UNFINISHED_BYTES``).
    """

    upload: UploadLimits
    kept_for: timedelta
    each_person: int
    bytes_each_person: int


@dataclass(frozen=True, slots=True)
class BasketState:
    """A basket as it stands now.

    Attributes:
        tally: what has arrived of it.
        expires_at: when it is thrown away unless more arrives.
        being_read: its import is under way.
    """

    basket: Basket
    tally: Tally
    expires_at: datetime
    being_read: bool

    @property
    def is_whole(self) -> bool:
        return self.tally.whole == self.basket.files and self.tally.arrived == self.basket.size


class BasketService:
    """The baskets of one server.

    Args:
        folders: where they lie.
        imports: takes a basket that is whole into its dataset.
        now: what time it is.
    """

    def __init__(
        self,
        folders: BasketFolders,
        imports: ImportService,
        rules: BasketRules,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.rules = rules
        self.folders = folders
        self.tallies = Tallies(folders.files)
        self.now = now
        self._imports = imports
        self._reading: set[str] = set()
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def start(self) -> None:
        """Sweep now and then every hour, until ``stop``."""
        self.folders.remove_remains()
        self.sweep()

        def again() -> None:
            while not self._ending.wait(_SWEEP_SECONDS):
                self.sweep()

        threading.Thread(target=again, name="unfinished-uploads", daemon=True).start()

    def stop(self) -> None:
        self._ending.set()

    def begin(self, person: Person, dataset: str, files: int, size: int) -> BasketState:
        """A basket for ``files`` files of ``size`` bytes together.

        Raises:
            InvalidInput: the dataset's name breaks the rule for names.
            Conflict: the name differs from another one's in letter case only; or the person has
                too many unfinished uploads.
            TooLarge: over a limit of one upload, or of the person's unfinished ones together.
            StorageFull: it would not fit.
        """
        name = self._imports.check_name(dataset)
        self.rules.upload.check_upload(size, files)
        with self._lock:
            self._check_quota([state.basket for state in self.mine(person)], size)
            self._check_fits(size)
            return self._state(
                self.folders.create(name, owner_key(person), files, size, self.now())
            )

    def _check_quota(self, unfinished: list[Basket], size: int) -> None:
        if len(unfinished) >= self.rules.each_person:
            raise Conflict(
                f"You have {len(unfinished)} unfinished uploads, the most that one person may have "
                "(setting DERMASCAN_MAX_UNFINISHED_UPLOADS); finish or discard one of them."
            )
        waiting = sum(basket.size for basket in unfinished)
        if waiting + size > self.rules.bytes_each_person:
            raise TooLarge(
                f"Your unfinished uploads announce {in_words(waiting)} and this one "
                f"{in_words(size)}, together more than the {in_words(self.rules.bytes_each_person)}"
                " that one person may leave unfinished (setting DERMASCAN_MAX_UNFINISHED_BYTES); "
                "finish or discard one of them."
            )

    def mine(self, person: Person) -> list[BasketState]:
        """What that person has not finished, the latest first."""
        found = [
            self._state(basket)
            for basket in self.folders.all()
            if belongs_to(basket.owner, person)
            and basket.imported is None
            and not self._is_over(basket)
        ]
        return sorted(found, key=lambda state: state.basket.created_at, reverse=True)

    def get(self, person: Person, basket_id: str) -> BasketState:
        """One basket of that person.

        Raises:
            NotFound: there is none; somebody else's is not there either.
            Gone: its time is over.
        """
        basket = self.folders.find(basket_id)
        if basket is None or not belongs_to(basket.owner, person):
            raise NotFound(
                f"There is no upload {basket_id[:40]!r}; it may have been discarded, or its time "
                "was over. Begin a new one."
            )
        if self._is_over(basket):
            raise Gone(
                f"The upload to {basket.dataset!r} waited {_days(self.rules.kept_for)} for its "
                "next byte and was thrown away (setting DERMASCAN_KEEP_UPLOADS_SECONDS). Begin a "
                "new one.",
                dataset=basket.dataset,
            )
        return self._state(basket)

    def files(self, person: Person, basket_id: str) -> list[FileState]:
        """Its files, by name.

        Raises:
            NotFound, Gone: as ``get``.
        """
        self.get(person, basket_id)
        return sorted(self.folders.files(basket_id), key=lambda file: file.record.path)

    def discard(self, person: Person, basket_id: str) -> None:
        """Throw it away and free its room.

        Raises:
            NotFound, Gone: as ``get``.
            Conflict: its images are being read.
        """
        state = self.get(person, basket_id)
        with self._lock:
            if basket_id in self._reading:
                raise Conflict(
                    f"The images of the upload to {state.basket.dataset!r} are being read; wait "
                    "until that is done, then delete the dataset if it is not wanted.",
                    dataset=state.basket.dataset,
                )
            self.folders.remove(basket_id)
        self.tallies.forget(basket_id)
        log.info("an upload was discarded", dataset=state.basket.dataset)

    def hold(self, basket_id: str) -> None:
        """Its import is asked for: until ``let_go`` it is neither discarded nor swept."""
        with self._lock:
            self._reading.add(basket_id)

    def let_go(self, basket_id: str) -> None:
        with self._lock:
            self._reading.discard(basket_id)

    def check_whole(self, person: Person, basket_id: str) -> Basket:
        """The basket, if all that was announced has arrived.

        Raises:
            NotFound, Gone: as ``get``.
            Conflict: something is missing; the sentence says what.
        """
        basket = self.get(person, basket_id).basket
        if basket.imported is None:
            _check_whole(basket, self.files(person, basket_id))
        return basket

    def take_in(self, basket_id: str, watch: ImportWatch) -> Imported:
        """Make a basket that is whole part of its dataset. Asked again, it answers the same.

        Args:
            watch: may end it before the dataset shows anything.

        Raises:
            NotFound: the basket is no longer there.
            Conflict: as ``ImportService.begin``.
            DermaScanError: as ``ImportService.take_in``; the basket stays as it was.
        """
        basket = self.folders.find(basket_id)
        if basket is None:
            raise NotFound("The upload was discarded before it could be read; begin a new one.")
        imported = basket.imported or self._imports.published(basket.dataset, basket_id)
        if imported is None:
            imported = self._import(basket, watch)
        if basket.imported is None:
            self.folders.close(basket, imported, self.now())
            self.tallies.forget(basket_id)
        return imported

    def _import(self, basket: Basket, watch: ImportWatch) -> Imported:
        files = sorted(self.folders.files(basket.id), key=lambda file: file.record.path)
        _check_whole(basket, files)
        upload = self._imports.begin(basket.dataset)
        upload.origin, upload.watch = basket.id, watch
        try:
            for file in files:
                watch.check()
                upload.take_whole(file.record.path, self.folders.file(basket.id, file.id).part)
            return self._imports.take_in(upload, None)
        finally:
            upload.discard()

    def sweep(self) -> None:
        """Free the room of every basket whose time is over."""
        for basket in self.folders.all():
            with self._lock:
                if not self._is_over(basket) or basket.id in self._reading:
                    continue
                self.folders.remove(basket.id)
            self.tallies.forget(basket.id)
            if basket.imported is None:
                log.info("an unfinished upload expired", dataset=basket.dataset)

    def expires_at(self, basket_id: str) -> datetime:
        """When the basket is thrown away unless more arrives."""
        basket = self.folders.find(basket_id)
        return (basket.last_active if basket else self.now()) + self.rules.kept_for

    def _state(self, basket: Basket) -> BasketState:
        with self.tallies.of(basket.id) as tally:
            seen = Tally(tally.files, tally.size, tally.whole, tally.arrived)
        return BasketState(
            basket, seen, basket.last_active + self.rules.kept_for, basket.id in self._reading
        )

    def _is_over(self, basket: Basket) -> bool:
        return self.now() >= basket.last_active + self.rules.kept_for

    def _check_fits(self, size: int) -> None:
        free = shutil.disk_usage(self.folders.root).free
        if size > free:
            raise StorageFull(
                f"The upload of {in_words(size)} does not fit on the server's disk, which has "
                f"{in_words(free)} left; make room and try again."
            )


def owner_key(person: Person) -> str:
    """What tells two people apart: their names do, in any letter case."""
    return _LOCAL if person is LOCAL_RESEARCHER else person.name.casefold()


def belongs_to(owner: str, person: Person) -> bool:
    """Whether what was begun under that key is this person's."""
    # what was begun before the server was claimed goes to its admins
    inherited = owner == _LOCAL and person.role == "admin"
    return owner == owner_key(person) or inherited


def _check_whole(basket: Basket, files: list[FileState]) -> None:
    missing = next((file for file in files if not file.is_whole), None)
    if missing is not None:
        raise Conflict(
            f"{missing.record.path!r} has not arrived whole: {missing.offset} of "
            f"{missing.record.size} bytes are here. Send the rest, then finish the upload.",
            file=missing.record.path,
        )
    size = sum(file.record.size for file in files)
    if (len(files), size) != (basket.files, basket.size):
        raise Conflict(
            f"The upload was announced as {basket.files} file(s) of {basket.size} bytes, and "
            f"{len(files)} of {size} bytes are here. Send the others, or discard this upload and "
            "announce a new one."
        )


def _days(time: timedelta) -> str:
    days = time / timedelta(days=1)
    return f"{days:.4g} days" if days >= 1 else f"{time.total_seconds():.4g} seconds"
