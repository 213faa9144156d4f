"""The rows of all usable tables of a dataset, as records; and what is wrong with the tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from server.intake import derm7pt
from server.intake.column_map import ColumnMap, read_column_map
from server.intake.columns import EXPECTED, Columns, reduced
from server.intake.file_kinds import IMAGE_ENDINGS, FileKind, ending, why_unknown
from server.intake.label_choice import (
    guessed_classes,
    label_of,
    marked_classes,
    settled,
    without_classes,
)
from server.intake.listing import Listing
from server.intake.manifest import Layout, Problem, ProblemKind
from server.intake.official_split import OFFICIAL_SPLIT, part_in_name
from server.intake.table_reading import Table, UnreadableTable, open_table
from server.intake.table_row import Row

MAX_LABEL_LENGTH = 100
_PH2_IMAGE = re.compile(r"IMD\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tables:
    """What all tables say together.

    Attributes:
        labelled: rows of the tables of labels, in order.
        grouping: rows of tables that say something of the images, but no labels.
        used: paths of the tables of labels.
        columns: of the tables of labels, in the order of ``used``.
        leaking: names of the columns that give the label away.
        problems: tables that are not understood, rows that are malformed.
        opened: every table that could be opened, by its path.
    """

    labelled: tuple[Row, ...]
    grouping: tuple[Row, ...]
    used: tuple[str, ...]
    columns: tuple[Columns, ...]
    leaking: tuple[str, ...]
    problems: tuple[Problem, ...]
    opened: Mapping[str, Table]

    @property
    def layout(self) -> Layout:
        """The first published set among the tables of labels, else ``CSV``."""
        return next((c.layout for c in self.columns if c.layout is not Layout.CSV), Layout.CSV)


def read_tables(listing: Listing) -> Tables:
    """Read every table below the folder; those that give labels are taken together."""
    chosen, problems = read_column_map(listing)
    opened = _named_labels_first(_open_all(listing, chosen, problems))
    parts = _official_parts(opened)
    labelled: list[Row] = []
    grouping: list[Row] = []
    used: dict[str, Columns] = {}
    leaking: dict[str, None] = {}
    with_labels = any(table.columns.gives_labels for table in opened.values())
    for path, table in opened.items():
        columns = table.columns
        if columns.gives_labels:
            used[path] = columns
            _collect(path, table, labelled, problems, parts)
        elif (
            columns.gives_groups
            or columns.tells_of_the_person
            or (columns.names_images and with_labels)
        ):
            _collect(path, table, grouping, problems, parts)
        else:
            problems.append(_not_understood(path, columns))
            continue
        leaking.update(dict.fromkeys(columns.leaking))
    return Tables(
        labelled=tuple(labelled),
        grouping=tuple(grouping),
        used=tuple(used),
        columns=tuple(used.values()),
        leaking=tuple(leaking),
        problems=tuple(problems),
        opened=opened,
    )


def _open_all(listing: Listing, chosen: ColumnMap, problems: list[Problem]) -> dict[str, Table]:
    opened: dict[str, Table] = {}
    seen: dict[bytes, str] = {}
    for path in listing.of_kind(FileKind.TABLE):
        try:
            table = _open(listing.locate(path), chosen, path)
            with listing.locate(path).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
        except UnreadableTable as error:
            problems.append(_unreadable(path, str(error)))
            continue
        if _is_prose(path, table.columns):
            problems.append(Problem(ProblemKind.UNKNOWN_ENDING, why_unknown(path), file=path))
        elif digest in seen:
            problems.append(_copy(path, seen[digest]))
        else:
            seen[digest] = path
            opened[path] = table
            if chosen.of(path) is not None and not table.columns.by_hand:
                problems.append(_other_columns(path))
    return opened


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


def _official_parts(opened: dict[str, Table]) -> dict[int, str]:
    """What Derm7pt's index files say; they are read here and are tables no more."""
    parts: dict[int, str] = {}
    for path in [p for p, table in opened.items() if derm7pt.is_index_file(p, table.columns)]:
        parts |= derm7pt.read_index_file(path, opened.pop(path))
    return parts


