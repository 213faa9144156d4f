"""What a file is, going by its name alone: image, table, archive, paper, litter or something else.

Pure rules of naming, shared by the walk over a folder and by the unpacking of archives, so that
both agree on what belongs to a dataset.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".dcm")
TABLE_ENDINGS = (".csv", ".tab", ".tsv", ".txt")
BUNDLE_ENDINGS = (".npz", ".hdf5", ".h5")
ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")

COLUMN_MAP_NAME = "dermascan-columns.json"
"""The file that says what the columns of a table mean; see ``column_map``."""

ALLOWED = (
    "JPEG, PNG, BMP, TIFF, WebP and DICOM images (.jpg, .jpeg, .png, .bmp, .tif, .tiff, .webp, "
    ".dcm), tables (.csv, .tab, .tsv) and archives"
)

_LITTER = frozenset(
    {
        "__macosx",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "icon\r",
        "$recycle.bin",
        "system volume information",
        "@eadir",
    }
)
_PAPERS = ("readme", "license", "licence", "citation", "attribution", "notice", "changelog")
_PAPER_ENDINGS = ("", ".txt", ".md", ".rst")
_OTHER_IMAGES = (
    ".gif", ".heic", ".heif", ".avif", ".jfif", ".jp2",
    ".svg", ".raw", ".dng", ".cr2", ".nef",
)  # fmt: skip


class FileKind(StrEnum):
    IMAGE = "image"
    TABLE = "table"
    ARCHIVE = "archive"
    BUNDLE = "bundle"
    """Many images in one file of NumPy or HDF5; see ``bundles``."""
    COLUMN_MAP = "column_map"
    PAPER = "paper"
    """A readme or licence: kept, never read as data, never a problem."""
    LITTER = "litter"
    """What operating systems and previews leave behind: ignored in silence."""
    UNKNOWN = "unknown"


def ending(name: str) -> str:
    """The lower-case ending of a file name with its dot; ``.tar.gz`` counts as one."""
    lower = name.lower()
    if lower.endswith(".tar.gz"):
        return ".tar.gz"
    return PurePosixPath(lower).suffix


def is_litter(name: str) -> bool:
    """Whether one path component (file or folder) is hidden or left behind by a computer."""
    lower = name.lower()
    return (
        lower.startswith((".", "~$"))
        or lower in _LITTER
        # small copies of the HAM10000 pixels, which Kaggle puts beside the real images
        or (lower.startswith("hmnist_") and lower.endswith(".csv"))
    )


def kind_of(path: str) -> FileKind:
    """What the file at ``path`` (forward slashes) is by its name and the folders above it."""
    parts = PurePosixPath(path).parts
    if not parts or any(is_litter(part) for part in parts):
        return FileKind.LITTER
    name = parts[-1].lower()
    suffix = ending(name)
    if suffix in _PAPER_ENDINGS and name.startswith(_PAPERS):
        return FileKind.PAPER
    if not suffix and name.endswith("metadata"):
        return FileKind.TABLE
    if name == COLUMN_MAP_NAME:
        return FileKind.COLUMN_MAP
    kinds = {
        FileKind.IMAGE: IMAGE_ENDINGS,
        FileKind.TABLE: TABLE_ENDINGS,
        FileKind.ARCHIVE: ARCHIVE_ENDINGS,
        FileKind.BUNDLE: BUNDLE_ENDINGS,
    }
    return next((kind for kind, endings in kinds.items() if suffix in endings), FileKind.UNKNOWN)


def why_unknown(path: str) -> str:
    """One sentence for a file of kind ``UNKNOWN``: what it is and what happens to it."""
    suffix = ending(path)
    if suffix in _OTHER_IMAGES:
        return (
            f"{path!r} is left out: {suffix} images are not read; save it as .jpg or .png "
            "and upload it again."
        )
    what = f"files ending in {suffix}" if suffix else "files without an ending"
    return f"{path!r} is left out: {what} are not part of a dataset, which holds {ALLOWED}."
