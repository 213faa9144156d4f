"""What is wrong with a table or one of its rows, each in a sentence."""

from __future__ import annotations

from pathlib import PurePosixPath

from server.intake.columns import EXPECTED, Columns
from server.intake.manifest import Problem, ProblemKind


def not_understood(path: str, columns: Columns) -> Problem:
    """The columns mean nothing that is known."""
    shown = ", ".join(name for name in columns.header[:20] if name) or "none"
    more = f" and {len(columns.header) - 20} more" if len(columns.header) > 20 else ""
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} is not used: its columns are {shown}{more}; "
        f"{EXPECTED}. Rename them, or say on the dataset's page what they mean.",
        file=path,
        row=1,
    )


def unreadable(path: str, why: str, row: int | None = None) -> Problem:
    """``why`` it cannot be read, which ends the sentence."""
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} cannot be read: {why}.",
        file=path,
        row=row,
    )


def other_columns(path: str) -> Problem:
    """The columns that a person has chosen are gone."""
    return Problem(
        ProblemKind.TABLE,
        f"The table {path!r} no longer has the columns that were chosen by hand; it is read by its "
        "column names. Choose its columns again.",
        file=path,
    )


def copy_of(path: str, first: str) -> Problem:
    """The same bytes as another table."""
    return Problem(
        ProblemKind.TABLE,
        f"The table {path!r} is a copy of {first!r}; it is read once.",
        file=path,
    )


def several_classes(path: str, number: int, marked: list[str]) -> Problem:
    """One column a class, and more than one of them marked."""
    return Problem(
        ProblemKind.TABLE,
        f"Row {number} of {PurePosixPath(path).name!r} marks more than one class "
        f"({', '.join(marked[:4])}); it counts as having no label. Leave one of them.",
        file=path,
        row=number,
    )


def too_many_cells(path: str, number: int, cells: list[str], columns: Columns) -> Problem:
    """More cells than the header has."""
    return Problem(
        ProblemKind.TABLE,
        f"Row {number} of {PurePosixPath(path).name!r} has {len(cells)} cells, the header has "
        f"{len(columns.header)}; the surplus is ignored. Put text that holds the delimiter in "
        "double quotes.",
        file=path,
        row=number,
    )
