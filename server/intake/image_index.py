"""Finding the file that a row of a table means.

``image_path`` is often missing, written for another computer, or out of date. So it is tried first
as it stands, then by as many of its last parts as agree, then ``<image_id>.<ending>`` anywhere.
"""

from __future__ import annotations

import filecmp
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from server.intake.file_kinds import FileKind, ending
from server.intake.listing import Listing


@dataclass(frozen=True, slots=True)
class Match:
    """The files a row may mean: none, one, or several that differ.

    Attributes:
        paths: one path when the answer is clear; byte-identical copies are not repeated here.
        copies: further files with exactly the same bytes as the one in ``paths``.
    """

    paths: tuple[str, ...]
    copies: tuple[str, ...] = ()


class ImageIndex:
    """All images of a dataset, to be found by path, by file name and by id."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._sizes = {file.path: file.size for file in listing.files}
        self._by_path: dict[str, list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for path in listing.of_kind(FileKind.IMAGE):
            key = fold(path)
            name = key.rsplit("/", 1)[-1]
            self._by_path.setdefault(key, []).append(path)
            self._by_name.setdefault(name, []).append(path)
            self._by_stem.setdefault(_stem(name), []).append(path)
        self._unknown = {
            _stem(fold(path).rsplit("/", 1)[-1]): path for path in listing.of_kind(FileKind.UNKNOWN)
        }

    def find(self, image_id: str, image_path: str, table: str) -> Match:
        """The image meant by a row of the table at path ``table``."""
        return self._settle(
            self._as_written(image_path, table)
            or self._by_id(image_id)
            or self._by_id(PurePosixPath(_cleaned(image_path)).name)
        )

    def of_another_format(self, image_id: str) -> str | None:
        """A file named like the image, but with an ending that is not read."""
        return self._unknown.get(_stem(fold(image_id)))

    def is_copy_of(self, path: str, others: Iterable[str]) -> bool:
        """Whether a file has the same bytes as one of ``others``."""
        return any(self._same_bytes(path, other) for other in others)

    def namesakes(self, path: str) -> list[str]:
        """Other images whose file has the same stem."""
        stem = _stem(fold(path).rsplit("/", 1)[-1])
        return [other for other in self._by_stem.get(stem, []) if other != path]

    def _as_written(self, image_path: str, table: str) -> list[str]:
        wanted = fold(_cleaned(image_path))
        if not wanted:
            return []
        beside = fold(str(PurePosixPath(table).parent / wanted))
        found = (
            self._by_path.get(beside)
            or self._by_path.get(wanted)
            or self._by_last_parts(wanted.split("/"))
        )
        return _spelt_so(found, PurePosixPath(_cleaned(image_path)).name)

    def _by_last_parts(self, wanted: list[str]) -> list[str]:
        """Files that share the most last parts with the path, at least its name and one folder."""
        agreeing = {
            path: _common_ending(fold(path).split("/"), wanted)
            for path in self._by_name.get(wanted[-1], [])
        }
        most = max(agreeing.values(), default=0)
        return [path for path, count in agreeing.items() if count == most] if most > 1 else []

    def _by_id(self, image_id: str) -> list[str]:
        key = fold(image_id)
        if not key:
            return []
        # an id may hold dots that are no ending, so the whole id is tried as a stem first
        found = (
            self._by_stem.get(key) or self._by_name.get(key) or self._by_stem.get(_stem(key), [])
        )
        return _spelt_so(found, image_id)

    def _settle(self, found: list[str]) -> Match:
        if len(found) < 2:
            return Match(tuple(found))
        first, *others = sorted(found)
        if all(self._same_bytes(first, other) for other in others):
            return Match((first,), tuple(others))
        return Match((first, *others))

    def _same_bytes(self, one: str, other: str) -> bool:
        if self._sizes[one] != self._sizes[other]:
            return False
        try:
            locate = self._listing.locate
            return filecmp.cmp(locate(one), locate(other), shallow=False)
        except OSError:
            return False


def fold(path: str) -> str:
    """A path as it is compared: one Unicode form, without regard to letter case."""
    return unicodedata.normalize("NFC", path).casefold()


def _spelt_so(paths: list[str], name: str) -> list[str]:
    """Of files whose names differ in letter case only, those spelt as the table spells it."""
    if len(paths) < 2:
        return paths
    wanted = unicodedata.normalize("NFC", name)
    exact = [path for path in paths if wanted in _spellings(path)]
    return exact or paths


def _spellings(path: str) -> tuple[str, str]:
    """A file's name with and without its ending, in one Unicode form."""
    name = unicodedata.normalize("NFC", path.rsplit("/", 1)[-1])
    return name, _stem(name)


def _cleaned(image_path: str) -> str:
    """A path of any computer with forward slashes, without drive, root and dots."""
    path = re.sub(r"^[A-Za-z]:", "", image_path.strip().replace("\\", "/"))
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))


def _stem(name: str) -> str:
    suffix = ending(name)
    return name[: -len(suffix)] if suffix else name


def _common_ending(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count
