"""The database: one short transaction per request or task, on SQLite or PostgreSQL.

SQLite before 3.51.3 can corrupt a write-ahead log that several processes write, so the journal is
the classic rollback one. It keeps its size: the room that it holds a full disk cannot take away. A
writing transaction takes its lock at once (``BEGIN IMMEDIATE``): what it read stays true until it
commits, and it waits for its turn instead of failing half-way.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, DateTime, Dialect, create_engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from server.domain.errors import Busy, InvalidInput, StorageFull
from server.domain.room import is_disk_full

BUSY_TIMEOUT_MS = 5_000
"""Less than a training run waits for a heartbeat: whoever watches it must not be held up longer."""
_ROOM_BYTES = 256 * 1024
_FREE_PAGES = 64
_WRITES = "dermascan_writes"
_STARTING_PATIENCE_SECONDS = 60.0
_HELD = (
    "Another process holds the database and has not let go of it for some seconds, so nothing was "
    "changed; try again, and if this goes on, look for a DermaScan server that is stopped or hangs."
)

log = structlog.get_logger(__name__)


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone outside, plain UTC inside: the same on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Database:
    """Hands out transactions.

    Args:
        url: as SQLAlchemy names it, such as ``sqlite:////srv/dermascan/dermascan.db``.

    Raises:
        InvalidInput: when the URL makes no sense or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except (ArgumentError, ImportError) as error:
            raise InvalidInput(
                f"The database URL cannot be used ({error}); it must be one such as "
                "sqlite:////srv/dermascan.db or postgresql+psycopg://user:password@host/name, and "
                "the database's driver must be installed.",
                field="database_url",
            ) from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only looks.

        Raises:
            Busy: when another process holds the database and does not let go.
        """
        with _in_words(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block, or leaves nothing behind.

        Raises:
            StorageFull: when the disk has no room for it.
            Busy: when another process holds the database and does not let go.
        """
        writing = self._engine.execution_options(**{_WRITES: True})
        with _in_words(), writing.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the newest version; safe when several servers start at once.

        A database that another process holds is waited for, a minute long: that process may be
        stopped in the middle of a change, and SQLite's lock knows no lease.

        Raises:
            Busy: when it was held all that time.
            InvalidInput: when it cannot be reached, or is no database.
        """
        give_up = time.monotonic() + _STARTING_PATIENCE_SECONDS
        while not self._migrated():
            if time.monotonic() >= give_up:
                raise Busy(_HELD)
        self.keep_room()

    def _migrated(self) -> bool:
        from server.store.migrations import upgrade

        try:
            with self.write() as connection:
                upgrade(connection)
        except Busy as busy:
            log.warning("waiting for the database", reason=busy.message)
            return False
        except DatabaseError as error:
            shown = self._engine.url.render_as_string(hide_password=True)
            raise InvalidInput(
                f"The database {shown} cannot be used ({_first_line(error)}); see that it is there "
                "and is DermaScan's, or restore it from a backup.",
                field="database_url",
            ) from error
        return True

    def keep_room(self) -> None:
        """Let the database's own files hold some room, so that small changes fit on a full disk.

        Free pages in the file take new rows, and the journal, which keeps its size, takes what a
        change writes over. For SQLite alone; a database server looks after itself.
        """
        if self._engine.dialect.name != "sqlite":
            return
        # best effort: no room to keep, or another server is just doing the same
        with suppress(StorageFull, Busy, OperationalError):
            with self.write() as connection:
                free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                if free >= _FREE_PAGES and self._journal_bytes() >= _ROOM_BYTES:
                    return
                connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS keeping_room (filler BLOB)")
                connection.exec_driver_sql("DELETE FROM keeping_room")
                connection.exec_driver_sql(
                    "INSERT INTO keeping_room VALUES (randomblob(?))", (2 * _ROOM_BYTES,)
                )
            with self.write() as connection:  # written over, so that the journal grows
                connection.exec_driver_sql(
                    "UPDATE keeping_room SET filler = randomblob(?)", (2 * _ROOM_BYTES,)
                )
            with self.write() as connection:
                connection.exec_driver_sql("DROP TABLE keeping_room")

    def copy_to(self, path: Path) -> None:
        """A copy of the whole as it is at one moment, checked; others may read and write meanwhile.

        Raises:
            InvalidInput: when it is not SQLite.
        """
        source = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or source is None:
            raise InvalidInput(
                f"The database is {self._engine.dialect.name}, not SQLite, and cannot be copied "
                "from here; back it up with its own tool, such as pg_dump, and the home by files."
            )
        if not Path(source).is_file():
            raise InvalidInput(f"There is no database {source}; no server has worked here yet.")
        with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(path)) as there:
            here.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            here.backup(there)
            (verdict,) = there.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise InvalidInput(f"The database {source} is damaged: {verdict}.")

    def revision(self) -> str:
        """The migration that its tables are at; empty before the first."""
        from server.store.migrations import revision_of

        with self.read() as connection:
            return revision_of(connection) or ""

    def _journal_bytes(self) -> int:
        path = self._engine.url.database
        journal = None if path is None else Path(f"{path}-journal")
        return journal.stat().st_size if journal is not None and journal.exists() else 0

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if is_disk_full(error):
            raise StorageFull(
                "The disk of the database is full, so nothing was changed; free some space and "
                "try again."
            ) from error
        if isinstance(error.orig, sqlite3.OperationalError) and _is_locked(error.orig):
            raise Busy(_HELD) from error
        raise


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _first_line(error: DatabaseError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = PERSIST",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
