"""Accounts and their sessions. Tokens arrive here as hashes only."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import delete, insert, select, text

from server.domain.account import Account, Person, Role
from server.store.database import Database
from server.store.tables import accounts, sessions


def name_key(name: str) -> str:
    """What makes two names the same account."""
    return name.casefold()


class AccountRepository:
    """The tables ``accounts`` and ``sessions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any_account(self) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(accounts.c.id).limit(1)).first() is not None

    def add_first(self, person: Person, password_hash: str, now: datetime) -> int | None:
        """Make the first account and return its id; None when somebody else was faster."""
        row = {
            "name": person.name,
            "name_key": name_key(person.name),
            "password_hash": password_hash,
            "role": person.role,
            "created_at": now,
        }
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                # SQLite's writing transaction is alone anyway; here two could both see no account
                connection.execute(text("LOCK TABLE accounts IN EXCLUSIVE MODE"))
            if connection.execute(select(accounts.c.id).limit(1)).first() is not None:
                return None
            inserted = connection.execute(insert(accounts).values(row).returning(accounts.c.id))
            return int(inserted.scalar_one())

    def find(self, name: str) -> Account | None:
        """The account of that name, in any letter case."""
        query = select(accounts).where(accounts.c.name_key == name_key(name))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Account(row.id, Person(row.name, cast(Role, row.role)), row.password_hash)

    def open_session(
        self, account_id: int, token_hash: str, *, now: datetime, expires_at: datetime
    ) -> None:
        """Remember a session, and forget those that are over."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(
                insert(sessions).values(
                    token_hash=token_hash,
                    account_id=account_id,
                    created_at=now,
                    expires_at=expires_at,
                )
            )

    def person_in_session(self, token_hash: str, now: datetime) -> Person | None:
        """Who opened that session, unless it is over."""
        query = (
            select(accounts.c.name, accounts.c.role)
            .join(sessions, sessions.c.account_id == accounts.c.id)
            .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Person(row.name, cast(Role, row.role))

    def close_session(self, token_hash: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
