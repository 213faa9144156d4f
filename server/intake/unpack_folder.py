"""Unpacking every archive that lies in a dataset's folder, each where it lies.

What comes out takes the archive's place, except for an archive of loose images: that gets a folder
of its own name, since the name may be the class (``melanoma.zip``) or a part (``part_1.zip``). So
does an archive whose table would otherwise meet files of the same name.
"""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path, PurePosixPath

from server.intake.archive_reading import announced_entries
from server.intake.file_kinds import FileKind, kind_of
from server.intake.listing import list_files
from server.intake.manifest import Problem, ProblemKind
from server.intake.places import Places
from server.intake.progress import SILENT, Progress
from server.intake.unpack import Unpacked, unpack, without_ending
from server.intake.unpack_limits import Budget, UnpackLimits

_WORK = ".unpacking"  # hidden, so that nothing half done is ever taken for data


def unpack_folder(
    folder: Path, limits: UnpackLimits | None = None, progress: Progress = SILENT
) -> tuple[int, list[Problem]]:
    """Unpack all archives below ``folder`` and remove them; returns how many, and the problems.

    Raises:
        UnsafeArchive, TooLarge, UnusableDataset, StorageFull: as ``unpack``; that archive is left
            as it was, with nothing of its content.
    """
    archives = list_files(folder).of_kind(FileKind.ARCHIVE)
    budget = Budget(limits or UnpackLimits(), progress.one_more)
    if archives:
        progress.begin("unpacking", announced_entries([folder / path for path in archives]))
    problems: list[Problem] = []
    for path in archives:
        archive = folder / path
        work = archive.parent / _WORK
        _remove(work)  # of a run that was killed
        work.mkdir()
        try:
            unpacked = unpack(archive, work, budget=budget)
        except BaseException:
            _remove(work)
            raise
        archive.unlink()
        problems += unpacked.problems
        problems += _settle(folder, PurePosixPath(path), work, unpacked)
    return len(archives), problems


def _settle(folder: Path, archive: PurePosixPath, work: Path, unpacked: Unpacked) -> list[Problem]:
    """Move what came out of ``archive`` from ``work`` to where it belongs."""
    beside = "" if len(archive.parts) == 1 else f"{archive.parent}/"
    places = Places(file.path for file in list_files(folder).files)
    prefix = (
        beside if _takes_the_place(folder, beside, unpacked) else f"{without_ending(str(archive))}/"
    )
    problems: list[Problem] = []
    for path in unpacked.files:
        place, other = places.place(prefix + path)
        if other is not None and filecmp.cmp(work / path, folder / other, shallow=False):
            continue
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / path).rename(target)
        if other is not None:
            problems.append(_renamed(archive, path, prefix + path, place))
    _remove(work)
    return problems


def _takes_the_place(folder: Path, beside: str, unpacked: Unpacked) -> bool:
    loose = all("/" not in path for path in unpacked.files)
    tables = any(kind_of(path) is FileKind.TABLE for path in unpacked.files)
    if tables:
        return not any((folder / beside / path).exists() for path in unpacked.files)
    return not loose


def _renamed(archive: PurePosixPath, path: str, wish: str, place: str) -> Problem:
    return Problem(
        ProblemKind.LAYOUT,
        f"There are two different files {wish!r} (letter case does not count); the one from "
        f"{archive.name!r} is stored as {place!r}.",
        file=f"{archive.name}/{path}",
    )


def _remove(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
