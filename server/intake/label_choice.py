"""Where a table's label stands, when its header alone does not say.

Two habits of the field need a look at the rows. A table may tell the diagnosis in several columns
and leave the finest of them empty for most images: then the finest one counts that is known for at
least half of them, so that "benign" and "nevus" never stand side by side as two classes. And a
table may have one column a class with a single 1 in each row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from server.intake.columns import Columns, reduced, with_attributes
from server.intake.known_sets import CLASS_CODES
from server.intake.person_columns import PERSON_COLUMNS
from server.intake.table_reading import Table, UnreadableTable

NO_LABEL = frozenset({"", "nan", "na", "n/a", "null"})
_NOT_KNOWN = NO_LABEL | {"unknown"}
_YES = frozenset({"1", "1.0"})
_NO = frozenset({"0", "0.0", ""})
_LOOKED_AT = 200
_FEWEST_CLASSES = 2
_NO_CLASSES = frozenset({"male", "female", "m", "f", "man", "woman", "left", "right"})


def settled(table: Table) -> Table:
    """The table with its label column or class columns decided by what its rows hold."""
    columns = table.columns
    if columns.by_hand or not columns.names_images:
        return table
    if len(columns.label_options) > 1:
        return replace(table, columns=_finest_known(table))
    if columns.label < 0:
        return replace(table, columns=_class_columns(table))
    return table


def guessed_classes(columns: Columns) -> bool:
    """Whether one column a class was recognised by the cells alone, not by the names."""
    return any(reduced(name) not in CLASS_CODES for _, name in columns.classes)


def without_classes(table: Table) -> Table:
    """The same table, its columns of 0 and 1 taken for attributes."""
    return replace(table, columns=with_attributes(replace(table.columns, classes=())))


def label_of(columns: Columns, cells: Sequence[str]) -> str:
    """What a row gives as its label, codes turned into words; empty = none, or more than one."""
    if columns.classes:
        marked = marked_classes(columns, cells)
        return marked[0] if len(marked) == 1 else ""
    written = _cell(cells, columns.label)
    known = columns.known
    if known is None or columns.label < 0:
        return "" if written.lower() in NO_LABEL else written
    words: Mapping[str, str] = known.words.get(reduced(columns.header[columns.label]), {})
    blank = _NOT_KNOWN if known.labels else NO_LABEL
    return "" if written.lower() in blank else words.get(written, written)


def marked_classes(columns: Columns, cells: Sequence[str]) -> list[str]:
    """The classes whose column has a 1 in this row."""
    return [name for place, name in columns.classes if _cell(cells, place) in _YES]


def _finest_known(table: Table) -> Columns:
    columns = table.columns
    rows, known = 0, Counter[int]()
    for cells in _rows(table):
        rows += 1
        known.update(
            place
            for place in columns.label_options
            if _cell(cells, place).lower() not in _NOT_KNOWN
        )
    most = max(columns.label_options, key=lambda place: known[place])
    enough = (place for place in columns.label_options if 2 * known[place] >= rows)
    return with_attributes(replace(columns, label=next(enough, most)))


def _class_columns(table: Table) -> Columns:
    """The columns with exactly one 1 in (nearly) every row; none if there are no such columns."""
    columns = table.columns
    rows = list(islice(_rows(table), _LOOKED_AT))
    named = columns.classes or _unknown_classes(columns, rows)
    marks = [sum(_cell(cells, place) in _YES for place, _ in named) for cells in rows]
    if columns.classes:
        fits = 2 * sum(count == 1 for count in marks) >= len(rows) > 0
    else:  # the names say nothing, so no row may contradict
        fits = bool(named) and all(count == 1 for count in marks)
    return with_attributes(replace(columns, classes=named if fits else ()))


def _unknown_classes(columns: Columns, rows: list[list[str]]) -> tuple[tuple[int, str], ...]:
    """Columns of 0 and 1 that may each be a class, though their names are not known.

    They are taken for that only where the table says nothing else but age, sex and the like.
    """
    others = [
        (place, name) for place, name in columns.attributes if reduced(name) not in PERSON_COLUMNS
    ]
    seen = [place for place, _ in others if any(_cell(cells, place) in _YES for cells in rows)]
    binary = all(_is_yes_or_no(rows, place) for place, _ in others)
    person = any(reduced(name) in _NO_CLASSES for _, name in others)
    return tuple(others) if binary and not person and len(seen) >= _FEWEST_CLASSES else ()


def _is_yes_or_no(rows: list[list[str]], place: int) -> bool:
    return all(_cell(cells, place) in _YES | _NO for cells in rows)


def _rows(table: Table) -> Iterator[list[str]]:
    """The cells of each row, as far as the table can be read; who reads it whole says the rest."""
    try:
        for _, cells in table.rows():
            yield cells
    except UnreadableTable:
        return


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if 0 <= place < len(cells) else ""
