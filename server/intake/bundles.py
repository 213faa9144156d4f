"""Images that come many in one file, NumPy's ``.npz`` or HDF5, made into ordinary files.

Each becomes a folder of its own name: ``train-image.hdf5`` gives ``train-image/ISIC_0015670.jpg``.
The bundle itself is removed then, as an archive is that has been unpacked. One that holds something
else stays where it is and is named.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from server.intake.bundle_writing import BundleFolder, UnknownBundle
from server.intake.file_kinds import FileKind
from server.intake.listing import list_files
from server.intake.manifest import Problem, ProblemKind
from server.intake.places import Places
from server.intake.unpack_limits import Budget, UnpackLimits

_WORK = ".extracting"  # hidden, so that nothing half done is ever taken for data


def extract_bundles(folder: Path, limits: UnpackLimits | None = None) -> list[Problem]:
    """Turn every bundle below ``folder`` into files; returns those that cannot be.

    Raises:
        TooLarge, UnsafeArchive, UnusableDataset, StorageFull: that bundle is left as it was.
    """
    budget = Budget(limits or UnpackLimits())
    listing = list_files(folder)
    places = Places(file.path for file in listing.files)
    problems: list[Problem] = []
    for path in listing.of_kind(FileKind.BUNDLE):
        bundle = folder / path
        budget.begin(bundle.name, bundle.stat().st_size)
        work = bundle.parent / _WORK
        shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
        work.mkdir()
        try:
            _extract(bundle, BundleFolder(bundle.name, work, budget))
        except UnknownBundle as error:
            problems.append(_left_out(path, str(error)))
        else:
            place, _ = places.place(str(PurePosixPath(path).with_suffix("")))
            work.rename(folder / place)
            bundle.unlink()
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return problems


def _extract(bundle: Path, into: BundleFolder) -> None:
    # only now, since NumPy and HDF5 take time and memory that other uploads can do without; each
    # thread of OpenBLAS would ask for more than this program may have
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if bundle.suffix.lower() == ".npz":
        from server.intake.npz_bundle import extract_npz

        extract_npz(bundle, into)
    else:
        from server.intake.hdf5_bundle import extract_hdf5

        extract_hdf5(bundle, into)


def _left_out(path: str, why: str) -> Problem:
    return Problem(
        ProblemKind.UNKNOWN_ENDING,
        f"The file {path!r} is left out: {why}. An .hdf5 must hold the bytes of JPEG or PNG images "
        "by their ids (as ISIC 2024's), an .npz must be a MedMNIST file.",
        file=path,
    )
