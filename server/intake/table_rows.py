"""The rows of all usable tables of a dataset, as records; and what is wrong with the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from server.intake import derm7pt
from server.intake.column_map import read_column_map
from server.intake.columns import Columns
from server.intake.label_choice import marked_classes
from server.intake.listing import Listing
from server.intake.manifest import Layout, Problem
from server.intake.table_opening import open_tables
from server.intake.table_problems import (
    not_understood,
    several_classes,
    too_many_cells,
    unreadable,
)
from server.intake.table_reading import Table, UnreadableTable
from server.intake.table_row import Row, row_of

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
    opened = open_tables(listing, chosen, problems)
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
            problems.append(not_understood(path, columns))
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
            row = row_of(path, number, cells, columns, shared)
            into.extend(_as_the_set_means_it(row, columns, place, parts))
            if any(cell.strip() for cell in cells[len(columns.header) :]):
                problems.append(too_many_cells(path, number, cells, columns))
            if len(marked := marked_classes(columns, cells)) > 1:
                problems.append(several_classes(path, number, marked))
    except UnreadableTable as error:
        why = f"{error}; the rows before that are used"
        problems.append(unreadable(path, why, error.row))


def _as_the_set_means_it(
    row: Row, columns: Columns, place: int, parts: Mapping[int, str]
) -> Iterator[Row]:
    """Most rows are one image; a few published sets have ways of their own."""
    layout = columns.known.layout if columns.known else None
    if layout is Layout.DERM7PT and derm7pt.begins_with_derm(columns):
        yield from derm7pt.pictures_of_case(row, place, parts)
    elif layout is not Layout.PH2 or _PH2_IMAGE.fullmatch(row.image_id):
        yield row  # PH2's table ends with a legend, whose lines are no images
