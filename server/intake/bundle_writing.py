"""Writing the images of a bundle down one by one, each counted against the limits of an upload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.domain.errors import DermaScanError
from server.intake.safe_names import safe_relative_path
from server.intake.unpack import not_written
from server.intake.unpack_limits import Budget


class UnknownBundle(Exception):
    """The file holds no images in a form that is known; the text ends "it is left out: …"."""


@contextmanager
def damage_is_said(what: str) -> Iterator[None]:
    """Whatever a reader raises inside the block is said as ``what``."""
    try:
        yield
    except (DermaScanError, UnknownBundle, MemoryError):
        raise
    except Exception as error:  # the readers raise a dozen kinds for damaged files
        raise UnknownBundle(what) from error


class BundleFolder:
    """The folder that a bundle becomes.

    Args:
        name: of the bundle, for sentences.
        folder: where the files go; it must be there.
        budget: counts what is written.
    """

    def __init__(self, name: str, folder: Path, budget: Budget) -> None:
        self._name = name
        self._folder = folder
        self._budget = budget

    def write(self, name: str, content: bytes) -> None:
        """One file.

        Raises:
            TooLarge, UnsafeArchive: over a limit.
            StorageFull, UnusableDataset: it cannot be written here.
            UnknownBundle: two images have the same name, or one has none.
        """
        self._budget.entry()
        self._budget.spend(len(content), len(content))
        path = safe_relative_path(name.replace("/", "_"))
        if path is None:
            raise UnknownBundle(f"an image in it has no name that can be used ({name!r})")
        try:
            with (self._folder / path).open("xb") as file:
                file.write(content)
        except FileExistsError as error:
            raise UnknownBundle(f"two images in it are called {name!r}") from error
        except OSError as error:
            raise not_written(self._name, error) from error
