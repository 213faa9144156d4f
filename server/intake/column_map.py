"""What a researcher says the columns of a table mean, kept with the dataset.

    dermascan-columns.json   {"version": 1, "tables": {"metadata.csv": {"image": "Bild", …}}}

It lies beside the tables as an ordinary file, so the page, an addition, a copy of the folder and
``train.py --data-dir`` all read the dataset the same way. Tables are named relative to it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from server.intake.file_kinds import FileKind
from server.intake.listing import Listing
from server.intake.manifest import Problem, ProblemKind

ROLES = ("image", "label", "lesion", "patient", "age", "sex", "site", "skin_tone")
"""What a column may mean, in the order in which a person is asked."""
VERSION = 1
_MOST_BYTES = 1 << 20
Chosen = Mapping[str, str]
"""Role to the name of a column, as ``column_names`` gives it."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The choices for a dataset's tables.

    Attributes:
        tables: path of a table, relative to the dataset's folder, to what its columns mean.
    """

    tables: Mapping[str, Chosen]

    def of(self, path: str) -> Chosen | None:
        return self.tables.get(path)


def column_names(header: Sequence[str]) -> list[str]:
    """A name of its own for each column, as a person is shown it."""
    plain = [name.strip() or f"column {place}" for place, name in enumerate(header, start=1)]
    often = Counter(plain)
    taken = set(plain)
    names: list[str] = []
    for place, name in enumerate(plain, start=1):
        own = name
        while own in taken and often[name] > 1:
            own = f"{own} (column {place})"
        taken.add(own)
        names.append(own)
    return names


def read_column_map(listing: Listing) -> tuple[ColumnMap, list[Problem]]:
    """The choices that lie in a dataset's folder; what cannot be read is named and passed over."""
    tables: dict[str, Chosen] = {}
    problems: list[Problem] = []
    for path in listing.of_kind(FileKind.COLUMN_MAP):
        beside = PurePosixPath(path).parent
        try:
            found = parse(listing.locate(path))
        except (OSError, ValueError) as error:
            problems.append(_unreadable(path, error))
        else:
            tables |= {str(beside / table): chosen for table, chosen in found.items()}
    return ColumnMap(tables), problems


def parse(file: Path) -> dict[str, Chosen]:
    """Table to choices.

    Raises:
        OSError, ValueError: it cannot be read, or does not say what it should.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("it is too large")
    content = json.loads(file.read_text("utf-8"))
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise ValueError(f"it must be of version {VERSION}")
    tables = content.get("tables")
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise ValueError("it must name tables and their columns")
    return {
        table: {role: name for role in ROLES if isinstance(name := chosen.get(role), str) and name}
        for table, chosen in tables.items()
    }


def written(tables: Mapping[str, Chosen]) -> dict[str, object]:
    """The content of the file."""
    return {"version": VERSION, "tables": {table: dict(tables[table]) for table in sorted(tables)}}


def _unreadable(path: str, error: Exception) -> Problem:
    why = str(error) if type(error) is ValueError else "it is not the JSON that the program writes"
    return Problem(
        ProblemKind.TABLE,
        f"The choice of columns in {path!r} is not used: {why}. Choose the columns again.",
        file=path,
    )