def _collect(
    path: str,
    table: Table,
    into: list[Row],
    problems: list[Problem],
    parts: Mapping[int, str],
) -> None:
    shared: dict[str, str] = {}  # one string in memory for each distinct cell: few sites, sexes
    columns = table.columns
    try:
        for place, (number, cells) in enumerate(table.rows()):
            row = _row(path, number, cells, columns, shared)
            into.extend(_as_the_set_means_it(row, columns, place, parts))
            if any(cell.strip() for cell in cells[len(columns.header) :]):
                problems.append(_too_many_cells(path, number, cells, columns))
            if len(marked := marked_classes(columns, cells)) > 1:
                problems.append(_several_classes(path, number, marked))
    except UnreadableTable as error:
        why = f"{error}; the rows before that are used"
        problems.append(_unreadable(path, why, error.row))


def _as_the_set_means_it(
    row: Row, columns: Columns, place: int, parts: Mapping[int, str]
) -> Iterator[Row]:
    """Most rows are one image; a few published sets have ways of their own."""
    layout = columns.layout
    if layout is Layout.DERM7PT:
        yield from derm7pt.pictures_of_case(row, place, parts)
    elif layout is not Layout.PH2 or _PH2_IMAGE.fullmatch(row.image_id):
        yield row  # PH2's table ends with a legend, whose lines are no images


def _row(path: str, number: int, cells: list[str], columns: Columns, shared: dict[str, str]) -> Row:
    def cell(position: int) -> str:
        if not 0 <= position < len(cells):
            return ""
        text = _one_line(cells[position])
        return shared.setdefault(text, text)

    image_id, image_path = cell(columns.image_id), cell(columns.image_path)
    if image_id and not image_path and _is_file_name(columns, image_id):
        image_id, image_path = "", image_id
    attributes = {name: text for at, name in columns.attributes if (text := cell(at))}
    if part := _official_part(path, columns, cell(columns.split)):
        attributes[OFFICIAL_SPLIT] = part
    label = _one_line(label_of(columns, cells))
    return Row(
        table=path,
        number=number,
        image_id=image_id,
        image_path=image_path,
        label=shared.setdefault(label, label),
        lesion_id=cell(columns.lesion_id),
        patient_id=cell(columns.patient_id),
        attributes=attributes,
    )


def _is_file_name(columns: Columns, text: str) -> bool:
    """Whether a column such as ``image`` or ``img_id`` holds file names rather than ids."""
    if reduced(columns.header[columns.image_id]) == "imageid" and not columns.by_hand:
        return False
    return ending(text) in IMAGE_ENDINGS or "/" in text or "\\" in text


def _official_part(path: str, columns: Columns, cell: str) -> str:
    known = columns.known
    if known is None or columns.by_hand:
        return ""
    return part_in_name(path) if known.split_in_name else cell


def _one_line(text: str) -> str:
    text = text.strip()
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _not_understood(path: str, columns: Columns) -> Problem:
    shown = ", ".join(name for name in columns.header[:20] if name) or "none"
    more = f" and {len(columns.header) - 20} more" if len(columns.header) > 20 else ""
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} is not used: its columns are {shown}{more}; "
        f"{EXPECTED}. Rename them, or say on the dataset's page what they mean.",
        file=path,
        row=1,
    )


def _unreadable(path: str, why: str, row: int | None = None) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"The table {PurePosixPath(path).name!r} cannot be read: {why}.",
        file=path,
        row=row,
    )


def _other_columns(path: str) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"The table {path!r} no longer has the columns that were chosen by hand; it is read by its "
        "column names. Choose its columns again.",
        file=path,
    )


def _copy(path: str, first: str) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"The table {path!r} is a copy of {first!r}; it is read once.",
        file=path,
    )


def _several_classes(path: str, number: int, marked: list[str]) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"Row {number} of {PurePosixPath(path).name!r} marks more than one class "
        f"({', '.join(marked[:4])}); it counts as having no label. Leave one of them.",
        file=path,
        row=number,
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
