"""Opening every image once, whole: what it measures, or why it cannot be read.

Only Pillow's JPEG and PNG readers are ever used, whatever a file is called. Pillow lets other
threads run while it decodes, so a few threads keep all cores busy.
"""

from __future__ import annotations

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

from server.intake.png_stream import check_png

MAX_PIXELS = 100_000_000
_FORMATS = ("JPEG", "PNG")
_ORIENTATION = 0x0112
_LYING = range(5, 9)  # EXIF orientations that swap width and height
_LARGE = 4_000_000
_COEFFICIENT_BYTES = 120 * 1024**2
_BATCH = 512

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
    """

    path: str
    width: int
    height: int
    fault: str | None


def check_images(folder: Path, paths: Iterable[str]) -> Iterator[Checked]:
    """Decode the files (relative to ``folder``) fully and yield the results in the same order."""
    waiting = iter(paths)
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        while batch := list(islice(waiting, _BATCH)):
            yield from pool.map(lambda path: check_image(folder, path), batch)


def check_image(folder: Path, path: str) -> Checked:
    """Decode one file fully."""
    try:
        with Image.open(folder / path, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return _faulty(path, _too_large(width, height))
            fault = _decode(image, folder / path)
            if fault is not None:
                return _faulty(path, fault)
            if _orientation(image) in _LYING:
                width, height = height, width
            return Checked(path, width, height, None)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return _faulty(path, f"has more than {MAX_PIXELS // 1_000_000} megapixels")
    except MemoryError:
        return _faulty(path, "needs more memory than may be used")
    except Exception as error:  # a hostile file makes Pillow raise almost anything
        return _faulty(path, _why(folder / path, error))


def _decode(image: Image.Image, file: Path) -> str | None:
    """Read the picture to its last byte in little memory; what speaks against reading it."""
    is_large = image.width * image.height > _LARGE
    if is_large and image.format == "PNG":
        check_png(file)
        return None
    if _coefficient_bytes(image) > _COEFFICIENT_BYTES:
        return "is a progressive JPEG too large to be read; save it as an ordinary (baseline) JPEG"
    # At an eighth of the size a JPEG is still read to its last byte, but in a fraction of the
    # time and memory.
    image.draft("RGB", (1, 1))
    with _one_large_image if is_large else nullcontext():
        image.load()
    return None


def _coefficient_bytes(image: Image.Image) -> int:
    """What a progressive JPEG keeps in memory, at whatever size it is read; 0 for all others."""
    if not image.info.get("progressive"):
        return 0
    shares: list[int] = [across * down for _, across, down, _ in getattr(image, "layer", [])] or [1]
    return 2 * image.width * image.height * sum(shares) // max(shares)


def _orientation(image: Image.Image) -> int:
    if "exif" not in image.info:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF says nothing about the picture
        return 1


def _faulty(path: str, fault: str) -> Checked:
    return Checked(path, 0, 0, fault)


def _too_large(width: int, height: int) -> str:
    return (
        f"measures {width} × {height} pixels; at most {MAX_PIXELS // 1_000_000} megapixels are read"
    )


def _why(file: Path, error: Exception) -> str:
    try:
        if file.stat().st_size == 0:
            return "is empty"
        with file.open("rb") as opened:
            start = opened.read(8)
    except OSError as refused:
        return f"cannot be opened ({refused.strerror})"
    if not start.startswith((b"\xff\xd8", b"\x89PNG\r\n\x1a\n")):
        return "is not a JPEG or PNG image, whatever its name says"
    if "truncated" in str(error):
        return "is cut short: its end is missing"
    return "is damaged and cannot be decoded"
