"""Which column of a table means what, whatever the letter case and the spaces in its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.intake.manifest import Layout

# Role → accepted names, best first, in the reduced form of ``_reduced``. One line per new habit of
# the field. ``dx`` is HAM10000's word for the label.
_NAMES: dict[str, tuple[str, ...]] = {
    "image_id": ("imageid",),
    "image_path": ("imagepath", "path", "filepath", "filename", "file"),
    "label": ("label", "dx", "class", "diagnosis"),
    "lesion_id": ("lesionid",),
    "patient_id": ("patientid",),
}
EXPECTED = (
    "a table of labels needs the columns image_id, image_path and label "
    "(or HAM10000's image_id, dx and lesion_id)"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each role stands in the header; -1 = not there.

    Attributes:
        header: the names as written.
        attributes: positions and names of the columns that have no role.
    """

    header: tuple[str, ...]
    image_id: int = -1
    image_path: int = -1
    label: int = -1
    lesion_id: int = -1
    patient_id: int = -1
    attributes: tuple[tuple[int, str], ...] = field(default=())

    @property
    def names_images(self) -> bool:
        return self.image_id >= 0 or self.image_path >= 0

    @property
    def gives_labels(self) -> bool:
        """Whether the table can be used as a table of labels."""
        return self.names_images and self.label >= 0

    @property
    def gives_groups(self) -> bool:
        """Whether it says which images belong to one lesion or patient."""
        return self.names_images and (self.lesion_id >= 0 or self.patient_id >= 0)

    @property
    def roles_found(self) -> int:
        roles = (self.image_id, self.image_path, self.label, self.lesion_id, self.patient_id)
        return sum(position >= 0 for position in roles)

    @property
    def layout(self) -> Layout:
        is_ham = self.label >= 0 and _reduced(self.header[self.label]) == "dx"
        return Layout.HAM10000 if is_ham else Layout.CSV


def assign(header: Sequence[str]) -> Columns:
    """Give each role its column; a name that stands twice counts where it stands first."""
    reduced = [_reduced(name) for name in header]
    roles = {
        role: reduced.index(name)
        for role, names in _NAMES.items()
        if (name := next((each for each in names if each in reduced), None)) is not None
    }
    taken = set(roles.values())
    others = tuple(
        (position, name.strip())
        for position, name in enumerate(header)
        if position not in taken and name.strip()
    )
    return Columns(header=tuple(name.strip() for name in header), attributes=others, **roles)


def _reduced(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()
