"""ISIC 2024's way: an HDF5 file with one entry an image, its id as the name, its JPEG as the bytes.

The bytes are written down as they are. HDF5 can also point at other files of the computer (external
links, external storage, virtual datasets); nothing of that kind is ever followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from server.intake.bundle_writing import BundleFolder, UnknownBundle, damage_is_said

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_LARGEST_IMAGE = 64 * 1024**2


def extract_hdf5(bundle: Path, into: BundleFolder) -> None:
    """Write every image of ``bundle`` into the folder.

    Raises:
        UnknownBundle: it holds something else, or is damaged.
        TooLarge, UnsafeArchive, StorageFull, UnusableDataset: as ``BundleFolder.write``.
    """
    written = 0
    with damage_is_said("it is damaged, or is no HDF5 file"), h5py.File(bundle, "r") as file:
        for name, content in _entries(file):
            into.write(f"{name}{_ending(name, content)}", content)
            written += 1
    if not written:
        raise UnknownBundle("it is empty")


def _entries(file: h5py.File) -> Iterator[tuple[str, bytes]]:
    for name in file:
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise UnknownBundle(f"its entry {name!r} points at another file, which is not followed")
        entry = file[name]
        if not isinstance(entry, h5py.Dataset) or entry.is_virtual or entry.external:
            raise UnknownBundle(f"its entry {name!r} is not the bytes of an image")
        yield name, _bytes_of(entry, name)


def _bytes_of(entry: h5py.Dataset, name: str) -> bytes:
    unpacked = max(entry.size or 0, math.prod(entry.chunks or ()))  # a chunk is unpacked whole
    if unpacked * entry.dtype.itemsize > _LARGEST_IMAGE:
        raise UnknownBundle(f"its entry {name!r} is too large to be an image")
    if entry.shape == ():
        found = entry[()]
        if isinstance(found, bytes):
            return found
        if not entry.dtype.hasobject:  # those hold addresses in this program's memory
            return np.asarray(found).tobytes()
    elif entry.ndim == 1 and entry.dtype == np.uint8:
        return np.asarray(entry[:]).tobytes()
    raise UnknownBundle(f"its entry {name!r} is not the bytes of an image")


def _ending(name: str, content: bytes) -> str:
    if name.lower().endswith((".jpg", ".jpeg", ".png")):
        return ""
    if content.startswith(_JPEG):
        return ".jpg"
    if content.startswith(_PNG):
        return ".png"
    raise UnknownBundle(f"its entry {name!r} is neither a JPEG nor a PNG image")
