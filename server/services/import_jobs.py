"""Imports as work of their own: asked for, waited for or not, looked at, cancelled, taken up again.

Every change of state is on the disk before anybody hears of it. A server that dies in the middle
begins the import again at its next start; the dataset shows it once, because the note of what was
done arrives with the dataset itself (``publication.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import structlog

from server.domain.account import Person
from server.domain.basket import Imported
from server.domain.dataset_import import DatasetImport, Fault, ImportProgress, ImportState
from server.domain.errors import Conflict, DermaScanError, NotFound
from server.services.baskets import BasketService, belongs_to, owner_key
from server.services.import_watch import ImportWatch, Stopped
from server.services.imports import ImportService
from server.services.intake_program import refusal_of
from server.services.reservations import busy
from server.store.import_records import ImportRecords

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
_LOOK_EVERY_SECONDS = 0.5
_CANCEL_SECONDS = 10.0
_STOP_SECONDS = 20.0
_INTERNAL = "internal_error"


class ImportJobs:
    """The imports of one server.

    Args:
        records: where they are kept.
        baskets: whose files are taken in.
        imports: knows which dataset is being written to.
        at_once: how many run at the same time (``DERMASCAN_MAX_RUNNING_IMPORTS``).
        now: what time it is.
    """

    def __init__(
        self,
        records: ImportRecords,
        baskets: BasketService,
        imports: ImportService,
        *,
        at_once: int = 1,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._baskets = baskets
        self._imports = imports
        self._at_once = at_once
        self._now = now
        self._known: dict[str, DatasetImport] = {}
        self._watches: dict[str, ImportWatch] = {}
        self._changed = threading.Condition(threading.RLock())
        self._ending = False
        self._workers: list[threading.Thread] = []

    def start(self) -> None:
        """Take up what an earlier server left, and begin to work."""
        with self._changed:
            self._ending = False
            self._known = {record.id: record for record in self._records.all()}
            for record in list(self._known.values()):
                self._take_up(record)
        self._workers = [
            threading.Thread(target=self._work, name=f"import-{n}", daemon=True)
            for n in range(self._at_once)
        ]
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End what runs; the next server begins it again."""
        with self._changed:
            self._ending = True
            watches = list(self._watches.values())
            self._changed.notify_all()
        for watch in watches:
            watch.stop()
        for worker in self._workers:
            worker.join(_STOP_SECONDS)

    # --- what people ask for -----------------------------------------------------------------

    def begin(self, person: Person, upload: str) -> DatasetImport:
        """Ask for the import of an upload that is whole; the same one when it was asked before.

        After a failure or a cancellation it is a new one.

        Raises:
            NotFound, Gone, Conflict: as ``BasketService.check_whole``.
            StorageFull: there is no room to write it down.
        """
        basket = self._baskets.check_whole(person, upload)
        with self._changed:
            before = self._latest(upload)
            if before is not None and not _may_begin_again(before):
                return before
            record = DatasetImport(
                id=uuid4().hex,
                upload=upload,
                dataset=basket.dataset,
                owner=owner_key(person),
                state=ImportState.WAITING,
                created_at=self._now(),
            )
            self._save(record)
            self._baskets.hold(upload)
            if before is not None:
                self._drop(before)
            return record

    def finish(self, person: Person, upload: str) -> Imported:
        """As ``begin``, and wait for the end. Asked again, it answers the same.

        Raises:
            NotFound, Gone, StorageFull: as ``begin``.
            Conflict: as ``begin``; or something is written to the dataset just now, a job reads
                it, the import was cancelled, or the server is going down.
            DermaScanError: why the import failed.
        """
        basket = self._baskets.check_whole(person, upload)
        if basket.imported is not None:
            return basket.imported
        before = self._latest(upload)
        is_new = before is None or _may_begin_again(before)
        if is_new and self._imports.is_busy(basket.dataset):
            raise busy(basket.dataset)
        return self._outcome(self._wait(self.begin(person, upload).id))

    def mine(self, person: Person) -> list[DatasetImport]:
        """That person's imports, the latest first."""
        with self._changed:
            found = [each for each in self._known.values() if belongs_to(each.owner, person)]
        return sorted(found, key=lambda each: each.created_at, reverse=True)

    def get(self, person: Person, import_id: str) -> DatasetImport:
        """One import of that person.

        Raises:
            NotFound: there is none; somebody else's is not there either.
        """
        with self._changed:
            record = self._known.get(import_id)
        if record is None or not belongs_to(record.owner, person):
            raise NotFound(
                f"There is no import {import_id[:40]!r}; it may have been begun again or taken "
                "off the list. GET /api/imports lists what there is."
            )
        return record

    def progress(self, import_id: str) -> ImportProgress | None:
        """How far it is; None = it does not run, or nothing has been measured yet."""
        with self._changed:
            watch = self._watches.get(import_id)
        return watch.progress() if watch is not None else None

    def cancel(self, person: Person, import_id: str) -> DatasetImport:
        """End an import; what was uploaded stays. One that is over stays as it is.

        Returns it once it has ended, which takes as long as killing a process does. When the
        dataset is about to show the files it is too late, and the import is done.

        Raises:
            NotFound: as ``get``.
        """
        with self._changed:
            record = self.get(person, import_id)
            if record.state is ImportState.WAITING:
                return self._end(record, ImportState.CANCELLED)
            watch = self._watches.get(import_id)
            if watch is None:
                return record
            self._save(replace(record, cancel_requested=True))
        watch.stop()
        return self._wait(import_id, _CANCEL_SECONDS)

    def dismiss(self, person: Person, import_id: str) -> None:
        """Take an import that is over off the list.

        Raises:
            NotFound: as ``get``.
            Conflict: it is not over.
        """
        with self._changed:
            record = self.get(person, import_id)
            if not record.state.is_final:
                raise Conflict(
                    f"The import to {record.dataset!r} is not over; cancel it first.",
                    dataset=record.dataset,
                )
            self._drop(record)

    # --- the work ----------------------------------------------------------------------------

    def _work(self) -> None:
        while (record := self._next()) is not None:
            watch = self._watches[record.id]
            try:
                result = self._baskets.take_in(record.upload, watch)
            except Exception as error:
                self._ended_by(record.id, error)
            else:
                self._over(record.id, ImportState.DONE, result=result)

    def _next(self) -> DatasetImport | None:
        """The next import, now running; None when the server is going down."""
        with self._changed:
            while not self._ending:
                record = self._first_that_may_run()
                if record is not None:
                    try:
                        return self._run(record)
                    except DermaScanError:  # the disk is full: it waits for room
                        log.exception("an import waits", dataset=record.dataset)
                self._changed.wait(_LOOK_EVERY_SECONDS if self._is_any_waiting() else None)
        return None

    def _run(self, record: DatasetImport) -> DatasetImport:
        started = replace(
            record,
            state=ImportState.RUNNING,
            started_at=self._now(),
            attempts=record.attempts + 1,
        )
        self._save(started)
        self._watches[record.id] = ImportWatch()
        return started

    def _first_that_may_run(self) -> DatasetImport | None:
        waiting = [each for each in self._known.values() if each.state is ImportState.WAITING]
        waiting.sort(key=lambda each: each.created_at)
        return next((each for each in waiting if not self._imports.is_busy(each.dataset)), None)

    def _is_any_waiting(self) -> bool:
        return any(each.state is ImportState.WAITING for each in self._known.values())

    def _ended_by(self, import_id: str, error: Exception) -> None:
        if isinstance(error, Stopped):
            with self._changed:
                record = self._known[import_id]
                if record.cancel_requested:
                    self._over(import_id, ImportState.CANCELLED)
                else:
                    self._put_back(record)
        elif self._ending:  # whatever was refused just now: the next server begins it again
            with self._changed:
                self._put_back(self._known[import_id])
        elif isinstance(error, DermaScanError):
            fault = Fault(error.code, error.message, dict(error.where))
            self._over(import_id, ImportState.FAILED, fault=fault)
        else:
            log.error("an import failed", exc_info=error)
            fault = Fault(
                _INTERNAL, "Something went wrong inside the server; its log says what. Try again."
            )
            self._over(import_id, ImportState.FAILED, fault=fault)

    def _over(
        self,
        import_id: str,
        state: ImportState,
        result: Imported | None = None,
        fault: Fault | None = None,
    ) -> None:
        with self._changed:
            self._end(self._known[import_id], state, result, fault)

    # --- keeping -----------------------------------------------------------------------------

    def _take_up(self, record: DatasetImport) -> None:
        """At the start: what was under way when the last server ended."""
        if record.state.is_final:
            if self._now() - (record.ended_at or record.created_at) > self._baskets.rules.kept_for:
                self._drop(record)
        elif record.cancel_requested and not self._imports.published(record.dataset, record.upload):
            self._end(record, ImportState.CANCELLED)
        elif record.attempts >= MAX_ATTEMPTS:
            fault = Fault(
                "conflict",
                f"The server ended {record.attempts} times while it read these files, so they are "
                "not read again by themselves. Look into its log, then try again.",
            )
            self._end(record, ImportState.FAILED, fault=fault)
        else:
            self._baskets.hold(record.upload)
            if record.state is ImportState.RUNNING:
                log.warning("an import is begun again", dataset=record.dataset)
                self._save(replace(record, state=ImportState.WAITING))

    def _put_back(self, record: DatasetImport) -> None:
        """The server goes down in good order: this beginning does not count."""
        self._watches.pop(record.id, None)
        waiting = replace(record, state=ImportState.WAITING, attempts=record.attempts - 1)
        self._save_if_possible(waiting)

    def _end(
        self,
        record: DatasetImport,
        state: ImportState,
        result: Imported | None = None,
        fault: Fault | None = None,
    ) -> DatasetImport:
        ended = replace(record, state=state, ended_at=self._now(), result=result, fault=fault)
        self._watches.pop(record.id, None)
        self._baskets.let_go(record.upload)
        self._save_if_possible(ended)
        return ended

    def _save(self, record: DatasetImport) -> None:
        self._records.save(record)
        self._known[record.id] = record
        self._changed.notify_all()

    def _save_if_possible(self, record: DatasetImport) -> None:
        """On a full disk the old note stays; the next server begins the import again, and finds
        what was published."""
        try:
            self._records.save(record)
        except (DermaScanError, OSError):
            log.exception("the end of an import was not written down", dataset=record.dataset)
        self._known[record.id] = record
        self._changed.notify_all()

    def _drop(self, record: DatasetImport) -> None:
        self._records.remove(record.id)
        self._known.pop(record.id, None)

    def _latest(self, upload: str) -> DatasetImport | None:
        with self._changed:
            found = [each for each in self._known.values() if each.upload == upload]
        return max(found, key=lambda each: each.created_at, default=None)

    def _wait(self, import_id: str, seconds: float | None = None) -> DatasetImport:
        """The import once it is over, or as it is after that time."""
        with self._changed:
            last = self._known[import_id]

            def is_over() -> bool:
                nonlocal last
                last = self._known.get(import_id, last)
                return last.state.is_final or self._ending

            self._changed.wait_for(is_over, seconds)
            return last

    def _outcome(self, record: DatasetImport) -> Imported:
        if record.result is not None:
            return record.result
        if record.state is ImportState.CANCELLED:
            raise Conflict(
                f"The import to {record.dataset!r} was cancelled; nothing was added.",
                dataset=record.dataset,
            )
        if record.fault is None:
            raise Conflict("The server is going down; the import goes on when it is back.")
        if record.fault.code == _INTERNAL:
            raise RuntimeError("the import failed; the log above says why")
        raise refusal_of(record.fault.code, record.fault.message, record.fault.where)


def _may_begin_again(record: DatasetImport) -> bool:
    return record.state in (ImportState.FAILED, ImportState.CANCELLED)
