"""DermaMNIST's way: an npz with pixels and class numbers of the parts train, val and test.

The pixels become PNG files, which lose nothing, and the numbers a table with the names of the
classes. An npz is a zip of arrays; they are read image by image, and never unpickled.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from PIL import Image

from server.intake.bundle_writing import BundleFolder, UnknownBundle, damage_is_said

_PARTS = ("train", "val", "test")
_DERMAMNIST = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
_HEADER = ("image_id", "label", "official_split", "medmnist_set")
_MOST_PIXELS = 4096 * 4096
_MOST_LABELS = 2_000_000
_COLOUR = 4


def extract_npz(bundle: Path, into: BundleFolder) -> None:
    """Write every image of ``bundle`` and a table of their labels into the folder.

    Raises:
        UnknownBundle: it holds something else, or is damaged.
        TooLarge, UnsafeArchive, StorageFull, UnusableDataset: as ``BundleFolder.write``.
    """
    stem = bundle.stem
    rows: list[tuple[str, str, str, str]] = []
    with damage_is_said("it is damaged, or is no npz file"), zipfile.ZipFile(bundle) as archive:
        for part in [part for part in _PARTS if f"{part}_images.npy" in archive.namelist()]:
            labels = _labels(archive, part)
            for place, png in enumerate(_pictures(archive, part, len(labels))):
                image_id = f"{part}_{place:06d}"
                into.write(f"{image_id}.png", png)
                rows.append((image_id, _class_name(stem, labels[place]), part, stem))
    if not rows:
        raise UnknownBundle(
            "it has no arrays train_images and train_labels, as DermaMNIST's files have"
        )
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_HEADER, *rows])
    into.write(f"{stem}_labels.csv", text.getvalue().encode())


def _class_name(stem: str, number: int) -> str:
    if stem.lower().startswith("dermamnist") and 0 <= number < len(_DERMAMNIST):
        return _DERMAMNIST[number]
    return f"class {number}"


def _labels(archive: zipfile.ZipFile, part: str) -> list[int]:
    name = f"{part}_labels.npy"
    with archive.open(name) as stream:
        shape, dtype = _array_header(stream, name)
        columns = 1 if len(shape) == 1 else shape[1] if len(shape) == 2 else 0
        if columns != 1 or dtype.kind not in "iu":
            raise UnknownBundle(f"its {part}_labels are not one number an image")
        if shape[0] > _MOST_LABELS:
            raise UnknownBundle(f"its {part}_labels claim more than {_MOST_LABELS:,} images")
        found = np.frombuffer(_exactly(stream, shape[0] * dtype.itemsize), dtype)
    return [int(number) for number in found]


def _pictures(archive: zipfile.ZipFile, part: str, count: int) -> Iterator[bytes]:
    name = f"{part}_images.npy"
    with archive.open(name) as stream:
        shape, dtype = _array_header(stream, name)
        grey = len(shape) == _COLOUR - 1
        if dtype != np.uint8 or not (grey or (len(shape) == _COLOUR and shape[3] == 3)):
            raise UnknownBundle(f"its {part}_images are not pixels of 8 bits, grey or RGB")
        if shape[0] != count or not 0 < shape[1] * shape[2] <= _MOST_PIXELS:
            raise UnknownBundle(f"its {part}_images and {part}_labels do not go together")
        size = math.prod(shape[1:])
        for _ in range(count):
            pixels = np.frombuffer(_exactly(stream, size), np.uint8).reshape(shape[1:])
            png = io.BytesIO()
            Image.fromarray(pixels).save(png, "PNG")
            yield png.getvalue()


def _array_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    if npy.read_magic(stream) != (1, 0):  # the others may announce gigabytes of header
        raise UnknownBundle(f"the form of its array {name!r} is not known")
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    if min(shape, default=0) < 0:
        raise UnknownBundle(f"its array {name!r} has no possible size")
    if fortran and len(shape) > 1 and min(shape) > 1:
        raise UnknownBundle(f"its array {name!r} is stored by columns")
    return shape, dtype


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data
