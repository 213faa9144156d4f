"""What intake found in a folder: the images that can be trained on and everything that is wrong.

The manifest is the only thing that the rest of the program knows of a dataset's files.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from server.intake.table_seen import TableSeen


class Layout(StrEnum):
    CSV = "csv"
    """A table with ``image_id``, ``image_path`` and ``label`` beside the images."""
    CLASS_FOLDERS = "class_folders"
    """One folder a class."""
    HAM10000 = "ham10000"
    """A table with ``image_id``, ``dx`` and ``lesion_id``; images in one or more part folders."""
    ISIC_2018 = "isic_2018"
    ISIC_2019 = "isic_2019"
    ISIC_2020 = "isic_2020"
    ISIC_2024 = "isic_2024"
    ISIC_ARCHIVE = "isic_archive"
    """What isic-cli downloads from the ISIC Archive."""
    PAD_UFES_20 = "pad_ufes_20"
    FITZPATRICK17K = "fitzpatrick17k"
    DDI = "ddi"
    BCN20000 = "bcn20000"
    PH2 = "ph2"
    DERM7PT = "derm7pt"
    DERMAMNIST = "dermamnist"
    MAPPED = "mapped"
    """A table whose columns a researcher has named by hand."""
    UNLABELLED = "unlabelled"
    """Images without a table or class folders: cannot be trained on yet."""


class ProblemKind(StrEnum):
    ROW_WITHOUT_IMAGE = "row_without_image"
    IMAGE_WITHOUT_ROW = "image_without_row"
    ROW_WITHOUT_LABEL = "row_without_label"
    DUPLICATE_ROW = "duplicate_row"
    UNREADABLE_IMAGE = "unreadable_image"
    UNKNOWN_ENDING = "unknown_ending"
    TOO_FEW_LESIONS = "too_few_lesions"
    TABLE = "table"
    """A table that could not be read, or whose columns are not understood."""
    LAYOUT = "layout"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with its place.

    Attributes:
        kind: which rule was broken.
        message: one sentence: what is wrong and what happens because of it.
        file: path relative to the dataset's folder, with forward slashes.
        row: line of the table as a spreadsheet shows it (the header is row 1).
        label: the class, where the problem is about a class.
    """

    kind: ProblemKind
    message: str
    file: str | None = None
    row: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class LesionImage:
    """One usable image.

    Attributes:
        image_id: unique in the dataset.
        path: relative to the dataset's folder, with forward slashes.
        label: class name as written in the data; empty in the layout ``UNLABELLED``.
        lesion_id: images with the same one show the same lesion; None when the data does not say
            (then every image is its own lesion).
        patient_id: likewise for the patient.
        width, height: in pixels, as stored, orientation applied.
        attributes: further columns of its row, such as age, sex, localization, dx_type.
        orientation: what EXIF in the file says that is applied on reading, 1–8; 1 is upright.
        sha256: of the file, hexadecimal; empty in manifests of older programs.
    """

    image_id: str
    path: str
    label: str
    lesion_id: str | None
    patient_id: str | None
    width: int
    height: int
    attributes: dict[str, str] = field(default_factory=dict)
    orientation: int = 1
    sha256: str = ""

    @property
    def group(self) -> str:
        """What must not be torn apart by a split: the patient, else the lesion, else the image."""
        if self.patient_id:
            return f"patient:{self.patient_id}"
        if self.lesion_id:
            return f"lesion:{self.lesion_id}"
        return f"image:{self.image_id}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A dataset as understood.

    Attributes:
        layout: which of the known layouts it is.
        reason: one sentence: why that layout was recognised.
        images: usable images, ordered by ``image_id``.
        problems: everything that is wrong, worst first.
        is_sample: drawn by this program, not photographed.
        notes: sentences worth knowing that are no problems: an official split, masks left aside.
        leaking_columns: names, as the tables write them, of columns that give the label away.
        tables: what was seen of each table, for a person who says what its columns mean.
        version: number of the dataset's version that this is; None = it has none.
    """

    layout: Layout
    reason: str
    images: tuple[LesionImage, ...]
    problems: tuple[Problem, ...]
    is_sample: bool = False
    notes: tuple[str, ...] = ()
    leaking_columns: tuple[str, ...] = ()
    tables: tuple[TableSeen, ...] = ()
    version: int | None = None

    @property
    def classes(self) -> dict[str, int]:
        """Class name to number of images, most first, ties by name."""
        counts = Counter(image.label for image in self.images if image.label)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def lesions_by_class(self) -> dict[str, int]:
        """Class name to number of groups (``LesionImage.group``), in the order of ``classes``."""
        groups: dict[str, set[str]] = {label: set() for label in self.classes}
        for image in self.images:
            if image.label:
                groups[image.label].add(image.group)
        return {label: len(members) for label, members in groups.items()}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``Manifest.from_dict`` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Manifest:
        return cls(
            layout=Layout(data["layout"]),
            reason=data["reason"],
            images=tuple(LesionImage(**image) for image in data["images"]),
            problems=tuple(
                Problem(**{**problem, "kind": ProblemKind(problem["kind"])})
                for problem in data["problems"]
            ),
            is_sample=data["is_sample"],
            # a manifest that an older version wrote has none of these
            notes=tuple(data.get("notes", ())),
            leaking_columns=tuple(data.get("leaking_columns", ())),
            tables=tuple(TableSeen.from_dict(table) for table in data.get("tables", ())),
            version=data.get("version"),
        )
