"""Every picture of an upload without GPS, names and all else that is said about it.

The pixels are never encoded again, so nothing is lost; how the camera was held stays. A file that
keeps no format's rules is left as it is: it cannot be read as a picture either, and is named as a
problem when the folder is understood.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from server.domain.errors import StorageFull
from server.intake import clean_jpeg, clean_png, clean_webp
from server.intake.clean_bmp import START as BMP_START
from server.intake.clean_bmp import clean_bmp
from server.intake.clean_jpeg import NotThisFormat
from server.intake.clean_tiff import STARTS as TIFF_STARTS
from server.intake.clean_tiff import clean_tiff
from server.intake.dicom import convert_dicom
from server.intake.file_kinds import FileKind
from server.intake.listing import list_files
from server.intake.orientation import UPRIGHT, orientation_in
from server.intake.png_words import png_orientation

_BATCH = 512
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class _Format:
    """One format: by what it begins, and how it is cleaned."""

    name: str
    begins: Callable[[bytes], bool]
    clean: Callable[[bytes, int], bytes]
    orientation: Callable[[bytes], int]


_FORMATS = (
    _Format(
        "JPEG",
        lambda data: data.startswith(clean_jpeg.START),
        clean_jpeg.clean_jpeg,
        lambda data: orientation_in(data, "JPEG") if clean_jpeg.says_something(data) else UPRIGHT,
    ),
    _Format(
        "PNG",
        lambda data: data.startswith(clean_png.START),
        clean_png.clean_png,
        lambda data: png_orientation(BytesIO(data)),
    ),
    _Format(
        "WEBP",
        clean_webp.is_webp,
        clean_webp.clean_webp,
        lambda data: orientation_in(data, "WEBP") if clean_webp.says_something(data) else UPRIGHT,
    ),
    _Format(
        "TIFF",
        lambda data: data.startswith(TIFF_STARTS),
        clean_tiff,
        lambda data: orientation_in(data, "TIFF"),
    ),
    _Format(
        "BMP",
        lambda data: data.startswith(BMP_START),
        lambda data, _: clean_bmp(data),
        lambda _: UPRIGHT,
    ),
)


def cleaned(data: bytes) -> bytes:
    """The bytes of a picture's file without metadata; its pixels and orientation are the same.

    Cleaning twice gives the same as cleaning once.

    Raises:
        NotThisFormat: it keeps the rules of none of JPEG, PNG, WebP, TIFF and BMP.
    """
    for each in _FORMATS:
        if each.begins(data):
            return each.clean(data, each.orientation(data))
    raise NotThisFormat("it begins like none of the formats that are read")


def clean_folder(folder: Path) -> int:
    """Clean every picture below ``folder`` where it lies; returns how many files changed.

    DICOM files become pictures first. It is the folder of an import: what a crash leaves half
    written in it is thrown away.

    Raises:
        StorageFull: the disk has no room for a changed copy.
        UnusableDataset: there are DICOM files, and pydicom is not installed.
    """
    convert_dicom(folder, list_files(folder).of_kind(FileKind.IMAGE))
    paths = [folder / path for path in list_files(folder).of_kind(FileKind.IMAGE)]
    changed = 0
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for begin in range(0, len(paths), _BATCH):
            try:
                changed += sum(pool.map(clean_file, paths[begin : begin + _BATCH]))
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                raise StorageFull(
                    "The server's disk is full while removing metadata from the images; nothing "
                    "was kept. Make room and try again."
                ) from error
    return changed


def clean_file(path: Path) -> bool:
    """Clean one file where it lies; returns whether that changed it."""
    data = path.read_bytes()
    try:
        clean = cleaned(data)
    except NotThisFormat:
        return False
    if clean == data:
        return False
    if path.stat().st_nlink > 1:
        # never through a link: the upload that it came from may be tried again
        path.unlink()
        path.write_bytes(clean)
    else:
        # in place, which spares the disk the freeing of blocks (2 ms a file where they were synced)
        with path.open("r+b") as file:
            file.write(clean)
            file.truncate()
    return True
