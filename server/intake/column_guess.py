"""What the columns of a table probably mean: a proposal to a person, never acted upon by itself.

What the header says in words that are understood counts first. Else names in English, German,
French, Spanish, Italian and Portuguese are looked through for their stems, and the cells are looked
at: a column whose values are the names of images names the images.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from server.intake import person_columns
from server.intake.column_map import ROLES, column_names
from server.intake.columns import Columns, reduced
from server.intake.image_index import ImageIndex
from server.intake.table_reading import Table, UnreadableTable
from server.intake.table_rows import Tables
from server.intake.table_seen import ColumnSeen, TableSeen

_STEMS = {
    "label": r"label|class|klasse|diagn|befund|dx|disease|patholog|categor|kategor|gold|truth|type",
    "lesion": r"lesion|läsion|laesion|lésion|lesao|mole|nevus_?id|tumou?r",
    "patient": r"^pat([^a-z]|$)|patient|paciente|paziente|person|subject|proband|case|fall",
    "age": r"(^|[^a-zà-ÿ])(age|alter|âge|edad|età|idade)|geburt|birth|jahre|years",
    "sex": r"sex|gender|geschlecht|genre|género|genero",
    "site": r"site|locali[sz]|lokali|location|region|body|körper|ort$|sitio|sede",
    "skin_tone": r"fitz|skin_?(tone|type)|hauttyp|phototyp|fototip|fst",
}
_PERSON = {
    "age": person_columns.AGE,
    "sex": person_columns.SEX,
    "site": person_columns.BODY_SITE,
    "skin_tone": person_columns.SKIN_TONE,
}
_ROWS = 200
_SAMPLES = 3
_LONGEST_SAMPLE = 60
_MOST_COLUMNS = 200
_MOST_TABLES = 20
_MOST_CLASSES = 60


def see_tables(tables: Tables, index: ImageIndex) -> tuple[TableSeen, ...]:
    """Every table that could be opened, with samples and the roles of its columns."""
    return tuple(
        _seen(path, table, index) for path, table in islice(tables.opened.items(), _MOST_TABLES)
    )


def _seen(path: str, table: Table, index: ImageIndex) -> TableSeen:
    columns = table.columns
    names = column_names(columns.header)[:_MOST_COLUMNS]
    values = _values(table, len(names))
    known = _known_roles(columns, names)
    understood = columns.gives_labels or columns.gives_groups or columns.tells_of_the_person
    if not columns.by_hand:
        images = [place for place in range(len(names)) if _names_images(values[place], path, index)]
        known = _guessed(known, names, values, images)
    return TableSeen(
        path=path,
        columns=tuple(
            ColumnSeen(name, _samples(cells)) for name, cells in zip(names, values, strict=True)
        ),
        roles={role: known[role] for role in ROLES if role in known},
        by_hand=columns.by_hand,
        understood=understood,
    )


def _values(table: Table, count: int) -> list[list[str]]:
    """The cells of the first rows, by column; empty cells are left out."""
    values: list[list[str]] = [[] for _ in range(count)]
    try:
        for _, cells in islice(table.rows(), _ROWS):
            for place, cell in enumerate(cells[:count]):
                if text := " ".join(cell.split()):
                    values[place].append(text)
    except UnreadableTable:
        return values
    return values


def _samples(cells: list[str]) -> tuple[str, ...]:
    different = islice(dict.fromkeys(cells), _SAMPLES)
    cut = (c if len(c) <= _LONGEST_SAMPLE else f"{c[: _LONGEST_SAMPLE - 1]}…" for c in different)
    return tuple("".join(x if x.isprintable() else "�" for x in cell) for cell in cut)


def _known_roles(columns: Columns, names: Sequence[str]) -> dict[str, str]:
    """What was chosen or understood already."""
    image = columns.image_id if columns.image_id >= 0 else columns.image_path
    places = {
        "image": image,
        "label": columns.label,
        "lesion": columns.lesion_id,
        "patient": columns.patient_id,
    }
    attributes = {reduced(name): place for place, name in columns.attributes}
    for role, accepted in _PERSON.items():
        places[role] = next((attributes[each] for each in accepted if each in attributes), -1)
    return {role: names[at] for role, at in places.items() if 0 <= at < len(names)}


def _guessed(
    known: dict[str, str], names: list[str], values: list[list[str]], images: list[int]
) -> dict[str, str]:
    roles = dict(known)
    if images and not any(names[place] == roles.get("image") for place in images):
        roles["image"] = names[images[0]]
    free = [place for place in range(len(names)) if names[place] not in roles.values()]
    for role, stems in _STEMS.items():
        if role in roles:
            continue
        fitting = (
            place
            for place in free
            if re.search(stems, names[place].casefold())
            and values[place]
            and (role != "label" or _like_classes(values[place]))
        )
        if (place := next(fitting, None)) is not None:
            roles[role] = names[place]
            free.remove(place)
    return roles


def _names_images(cells: list[str], table: str, index: ImageIndex) -> bool:
    """Whether at least half of the first values of a column are names of images that are here."""
    first = list(islice(dict.fromkeys(cells), 20))
    found = sum(bool(index.find(cell, cell, table).paths) for cell in first)
    return found > 0 and 2 * found >= len(first)


def _like_classes(cells: list[str]) -> bool:
    """Whether the values come back often enough to be classes."""
    different = len(set(cells))
    return 1 < different <= min(_MOST_CLASSES, max(2, len(cells) // 2))
