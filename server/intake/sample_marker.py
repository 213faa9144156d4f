"""The mark by which a set of drawn pictures is known, wherever it is copied."""

from __future__ import annotations

from pathlib import PurePosixPath

from server.intake.file_kinds import FileKind
from server.intake.listing import Listing

MARKER_FILE = "README.txt"
FIRST_LINE = "DermaScan sample set: drawn by the program, no patients"


def is_sample_set(listing: Listing) -> bool:
    """Whether a readme in the dataset begins with the sample set's first line."""
    readmes = (
        path
        for path in listing.of_kind(FileKind.PAPER)
        if PurePosixPath(path).name.casefold() == MARKER_FILE.casefold()
    )
    return any(_begins_so(listing, path) for path in readmes)


def _begins_so(listing: Listing, path: str) -> bool:
    try:
        with listing.locate(path).open("rb") as file:
            return file.read(len(FIRST_LINE)) == FIRST_LINE.encode()
    except OSError:
        return False
