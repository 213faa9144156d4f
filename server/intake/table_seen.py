"""What a person is shown of a table before saying what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """One column: the name it is shown by, and up to three different values of it."""

    name: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableSeen:
    """One table.

    Attributes:
        path: relative to the dataset's folder.
        columns: in the order of the table.
        roles: role to the column that has it: as chosen, as understood, or else as guessed.
        by_hand: the roles were chosen by a person.
        understood: the table gives labels to images, or says something of them.
    """

    path: str
    columns: tuple[ColumnSeen, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    by_hand: bool = False
    understood: bool = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TableSeen:
        return cls(
            path=data["path"],
            columns=tuple(ColumnSeen(c["name"], tuple(c["samples"])) for c in data["columns"]),
            roles=data["roles"],
            by_hand=data["by_hand"],
            understood=data["understood"],
        )
