"""Derm7pt's own habits: two pictures of each case, and an official split told by row numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from server.intake.columns import Columns, reduced
from server.intake.official_split import OFFICIAL_SPLIT
from server.intake.table_reading import Table, UnreadableTable
from server.intake.table_row import Row

_INDEX_FILE = re.compile(r"(train|valid|test)_indexes", re.IGNORECASE)


def begins_with_derm(columns: Columns) -> bool:
    """Whether the image of a row is its dermoscopic one, as it is unless chosen otherwise."""
    image = columns.image_path if columns.image_path >= 0 else columns.image_id
    return image >= 0 and reduced(columns.header[image]) == "derm"


def is_index_file(path: str, columns: Columns) -> bool:
    """Whether a table only lists row numbers of another one: ``train_indexes.csv``."""
    names = [reduced(name) for name in columns.header if name]
    return _INDEX_FILE.fullmatch(PurePosixPath(path).stem) is not None and names == ["indexes"]


def read_index_file(path: str, table: Table) -> dict[int, str]:
    """Row of the table of cases, counted from 0, to the name of its part."""
    part = PurePosixPath(path).stem.split("_", 1)[0].casefold()
    found: dict[int, str] = {}
    try:
        for _, cells in table.rows():
            number = cells[0].strip()
            if number.isascii() and number.isdigit():
                found[int(number)] = part
    except UnreadableTable:
        return found
    return found


def pictures_of_case(row: Row, place: int, parts: Mapping[int, str]) -> Iterator[Row]:
    """The dermoscopic and the clinical picture of a case, both of the same lesion.

    Args:
        place: of the case in its table, from 0.
    """
    rest = {name: text for name, text in row.attributes.items() if reduced(name) != "clinic"}
    if place in parts:
        rest[OFFICIAL_SPLIT] = parts[place]
    clinic = next((text for name, text in row.attributes.items() if reduced(name) == "clinic"), "")
    for path, kind in ((row.image_path, "dermoscopic"), (clinic, "clinical")):
        if path:
            yield replace(row, image_path=path, attributes=rest | {"image_type": kind})
