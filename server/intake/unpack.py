"""Unpacking archives that strangers made: only ordinary files, only inside, only so much.

What is kept: images, tables, readmes, and archives inside archives, which are unpacked in turn.
What is not: anything else (named as a problem), links and devices (named), litter (silently).
Names are mended, never trusted. Bytes are counted while they are written. What fails leaves
nothing behind.
"""

from __future__ import annotations

import errno
import filecmp
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from server.domain.errors import StorageFull, UnsafeArchive, UnusableDataset
from server.intake.archive_reading import Entry, read_entries
from server.intake.file_kinds import FileKind, ending, kind_of, why_unknown
from server.intake.manifest import Problem, ProblemKind
from server.intake.places import Places
from server.intake.safe_names import leads_outside, safe_relative_path, shown
from server.intake.unpack_limits import Budget, UnpackLimits

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive.

    Attributes:
        files: paths relative to the target folder, with forward slashes, in order of the archive.
        problems: entries that were not kept or got another name. Their ``file`` is the archive's
            name, a slash, and the name in the archive.
    """

    files: tuple[str, ...]
    problems: tuple[Problem, ...]


def unpack(
    archive: Path, into: Path, limits: UnpackLimits | None = None, budget: Budget | None = None
) -> Unpacked:
    """Unpack ``archive`` (.zip, .tar, .tgz, .tar.gz) into the folder ``into``.

    Args:
        budget: counts several archives together; else each has the whole of ``limits``.

    Raises:
        UnsafeArchive: it breaks a rule of safe unpacking.
        TooLarge: over a limit.
        UnusableDataset: it is damaged, or a file in it cannot be written here.
        StorageFull: the disk has no room.
    """
    budget = budget or Budget(limits or UnpackLimits())
    budget.begin(archive.name, archive.stat().st_size)
    work = _Unpacking(into, budget)
    try:
        work.run(archive, archive.name, "", depth=0)
    except OSError as error:
        work.undo()
        raise not_written(archive.name, error) from error
    except BaseException:
        work.undo()
        raise
    return Unpacked(tuple(work.files), tuple(work.problems))


class _Unpacking:
    """One archive on its way out, with the archives inside it."""

    def __init__(self, into: Path, budget: Budget) -> None:
        self.files: dict[str, None] = {}
        self.problems: list[Problem] = []
        self._into = into
        self._budget = budget
        self._made: list[Path] = []
        there = into.rglob("*") if into.is_dir() else ()
        self._places = Places(
            path.relative_to(into).as_posix() for path in there if not path.is_dir()
        )

    def run(self, archive: Path, name: str, prefix: str, depth: int) -> None:
        """Unpack ``archive``, called ``name`` in sentences, below the folder ``prefix``."""
        for entry in read_entries(archive, name, self._budget):
            self._budget.entry()
            path = safe_relative_path(entry.name)
            if path is None or entry.is_folder or kind_of(path) is FileKind.LITTER:
                continue
            label = f"{name}/{shown(entry.name)}"
            if not entry.is_file:
                self._say(ProblemKind.LAYOUT, f"{label!r} is a link or a device, no file", label)
            elif kind_of(path) is FileKind.UNKNOWN:
                self.problems.append(
                    Problem(ProblemKind.UNKNOWN_ENDING, why_unknown(shown(path)), file=label)
                )
            elif kind_of(path) is FileKind.ARCHIVE:
                self._nested(entry, prefix + path, label, depth + 1)
            else:
                self._keep(entry, prefix + path, label)

    def undo(self) -> None:
        """Remove all that was written."""
        for path in reversed(self._made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)

    def _keep(self, entry: Entry, wish: str, label: str) -> None:
        place, other = self._places.place(wish)
        self._write(entry, place)
        if other is not None and self._is_copy(place, other):
            (self._into / place).unlink()
            del self.files[place]
        elif other is not None:
            self.problems.append(
                Problem(
                    ProblemKind.LAYOUT,
                    f"There are two different files {wish!r} (letter case does not count); the "
                    f"second is stored as {place!r}.",
                    file=label,
                )
            )
        elif leads_outside(entry.name):
            self.problems.append(
                Problem(
                    ProblemKind.LAYOUT,
                    f"The name {label!r} leads out of the archive; the file is stored as "
                    f"{place!r}.",
                    file=label,
                )
            )

    def _nested(self, entry: Entry, wish: str, label: str, depth: int) -> None:
        if depth > self._budget.limits.nesting:
            raise UnsafeArchive(
                f"{label!r} is an archive inside an archive inside an archive; at most "
                f"{self._budget.limits.nesting} levels are unpacked. Unpack it yourself.",
                file=label,
            )
        place, _ = self._places.place(wish)
        self._write(entry, place)
        packed = self._into / place
        self.run(packed, label, f"{without_ending(place)}/", depth)
        packed.unlink()
        del self.files[place]

    def _write(self, entry: Entry, place: str) -> None:
        target = self._into / place
        self._make_folder(target.parent)
        size = 0
        with target.open("xb") as file:
            self._made.append(target)
            self.files[place] = None
            for chunk in entry.chunks():
                size += len(chunk)
                self._budget.spend(len(chunk), size)
                file.write(chunk)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir()
            self._made.append(each)

    def _is_copy(self, place: str, other: str) -> bool:
        return other in self.files and filecmp.cmp(
            self._into / place, self._into / other, shallow=False
        )

    def _say(self, kind: ProblemKind, what: str, label: str) -> None:
        self.problems.append(Problem(kind, f"{what}; it is left out.", file=label))


def not_written(archive: str, error: OSError) -> StorageFull | UnusableDataset:
    """What is said when the system refuses to write what comes out of an archive."""
    if error.errno in _FULL:
        return StorageFull(
            f"The server's disk is full while unpacking {archive!r}; nothing was kept. "
            "Make room and try again."
        )
    return UnusableDataset(
        f"The archive {archive!r} cannot be unpacked here ({error.strerror}); nothing was kept. "
        "Unpack it yourself, shorten long names, and upload the images.",
        file=archive,
    )


def without_ending(path: str) -> str:
    """The path of an archive without ``.zip``, ``.tar.gz`` and so on."""
    pure = PurePosixPath(path)
    stem = pure.name[: len(pure.name) - len(ending(pure.name))]
    return str(pure.with_name(stem or pure.name))
