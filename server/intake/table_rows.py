"""The rows of all usable tables of a dataset, as records; and what is wrong with the tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from server.intake.columns import EXPECTED, Columns
from server.intake.file_kinds import FileKind
from server.intake.listing import Listing
from server.intake.manifest import Layout, Problem, ProblemKind
from server.intake.table_reading import Table, UnreadableTable, open_table

MAX_LABEL_LENGTH = 100
_NO_LABEL = frozenset({"", "nan", "na", "n/a", "null"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Empty cells are empty strings; ids and labels are as written.

    Attributes:
        table: path of its table.
        number: as a spreadsheet shows it (the header is row 1).
        attributes: cells of the columns that have no role, by the column's name.
    """

    table: str
    number: int
    image_id: str
    image_path: str
    label: str
    lesion_id: str
    patient_id: str
    attributes: dict[str, str]

    @property
    def name(self) -> str:
        """What the row calls its image."""
        return self.image_id or self.image_path


@dataclass(frozen=True, slots=True)
class Tables:
    """What all tables say together.

    Attributes:
        labelled: rows of the tables of labels, in order.
        grouping: rows of tables that name lesions or patients but no labels.
        used: paths of the tables of labels.
        layout: ``HAM10000`` when a table of labels speaks of ``dx``, else ``CSV``.
        label_column: name of the label column as written in the first table.
        problems: tables that are not understood, rows that are malformed.
    """

    labelled: tuple[Row, ...]
    grouping: tuple[Row, ...]
    used: tuple[str, ...]
    layout: Layout
    label_column: str
    problems: tuple[Problem, ...]


def read_tables(listing: Listing) -> Tables:
    """Read every table below the folder; those that give labels are taken together."""
    problems: list[Problem] = []
    opened = _open_all(listing, problems)
    labelled: list[Row] = []
    grouping: list[Row] = []
    used: list[str] = []
    for path, table in opened.items():
        columns = table.columns
        if columns.gives_labels:
            used.append(path)
            _collect(path, table, labelled, problems)
        elif columns.gives_groups:
            _collect(path, table, grouping, problems)
        else:
            problems.append(_not_understood(path, columns))
    headers = [opened[path].columns for path in used]
    layouts = {columns.layout for columns in headers}
    return Tables(
        labelled=tuple(labelled),
        grouping=tuple(grouping),
        used=tuple(used),
        layout=Layout.HAM10000 if Layout.HAM10000 in layouts else Layout.CSV,
        label_column=headers[0].header[headers[0].label] if headers else "",
        problems=tuple(problems),
    )


def _open_all(listing: Listing, problems: list[Problem]) -> dict[str, Table]:
    opened: dict[str, Table] = {}
    seen: dict[bytes, str] = {}
    for path in listing.of_kind(FileKind.TABLE):
        try:
            table = open_table(listing.locate(path))
            with listing.locate(path).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
        except UnreadableTable as error:
            problems.append(_unreadable(path, str(error)))
            continue
        if digest in seen:
            problems.append(
                Problem(
                    ProblemKind.TABLE,
                    f"The table {path!r} is a copy of {seen[digest]!r}; it is read once.",
                    file=path,
                )
            )
            continue
        seen[digest] = path
        opened[path] = table
    return opened


def _collect(path: str, table: Table, into: list[Row], problems: list[Problem]) -> None:
    shared: dict[str, str] = {}  # one string in memory for each distinct cell: few sites, sexes
    try:
        for number, cells in table.rows():
            into.append(_row(path, number, cells, table.columns, shared))
            if any(cell.strip() for cell in cells[len(table.columns.header) :]):
                problems.append(_too_many_cells(path, number, cells, table.columns))
    except UnreadableTable as error:
        problems.append(_unreadable(path, f"{error}; the rows before that are used"))


def _row(path: str, number: int, cells: list[str], columns: Columns, shared: dict[str, str]) -> Row:
    def cell(position: int) -> str:
        if not 0 <= position < len(cells):
            return ""
        text = _one_line(cells[position])
        return shared.setdefault(text, text)

    label = cell(columns.label)
    return Row(
        table=path,
        number=number,
        image_id=cell(columns.image_id),
        image_path=cell(columns.image_path),
        label="" if label.lower() in _NO_LABEL else label,
        lesion_id=cell(columns.lesion_id),
        patient_id=cell(columns.patient_id),
        attributes={name: text for at, name in columns.attributes if (text := cell(at))},
    )


def _one_line(text: str) -> str:
    text = text.strip()
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _not_understood(path: str, columns: Columns) -> Problem:
    shown = ", ".join(name for name in columns.header[:20] if name) or "none"
    more = f" and {len(columns.header) - 20} more" if len(columns.header) > 20 else ""
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} is not used: its columns are {shown}{more}; "
        f"{EXPECTED}.",
        file=path,
        row=1,
    )


def _unreadable(path: str, why: str) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} cannot be read: {why}.",
        file=path,
    )


def _too_many_cells(path: str, number: int, cells: list[str], columns: Columns) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"Row {number} of {PurePosixPath(path).name!r} has {len(cells)} cells, the header has "
        f"{len(columns.header)}; the surplus is ignored. Put text that holds the delimiter in "
        "double quotes.",
        file=path,
        row=number,
    )
