"""An import: the work between the last byte of an upload and the dataset that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from server.domain.basket import Imported


class ImportState(StrEnum):
    """Where an import stands. It ends in exactly one of the last three."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an import failed.

    Attributes:
        code, message, where: those of the ``DermaScanError``.
    """

    code: str
    message: str
    where: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetImport:
    """One import, as it is kept.

    Attributes:
        upload: id of the basket whose files are taken in.
        owner: key of the person who asked for it (``services/baskets.py``).
        attempts: how often it was begun; a server that died in between begins it again.
        cancel_requested: somebody wants it to end; it may still be ending.
        result: what it did, once it is done.
        fault: why it failed.
    """

    id: str
    upload: str
    dataset: str
    owner: str
    state: ImportState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    cancel_requested: bool = False
    result: Imported | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far a running import has come, as the program that does it has measured.

    Attributes:
        step: ``unpacking`` or ``checking``.
        done: files that are unpacked, or images that are checked.
        total: of how many; None = not known before the end (a tar has no table of contents).
        seconds_left: of this step, from its pace so far; None = too early to say.
    """

    step: str
    done: int
    total: int | None
    seconds_left: float | None
