"""The database keeps what it was told, whoever else writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select

from server.domain.errors import InvalidInput
from server.store.database import Database
from server.store.tables import accounts, metadata


def _database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{(tmp_path / 'a b.db').as_posix()}")
    database.migrate()
    return database


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    with _database(tmp_path).read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_or_from_several_servers_at_once_does_no_harm(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'd.db').as_posix()}"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Database(url).migrate(), range(4)))
    Database(url).migrate()


def test_sqlite_keeps_no_write_ahead_log_and_checks_foreign_keys(tmp_path: Path) -> None:
    with _database(tmp_path).read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "persist"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def _write_and_fail(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO accounts (name, name_key, password_hash, role, created_at)"
            " VALUES ('Ada', 'ada', 'x', 'admin', '2025-01-01')"
        )
        raise RuntimeError("after the row was written")


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = _database(tmp_path)
    with pytest.raises(RuntimeError):
        _write_and_fail(database)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(accounts)).scalar() == 0


@pytest.mark.parametrize("url", ["nonsense", "postgresql+nodriver://host/name"])
def test_a_url_that_makes_no_sense_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InvalidInput, match="sqlite:////srv"):
        Database(url)


def test_what_a_writer_read_stays_true_until_it_commits(tmp_path: Path) -> None:
    """Sixteen threads each read a count and write it on: none is lost."""
    database = _database(tmp_path)

    def add_one(_: int) -> None:
        from server.store.jobs import utc_now

        with database.write() as connection:
            count = connection.execute(select(func.count()).select_from(accounts)).scalar_one()
            connection.execute(
                insert(accounts).values(
                    name=str(count),
                    name_key=str(count),
                    password_hash="x",
                    role="admin",
                    created_at=utc_now(),
                )
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(16)))
    with database.read() as connection:
        names = [name for (name,) in connection.execute(select(accounts.c.name))]
    assert sorted(names, key=int) == [str(number) for number in range(16)]
