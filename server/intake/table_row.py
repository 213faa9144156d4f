"""One row of a table, as a record, and how its cells become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.intake.columns import Columns, reduced
from server.intake.file_kinds import IMAGE_ENDINGS, ending
from server.intake.label_choice import label_of
from server.intake.official_split import OFFICIAL_SPLIT, part_in_name


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


def row_of(
    path: str, number: int, cells: Sequence[str], columns: Columns, shared: dict[str, str]
) -> Row:
    """The row at ``number`` of the table at ``path``.

    Args:
        shared: holds one string for each distinct cell; there are few sites and sexes.
    """

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
    if known is None:
        return ""
    return part_in_name(path) if known.split_in_name else cell


def _one_line(text: str) -> str:
    text = text.strip()
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
