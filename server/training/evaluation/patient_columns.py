"""What the metadata say of the person and the place: age, sex, body site, skin tone, and the like.

Columns are known by their names, whatever the letter case and the signs between the words. Nothing
else in a table is ever looked at, so no column can give the diagnosis away.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.intake import person_columns
from server.intake.manifest import LesionImage

NAMES: dict[str, tuple[str, ...]] = {
    "age": person_columns.AGE,
    "sex": person_columns.SEX,
    "body_site": person_columns.BODY_SITE,
    "dx_type": ("dxtype", "diagnosisconfirmtype", "confirmationmethod"),
    "skin_tone": person_columns.SKIN_TONE,
}
"""What a column tells, and the names it goes by, best first."""
UNKNOWN = "not known"
_BLANK = {"", "unknown", "unk", "nan", "na", "n/a", "none", "null", "?", "-", "-1", UNKNOWN}
_MOST_VALUES = 20
_OTHERS = "other"
_SEXES = {"m": "male", "f": "female", "man": "male", "woman": "female"}


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that the metadata tell.

    Attributes:
        role: a key of ``NAMES``.
        name: of the column as the table writes it.
        values: of the images, in their order; None where it is not known.
    """

    role: str
    name: str
    values: tuple[str | None, ...]


def find_columns(images: Sequence[LesionImage]) -> dict[str, Column]:
    """The columns of these images that hold a value for at least one of them, by role."""
    written = sorted({name for image in images for name in image.attributes})
    reduced = {re.sub(r"[^a-z0-9]+", "", name.casefold()): name for name in reversed(written)}
    found: dict[str, Column] = {}
    for role, names in NAMES.items():
        for name in (reduced[each] for each in names if each in reduced):
            values = values_of(images, role, name)
            if any(value is not None for value in values):
                found[role] = Column(role, name, values)
                break
    return found


def values_of(images: Sequence[LesionImage], role: str, name: str) -> tuple[str | None, ...]:
    """What the column ``name`` says of each image; None where it is not known."""
    return tuple(_clean(role, image.attributes.get(name, "")) for image in images)


def age_in_years(value: str | None) -> float | None:
    """The number at the start of ``value``, if it can be the age of a person."""
    number = re.match(r"\d+(?:\.\d+)?", value or "")
    years = float(number.group()) if number else None
    return years if years is not None and years <= 120 else None


def with_rare_ones_joined(values: Sequence[str | None]) -> list[str]:
    """The values, the twentieth and rarer ones as ``other``, missing ones as ``not known``."""
    known = Counter(value for value in values if value is not None)
    common = {
        value
        for value, _ in sorted(known.items(), key=lambda each: (-each[1], each[0]))[:_MOST_VALUES]
    }
    return [UNKNOWN if value is None else value if value in common else _OTHERS for value in values]


def _clean(role: str, value: str) -> str | None:
    plain = " ".join(value.casefold().split())
    if plain in _BLANK:
        return None
    if role == "age":
        return plain if age_in_years(plain) is not None else None
    if role == "sex":
        return _SEXES.get(plain, plain)
    return plain.removesuffix(".0") if role == "skin_tone" else plain
