"""Opening every table of a dataset and settling what its columns mean."""

from __future__ import annotations

import hashlib
from pathlib import Path

from server.intake.column_map import ColumnMap
from server.intake.columns import Columns
from server.intake.file_kinds import FileKind, ending, why_unknown
from server.intake.label_choice import guessed_classes, settled, without_classes
from server.intake.listing import Listing
from server.intake.manifest import Problem, ProblemKind
from server.intake.table_problems import copy_of, other_columns, unreadable
from server.intake.table_reading import Table, UnreadableTable, open_table


def open_tables(listing: Listing, chosen: ColumnMap, problems: list[Problem]) -> dict[str, Table]:
    opened: dict[str, Table] = {}
    seen: dict[bytes, str] = {}
    for path in listing.of_kind(FileKind.TABLE):
        try:
            table = _open(listing.locate(path), chosen, path)
            with listing.locate(path).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
        except UnreadableTable as error:
            problems.append(unreadable(path, str(error)))
            continue
        if _is_prose(path, table.columns):
            problems.append(Problem(ProblemKind.UNKNOWN_ENDING, why_unknown(path), file=path))
        elif digest in seen:
            problems.append(copy_of(path, seen[digest]))
        else:
            seen[digest] = path
            opened[path] = table
            if chosen.of(path) is not None and not table.columns.by_hand:
                problems.append(other_columns(path))
    return _named_labels_first(opened)


def _named_labels_first(opened: dict[str, Table]) -> dict[str, Table]:
    """Columns of 0 and 1 are classes only if no table gives labels by names that are known."""
    guessed = {path for path, table in opened.items() if guessed_classes(table.columns)}
    if not any(table.columns.gives_labels for path, table in opened.items() if path not in guessed):
        return opened
    return {
        path: without_classes(table) if path in guessed else table for path, table in opened.items()
    }


def _open(file: Path, chosen: ColumnMap, path: str) -> Table:
    """A table as chosen for it; else by its names; else as chosen for one with the same columns."""
    choice = chosen.of(path)
    table = open_table(file, choice)
    if choice is None and not table.columns.gives_labels:
        for other in chosen.tables.values():
            if (alike := open_table(file, other)).columns.by_hand:
                return alike
    return settled(table)


def _is_prose(path: str, columns: Columns) -> bool:
    """Whether a text file has no columns, and so is no table."""
    return ending(path) == ".txt" and sum(bool(name) for name in columns.header) < 2
