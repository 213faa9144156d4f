"""The walk over a dataset's folder: every file in it, with its kind, size and time of change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.domain.errors import UnusableDataset
from server.intake.file_kinds import FileKind, is_litter, kind_of
from server.intake.manifest import Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file below the dataset's folder.

    Attributes:
        path: relative to the folder, with forward slashes.
        kind: what it is, by its name.
        size: in bytes.
        changed_ns: time of the last change, nanoseconds since 1970.
    """

    path: str
    kind: FileKind
    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a folder, ordered by path; litter and hidden files are not in it.

    Attributes:
        folder: the dataset's folder.
        files: what was found.
        problems: folders that could not be opened.
    """

    folder: Path
    files: tuple[FoundFile, ...]
    problems: tuple[Problem, ...]

    def of_kind(self, kind: FileKind) -> list[str]:
        """Paths of the files of that kind, in order."""
        return [file.path for file in self.files if file.kind is kind]

    def locate(self, path: str) -> Path:
        """The full path of a file named relative to the folder."""
        return self.folder / path


def list_files(folder: Path) -> Listing:
    """Everything below ``folder``. Links are followed, each folder is entered once.

    Raises:
        UnusableDataset: when ``folder`` is not a folder that can be read.
    """
    if not folder.is_dir():
        raise UnusableDataset(
            f"There is no folder {str(folder)!r}; name the folder that holds the images."
        )
    problems: list[Problem] = []
    files = sorted(_walk(folder, problems), key=lambda file: file.path)
    return Listing(folder, tuple(files), tuple(problems))


def _walk(folder: Path, problems: list[Problem]) -> Iterator[FoundFile]:
    waiting = [("", folder)]
    entered: set[tuple[int, int]] = set()
    while waiting:
        prefix, current = waiting.pop()
        try:
            status = current.stat()
            # Windows before 3.12 may give no file number; there, loops of links are not a habit
            identity = (status.st_dev, status.st_ino)
            if status.st_ino and identity in entered:
                continue
            entered.add(identity)
            with os.scandir(current) as entries:
                found = [entry for entry in entries if not is_litter(entry.name)]
        except OSError as error:
            problems.append(_closed(prefix, error))
            continue
        for entry in found:
            path = prefix + entry.name
            if not _is_text(entry.name):
                problems.append(_odd_name(path))
            elif entry.is_dir():
                waiting.append((f"{path}/", Path(entry.path)))
            elif (file := _found(path, entry)) is not None:
                yield file


def _is_text(name: str) -> bool:
    """False for names in an old encoding, which no table and no JSON file could repeat."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _found(path: str, entry: os.DirEntry[str]) -> FoundFile | None:
    try:
        status = entry.stat()
    except OSError:  # a link to nothing: stays in the list and fails when it is read
        status = entry.stat(follow_symlinks=False)
    else:
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would never end
            return None
    return FoundFile(path, kind_of(path), status.st_size, status.st_mtime_ns)


def _odd_name(path: str) -> Problem:
    readable = path.encode(errors="replace").decode()
    return Problem(
        ProblemKind.LAYOUT,
        f"The name {readable!r} is not written in UTF-8; the file is left out. Rename it.",
        file=readable,
    )


def _closed(prefix: str, error: OSError) -> Problem:
    name = prefix.rstrip("/") or "."
    return Problem(
        ProblemKind.LAYOUT,
        f"The folder {name!r} cannot be opened ({error.strerror}); what is in it is left out.",
        file=name,
    )
