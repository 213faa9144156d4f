"""Writing the images of a bundle down one by one, each counted against the limits of an upload."""

from __future__ import annotations

from pathlib import Path

from server.intake.safe_names import safe_relative_path
from server.intake.unpack_limits import Budget


class UnknownBundle(Exception):
    """The file holds no images in a form that is known; the text ends "it is left out: …"."""


class BundleFolder:
    """The folder that a bundle becomes.

    Args:
        folder: where the files go; it must be there.
        budget: counts what is written.
    """

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.budget = budget
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """One file.

        Raises:
            TooLarge, UnsafeArchive: over a limit.
            UnknownBundle: two images have the same name, or one has none.
        """
        self.budget.entry()
        self.budget.spend(len(content), len(content))
        path = safe_relative_path(name.replace("/", "_"))
        if path is None:
            raise UnknownBundle(f"an image in it has no name that can be used ({name!r})")
        try:
            with (self._folder / path).open("xb") as file:
                file.write(content)
        except FileExistsError as error:
            raise UnknownBundle(f"two images in it are called {name!r}") from error
