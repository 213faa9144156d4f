"""A basket: several files that are on their way into one dataset, perhaps for days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        files_saved: names as sent.
        images_added: usable images that the dataset did not have before.
        files_unchanged: files that were there already, byte for byte.
    """

    name: str
    files_saved: list[str]
    images_added: int
    files_unchanged: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What was announced when the basket was begun, and what has become of it.

    Attributes:
        dataset: the dataset that the files are for.
        owner: key of the person who began it (``services/baskets.py``).
        files: how many files will come.
        size: of all of them together, in bytes.
        last_active: when something last arrived.
        imported: what the import did; None until then.
    """

    id: str
    dataset: str
    owner: str
    files: int
    size: int
    created_at: datetime
    last_active: datetime
    imported: Imported | None = None


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a basket, as it was announced.

    Attributes:
        path: name as sent, with folders.
        size: in bytes.
        modified: when the sender last changed it, in the sender's own words; None = not said.
        sha256: what the whole file must hash to, in hexadecimal; None = not said.
        metadata: the header that announced it, to be given back as it was.
    """

    path: str
    size: int
    modified: str | None
    sha256: str | None
    metadata: str


@dataclass(frozen=True, slots=True)
class FileState:
    """One file of a basket, and how much of it is safe on the disk.

    Attributes:
        offset: bytes that have been acknowledged; they survive a crash.
    """

    id: str
    record: FileRecord
    offset: int

    @property
    def is_whole(self) -> bool:
        return self.offset == self.record.size
