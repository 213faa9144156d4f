"""Every image decoded and resized once, kept as bytes on the disk.

The cache lies in the dataset's ``.dermascan`` folder, named by what it holds: the bytes of the
images, their order and the size. Later runs on the same images start at once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

from server.domain.errors import InvalidInput, StorageFull, UnusableDataset
from server.domain.pixels import read_square
from server.intake.manifest import LesionImage
from server.training.engine.records import DamagedRecords, RecordFile, RecordWriter
from server.training.engine.threads import map_in_threads

CACHE_FOLDER = ".dermascan"
_VERSION = "1"


def hash_files(folder: Path, images: Sequence[LesionImage]) -> list[str]:
    """SHA-256 of every image's file, in order, as hexadecimal digits.

    Raises:
        UnusableDataset: naming the file that cannot be read.
    """

    def one(image: LesionImage) -> str:
        try:
            with (folder / image.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(image, error) from error

    return list(map_in_threads(one, images))


def pixel_key(hashes: Sequence[str], size: int) -> bytes:
    """32 bytes that name the pixels of these files, in this order, at this size."""
    return hashlib.sha256("\n".join([_VERSION, str(size), *hashes]).encode()).digest()


def has_pixels(folder: Path, hashes: Sequence[str], size: int) -> bool:
    """Whether the pixels of these files lie in the dataset's folder already."""
    return _pixel_file(folder / CACHE_FOLDER, pixel_key(hashes, size), size).is_file()


def open_pixels(
    folder: Path,
    images: Sequence[LesionImage],
    hashes: Sequence[str],
    size: int,
    *,
    spare_folder: Path,
    decoded: Callable[[int], None],
) -> tuple[RecordFile, bool]:
    """The pixels of ``images``: record ``i`` is image ``i`` as uint8 [size, size, 3], RGB.

    Args:
        folder: the dataset's.
        hashes: of the files, from ``hash_files``.
        spare_folder: takes the cache when the dataset's folder cannot be written.
        decoded: called with the number of images done since the last call.

    Returns:
        The open file, and whether it was there already.

    Raises:
        UnusableDataset: naming the image that cannot be read.
        StorageFull: when the disk has no room for it.
    """
    key = pixel_key(hashes, size)
    place = place_for_caches(folder, spare_folder)
    path = _pixel_file(place, key, size)
    record_bytes = size * size * 3
    try:
        return RecordFile(path, key, record_bytes), True
    except (FileNotFoundError, DamagedRecords):
        pass
    _remove_outdated(place, size, keep=path)
    try:
        with RecordWriter(path, key, record_bytes) as writer:
            for pixels in map_in_threads(lambda image: _decode(folder, image, size), images):
                writer.append(pixels)
                decoded(1)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull(
                f"The disk has no room for the resized images ({len(images) * record_bytes:,} "
                f"bytes in {place}). Free some space and start again."
            ) from error
        raise
    return RecordFile(path, key, record_bytes), False


def auto_image_size(images: Sequence[LesionImage], native_size: int) -> int:
    """The input size for these images: the median shorter side to the nearest multiple of 32.

    At least 64 pixels, and at most what the backbone was designed for, since enlarging adds cost
    and no detail.
    """
    median = float(np.median([min(image.width, image.height) for image in images]))
    return max(64, min(native_size, 32 * int(median / 32 + 0.5)))


def _pixel_file(place: Path, key: bytes, size: int) -> Path:
    return place / f"pixels_{size}_{key.hex()[:16]}.bin"


def _decode(folder: Path, image: LesionImage, size: int) -> npt.NDArray[np.uint8]:
    try:
        return np.asarray(read_square((folder / image.path).read_bytes(), size), dtype=np.uint8)
    except (OSError, InvalidInput) as error:
        raise _unreadable(image, error) from error


def _unreadable(image: LesionImage, error: Exception) -> UnusableDataset:
    return UnusableDataset(
        f"The image {image.path} cannot be read any more ({error}). Replace or remove it, then "
        "start again.",
        file=image.path,
    )


def place_for_caches(folder: Path, spare: Path) -> Path:
    """The dataset's ``.dermascan`` folder, or ``spare`` where that cannot be written."""
    wanted = folder / CACHE_FOLDER
    try:
        wanted.mkdir(exist_ok=True)
        probe = wanted / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        spare.mkdir(parents=True, exist_ok=True)
        return spare
    return wanted


def _remove_outdated(place: Path, size: int, keep: Path) -> None:
    """Caches of this size for other images, and drafts of runs that were killed."""
    outdated = [old for old in place.glob(f"pixels_{size}_*.bin") if old != keep]
    for old in [*outdated, *filter(_is_orphan, place.glob("pixels_*.partial"))]:
        with contextlib.suppress(OSError):  # in use by another run, on Windows
            old.unlink()


def _is_orphan(draft: Path) -> bool:
    """Whether the process that writes ``…bin.<process>.partial`` is gone."""
    process = draft.name.split(".")[-2]
    return not (process.isdigit() and psutil.pid_exists(int(process)))
