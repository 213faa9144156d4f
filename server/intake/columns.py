"""Which column of a table means what, whatever the letter case and the spaces in its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from server.intake.known_sets import CLASS_CODES, KnownSet, recognise
from server.intake.leaking_columns import leaks, stays_in_the_table
from server.intake.manifest import Layout
from server.intake.person_columns import PERSON_COLUMNS

# Role → accepted names, best first, in the reduced form of ``reduced``. One line per new habit of
# the field. ``dx`` is HAM10000's word for the label.
_NAMES: dict[str, tuple[str, ...]] = {
    "image_id": ("imageid", "isicid", "imgid", "imagename", "image", "md5hash"),
    "image_path": (
        "imagepath",
        "path",
        "filepath",
        "filename",
        "file",
        "imagefile",
        "imagefilename",
        "bcnfilename",
        "ddifile",
    ),
    "label": ("label", "dx", "class", "diagnosis", "diagnostic", "disease"),
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
        attributes: positions and names of the columns that are kept with the image.
        known: the published set whose columns these are.
        label_options: columns that may give the label, the finest first; ``label`` is the choice.
        classes: one column a class, each with its name, instead of ``label``.
        split: the column with the set's official split.
        leaking: names of the columns that give the label away.
        by_hand: a researcher has said what the columns mean.
    """

    header: tuple[str, ...]
    image_id: int = -1
    image_path: int = -1
    label: int = -1
    lesion_id: int = -1
    patient_id: int = -1
    attributes: tuple[tuple[int, str], ...] = field(default=())
    known: KnownSet | None = None
    label_options: tuple[int, ...] = ()
    classes: tuple[tuple[int, str], ...] = ()
    split: int = -1
    leaking: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def names_images(self) -> bool:
        return self.image_id >= 0 or self.image_path >= 0

    @property
    def gives_labels(self) -> bool:
        """Whether the table can be used as a table of labels."""
        return self.names_images and (self.label >= 0 or bool(self.classes))

    @property
    def gives_groups(self) -> bool:
        """Whether it says which images belong to one lesion or patient."""
        return self.names_images and (self.lesion_id >= 0 or self.patient_id >= 0)

    @property
    def tells_of_the_person(self) -> bool:
        """Whether it says age, sex, body site or skin tone of the images."""
        return self.names_images and any(reduced(n) in PERSON_COLUMNS for _, n in self.attributes)

    @property
    def roles_found(self) -> int:
        roles = (self.image_id, self.image_path, self.label, self.lesion_id, self.patient_id)
        return sum(position >= 0 for position in roles) + bool(self.classes)

    @property
    def layout(self) -> Layout:
        if self.by_hand:
            return Layout.MAPPED
        return self.known.layout if self.known else Layout.CSV


def assign(header: Sequence[str]) -> Columns:
    """Give each role its column; a name that stands twice counts where it stands first."""
    short = [reduced(name) for name in header]
    known = recognise(short)
    names = {role: (*_own(known, role), *usual) for role, usual in _NAMES.items()}
    if known is not None and known.labels:
        names["label"] = known.labels
    roles = {
        role: short.index(name)
        for role, accepted in names.items()
        if (name := next((each for each in accepted if each in short), None)) is not None
    }
    codes = [place for place, name in enumerate(short) if name in CLASS_CODES]
    one_hot = len(codes) > 1 and "label" not in roles
    options = names["label"] if known is not None and known.labels else ()
    return with_attributes(
        Columns(
            header=tuple(name.strip() for name in header),
            image_id=roles.get("image_id", -1),
            image_path=roles.get("image_path", -1),
            label=roles.get("label", -1),
            lesion_id=roles.get("lesion_id", -1),
            patient_id=roles.get("patient_id", -1),
            known=known,
            label_options=tuple(short.index(name) for name in options if name in short),
            classes=tuple((place, header[place].strip()) for place in codes) if one_hot else (),
            split=short.index(known.split) if known and known.split in short else -1,
        )
    )


def with_attributes(columns: Columns) -> Columns:
    """The same columns, with all that have no role kept as attributes, and the leaks named."""
    taken = {columns.image_id, columns.image_path, columns.label, columns.lesion_id}
    taken |= {columns.patient_id, columns.split, *(place for place, _ in columns.classes)}
    others = [
        (place, name) for place, name in enumerate(columns.header) if place not in taken and name
    ]
    return replace(
        columns,
        attributes=tuple(each for each in others if not stays_in_the_table(reduced(each[1]))),
        leaking=tuple(name for _, name in others if leaks(reduced(name))),
    )


def _own(known: KnownSet | None, role: str) -> tuple[str, ...]:
    return (known.roles[role],) if known is not None and role in known.roles else ()


def reduced(name: str) -> str:
    """A column's name as it is compared."""
    return re.sub(r"[\s_\-.]+", "", name).casefold()
