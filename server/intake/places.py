"""Which paths are taken below a folder, so that no two files differ in letter case only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from server.intake.file_kinds import ending
from server.intake.image_index import fold


class Places:
    """Gives every file a free place. Paths are relative, with forward slashes.

    Folders whose names differ in letter case only are one folder: the first spelling counts.

    Args:
        taken: files that are there already.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {"": ""}
        self._tries: Counter[str] = Counter()
        for path in taken:
            self.place(path)

    def place(self, path: str) -> tuple[str, str | None]:
        """A free place for a file that would like to lie at ``path``.

        Returns it, and the file that lies at the wished place already (None = the wish came true).
        """
        pure = PurePosixPath(path)
        folder = self._folder(pure.parts[:-1])
        wish = f"{folder}{pure.name}"
        place = self._free(wish)
        self._files[fold(place)] = place
        return place, (self._files.get(fold(wish)) if place != wish else None)

    def _folder(self, parts: tuple[str, ...]) -> str:
        """The folder as it is spelt, with a slash at its end; empty for the top."""
        spelt = ""
        for part in parts:
            wish = f"{spelt}{part}"
            known = self._folders.get(fold(wish))
            if known is None:
                known = self._free(wish)
                self._folders[fold(wish)] = self._folders[fold(known)] = known
            spelt = f"{known}/"
        return spelt

    def _free(self, wish: str) -> str:
        key = fold(wish)
        place = wish
        while self._is_taken(place):
            self._tries[key] += 1
            place = _numbered(wish, self._tries[key] + 1)
        return place

    def _is_taken(self, path: str) -> bool:
        return fold(path) in self._files or fold(path) in self._folders


def _numbered(path: str, number: int) -> str:
    suffix = path[len(path) - len(ending(path)) :] if ending(path) else ""
    return f"{path[: len(path) - len(suffix)]} ({number}){suffix}"
