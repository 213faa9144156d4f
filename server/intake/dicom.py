"""DICOM dermoscopy becomes a plain picture: a header full of names has no place in a dataset.

JPEG frames are taken out as they are; all others are decoded and kept as PNG, without loss but for
colour of more than 8 bits a channel. The first frame alone counts. pydicom is an extra, ``dicom``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path, PurePosixPath

from server.domain.errors import UnusableDataset
from server.intake.clean_jpeg import NotThisFormat

DICOM_ENDING = ".dcm"
REMOVED = b"This was a DICOM file that could not be read.\n"
UNREAD = (
    "is a DICOM file that could not be read, so all but its name was removed, since it may tell "
    "who the patient is"
)
NOT_UPLOADED = "is a DICOM file; upload it, so that it becomes a picture that names no patient"


def convert_dicom(folder: Path, paths: list[str]) -> None:
    """Put a picture beside every DICOM file of ``paths`` and remove that file.

    Of one that cannot be read only its name stays, to be named as a problem.

    Raises:
        UnusableDataset: pydicom is not installed.
    """
    found = [path for path in paths if is_dicom(path)]
    if found and importlib.util.find_spec("pydicom") is None:
        raise UnusableDataset(
            f"{found[0]!r} is a DICOM file, and this server cannot read these: on it, run "
            "pip install 'pydicom>=3,<4' (the extra 'dicom'), or save the images as PNG, then "
            "upload again. Nothing was kept.",
            file=found[0],
        )
    for path in found:
        _convert(folder / path)


def is_dicom(path: str) -> bool:
    """Whether a file is DICOM by its name."""
    return PurePosixPath(path).suffix.lower() == DICOM_ENDING


def _convert(file: Path) -> None:
    from server.intake.dicom_pixels import picture_of  # NumPy and pydicom only where they serve

    try:
        picture, ending = picture_of(file)
    except NotThisFormat:
        # never written in place: the upload that it came from may hold the same file
        file.unlink()
        file.write_bytes(REMOVED)
        return
    target = file.with_suffix(ending)
    if target.exists():
        target = file.with_name(file.name + ending)
    target.write_bytes(picture)
    file.unlink()
