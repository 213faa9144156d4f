"""Opening every image once, whole: what it measures, or why it cannot be read.

Only Pillow's readers of the formats on our list are ever used, whatever a file is called. Pillow
lets other threads run while it decodes, so a few threads keep all cores busy.
"""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PIL import Image

from server.domain.pixels import FORMATS, MAX_PIXELS, NO_COLOUR
from server.intake.dicom import NOT_UPLOADED, REMOVED, UNREAD, is_dicom
from server.intake.look import Look, Measure
from server.intake.orientation import UPRIGHT, orientation_of
from server.intake.png_stream import check_png
from server.intake.png_words import png_orientation

_BEGINNINGS = (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LYING = range(5, 9)  # EXIF orientations that swap width and height
_LARGE = 4_000_000
_COEFFICIENT_BYTES = 120 * 1024**2
_BATCH = 512
_SEEN_SIDE = 224

# Pillow's own alarm is set to our limit and made an error, for the whole process: nothing here
# ever means to open a larger image.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.preinit()

_one_large_image = threading.Lock()


@dataclass(frozen=True, slots=True)
class Checked:
    """Result for one file: its size in pixels with the orientation applied, or what is wrong.

    ``fault`` ends a sentence that begins with the file's name ("is empty"); None = all is well.
    ``orientation`` is what EXIF says that is still to be applied, 1–8. ``sha256`` is of the file.
    ``look`` is what was measured of it, if that was asked for.
    """

    path: str
    width: int
    height: int
    fault: str | None
    orientation: int = UPRIGHT
    sha256: str = ""
    look: Look | None = None


def check_images(
    folder: Path, paths: Iterable[str], measure: Measure | None = None
) -> Iterator[Checked]:
    """Decode the files (relative to ``folder``) fully and yield the results in the same order."""
    waiting = iter(paths)
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        while batch := list(islice(waiting, _BATCH)):
            yield from pool.map(lambda path: check_image(folder, path, measure), batch)


def check_image(folder: Path, path: str, measure: Measure | None = None) -> Checked:
    """Decode one file fully, name its bytes, and measure it if that is asked for."""
    try:
        with (folder / path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with Image.open(folder / path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return _faulty(path, _too_large(width, height))
            fault = _decode(image, folder / path, to_measure=measure is not None)
            if fault is not None:
                return _faulty(path, fault)
            look = _measured(image, measure) if measure is not None else None
            # asked once the pixels are there: TIFF turns itself upright while it is decoded
            orientation = _orientation(image, folder / path)
            if orientation in _LYING:
                width, height = height, width
            return Checked(path, width, height, None, orientation, sha256, look)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return _faulty(path, f"has more than {MAX_PIXELS // 1_000_000} megapixels")
    except MemoryError:
        return _faulty(path, "needs more memory than may be used")
    except Exception as error:  # a hostile file makes Pillow raise almost anything
        return _faulty(path, _why(folder / path, error))


def _decode(image: Image.Image, file: Path, *, to_measure: bool) -> str | None:
    """Read the picture to its last byte in little memory; what speaks against reading it."""
    is_large = _is_large(image)
    if is_large and image.format == "PNG":
        check_png(file)
        return None
    if _coefficient_bytes(image) > _COEFFICIENT_BYTES:
        return "is a progressive JPEG too large to be read; save it as an ordinary (baseline) JPEG"
    # At an eighth of the size a JPEG is still read to its last byte, but in a fraction of the
    # time and memory. To be measured, it must be as large as that needs, but only in grey.
    if to_measure:
        image.draft("L", (_SEEN_SIDE, _SEEN_SIDE))
    else:
        image.draft("RGB", (1, 1))
    with _one_large_image if is_large else nullcontext():
        image.load()
    return _no_colour(image.mode) if image.mode in NO_COLOUR else None


def _measured(image: Image.Image, measure: Measure) -> Look | None:
    with _one_large_image if _is_large(image) else nullcontext():
        return measure(image)


def _is_large(image: Image.Image) -> bool:
    return image.width * image.height > _LARGE


def _orientation(image: Image.Image, file: Path) -> int:
    if image.format != "PNG":
        return orientation_of(image)
    with file.open("rb") as opened:
        return png_orientation(opened)


def _coefficient_bytes(image: Image.Image) -> int:
    """What a progressive JPEG keeps in memory, at whatever size it is read; 0 for all others."""
    if not image.info.get("progressive"):
        return 0
    shares = [across * down for _, across, down, _ in getattr(image, "layer", [])] or [1]
    return int(2 * image.width * image.height * sum(shares) // max(shares))


def _faulty(path: str, fault: str) -> Checked:
    return Checked(path, 0, 0, fault)


def _too_large(width: int, height: int) -> str:
    return (
        f"measures {width} × {height} pixels; at most {MAX_PIXELS // 1_000_000} megapixels are read"
    )


def _no_colour(mode: str) -> str:
    kind = {"F": "floating-point", "LAB": "CIELAB"}.get(mode, mode)
    return f"holds {kind} pixels, which have no agreed meaning as a colour"


def _begins_like_an_image(start: bytes) -> bool:
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    return start.startswith(_BEGINNINGS)


def _why(file: Path, error: Exception) -> str:
    try:
        if file.stat().st_size == 0:
            return "is empty"
        with file.open("rb") as opened:
            start = opened.read(12)
    except OSError as refused:
        return f"cannot be opened ({refused.strerror})"
    if is_dicom(file.name):
        return UNREAD if REMOVED.startswith(start) else NOT_UPLOADED
    if not _begins_like_an_image(start):
        return "is not a JPEG, PNG, BMP, TIFF or WebP image, whatever its name says"
    if "truncated" in str(error):
        return "is cut short: its end is missing"
    return "is damaged and cannot be decoded"
