"""Who a request acts as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["researcher", "clinician", "admin"]

MIN_PASSWORD = 8
MAX_PASSWORD = 256
MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the server knows, with what they may do.

    Attributes:
        name: as written when the account was made.
        role: ``admin`` may do all that a ``researcher`` may (datasets, training, models);
            a ``clinician`` may read models and predict.
    """

    name: str
    role: Role

    @property
    def may_research(self) -> bool:
        return self.role in ("researcher", "admin")


LOCAL_RESEARCHER = Person("local researcher", "researcher")
"""Whoever sits at the server's own computer while no account has been made."""


@dataclass(frozen=True, slots=True)
class Account:
    """One row of the accounts. ``password_hash`` is argon2's own text form."""

    id: int
    person: Person
    password_hash: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just opened: the token is told once and never stored."""

    person: Person
    token: str
    expires_at: datetime
