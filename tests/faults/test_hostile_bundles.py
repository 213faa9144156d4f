"""Images in one file from strangers: nothing executed, nothing outside read, memory kept."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.lib import format as npy
from PIL import Image

from tests.faults.import_process import take_in

MB = 1_000_000
MEMORY_CAP = 200 * MB
SECRET = b"\xff\xd8the secret of another file"


class _Evil:
    """Leaves a mark as soon as it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return (open, (str(self.mark), "w"))


def _header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    made = io.BytesIO()
    npy.write_array_header_1_0(made, {"shape": shape, "fortran_order": False, "descr": descr})
    return made.getvalue()


def _npz(path: Path, labels: bytes, images: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("train_labels.npy", labels)
        archive.writestr("train_images.npy", images)


def _objects_as_labels(path: Path, outside: Path) -> None:
    labels = _header((1,), "|O") + pickle.dumps(_Evil(outside / "mark"))
    _npz(path, labels, _header((1, 8, 8, 3)) + bytes(192))


def _objects_as_images(path: Path, outside: Path) -> None:
    images = _header((1, 8, 8, 3), "|O") + pickle.dumps(_Evil(outside / "mark"))
    _npz(path, _header((1,)) + b"\0", images)


def _endless_labels(path: Path, outside: Path) -> None:
    _npz(path, _header((10**15,)) + bytes(300 * MB), _header((10**15, 8, 8, 3)))


def _labels_less_than_none(path: Path, outside: Path) -> None:
    _npz(path, _header((-5,)) + bytes(300 * MB), _header((-5, 8, 8, 3)))


def _sides_less_than_none(path: Path, outside: Path) -> None:
    _npz(path, _header((1,)) + b"\0", _header((1, -8, -8, 3)) + bytes(192))


def _vast_pictures(path: Path, outside: Path) -> None:
    _npz(path, _header((1,)) + b"\0", _header((1, 10**6, 10**6, 3)))


def _vast_header(path: Path, outside: Path) -> None:
    labels = npy.magic(2, 0) + struct.pack("<I", 300 * MB) + bytes(300 * MB)
    _npz(path, labels, _header((1, 8, 8, 3)) + bytes(192))


def _external_link(path: Path, outside: Path) -> None:
    with h5py.File(outside / "secret.h5", "w") as secret:
        secret["a"] = np.frombuffer(SECRET, np.uint8)
    with h5py.File(path, "w") as file:
        file["a.jpg"] = h5py.ExternalLink(str(outside / "secret.h5"), "/a")


def _soft_link(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a.jpg"] = h5py.SoftLink("/elsewhere")


def _external_storage(path: Path, outside: Path) -> None:
    (outside / "secret.raw").write_bytes(SECRET)
    kept = [(str(outside / "secret.raw"), 0, len(SECRET))]
    with h5py.File(path, "w") as file:
        file.create_dataset("a.jpg", (len(SECRET),), "u1", external=kept)


def _virtual(path: Path, outside: Path) -> None:
    with h5py.File(outside / "source.h5", "w") as secret:
        secret["a"] = np.frombuffer(SECRET, np.uint8)
    layout = h5py.VirtualLayout((len(SECRET),), "u1")
    layout[:] = h5py.VirtualSource(str(outside / "source.h5"), "a", (len(SECRET),))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("a.jpg", layout)


def _reference(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a.jpg", (), h5py.ref_dtype)[()] = file.ref


def _absurd_shape(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a.jpg", (10**15,), "u1", chunks=(1024,))


def _vast_chunk(path: Path, outside: Path) -> None:
    size = 300 * MB
    with h5py.File(path, "w") as file:
        entry = file.create_dataset(
            "a.jpg", (100,), "u1", chunks=(size,), maxshape=(None,), compression=1
        )
        entry[:] = 1


def _cut_short(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a.jpg"] = np.zeros(10_000, np.uint8)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


HOSTILE: dict[str, Callable[[Path, Path], None]] = {
    "objects_as_labels.npz": _objects_as_labels,
    "objects_as_images.npz": _objects_as_images,
    "endless_labels.npz": _endless_labels,
    "labels_less_than_none.npz": _labels_less_than_none,
    "sides_less_than_none.npz": _sides_less_than_none,
    "vast_pictures.npz": _vast_pictures,
    "vast_header.npz": _vast_header,
    "external_link.hdf5": _external_link,
    "soft_link.hdf5": _soft_link,
    "external_storage.hdf5": _external_storage,
    "virtual.hdf5": _virtual,
    "reference.hdf5": _reference,
    "absurd_shape.hdf5": _absurd_shape,
    "vast_chunk.hdf5": _vast_chunk,
    "cut_short.hdf5": _cut_short,
}


@pytest.mark.fault(
    14, "images in hostile .npz and .hdf5 files", "nothing executed, nothing read, the rest kept"
)
def test_hostile_bundles_are_named_and_left_out_and_the_good_images_kept(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "data"
    outside.mkdir()
    good = [f"{label}/{number}.jpg" for label in "ab" for number in range(4)]
    for place, name in enumerate(good):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64), (place * 20, 90, 40)).save(folder / name)
    for name, write in HOSTILE.items():
        write(folder / name, outside)
    seen = take_in(folder)
    assert seen.exit_code == 0, seen.answer
    assert seen.images == set(good)
    assert seen.named >= set(HOSTILE)
    assert not (outside / "mark").exists()
    assert not [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in HOSTILE and SECRET in path.read_bytes()
    ]
    assert seen.memory < MEMORY_CAP
    measured(f"{len(HOSTILE)} files, all named; {seen.memory / MB:.0f} MB of memory at most")
