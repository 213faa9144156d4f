"""One row of a table, as a record."""

from __future__ import annotations

from dataclasses import dataclass


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
