"""From the file name that a browser or a script sends to a path inside a dataset's folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from server.domain.dataset_name import is_reserved
from server.domain.errors import InvalidInput

MAX_DEPTH = 16
_MAX_PART_BYTES = 200
_DRIVE = re.compile(r"^[A-Za-z]:(?=/)")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
OWN_FOLDER = ".dermascan"


def path_of(sent: str) -> PurePosixPath | None:
    """Where a file sent under that name lies in the dataset; None = it is not kept.

    Folders inside the name stay folders, as browsers send them for whole folders. The same name
    gives the same path on every system: characters that Windows does not take become ``_``, a drive
    letter and a leading slash are dropped. Not kept is what lies in a folder ``.dermascan``: notes
    that another server made for itself.

    Raises:
        InvalidInput: the name climbs out of its folder, holds control characters, or is too long
            or too deep.
    """
    plain = unicodedata.normalize("NFC", sent).replace("\\", "/")
    plain = _DRIVE.sub("", plain)
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    shown = sent if len(sent) <= 120 else sent[:120] + "…"
    if not parts or ".." in parts or any(not part.isprintable() for part in parts):
        raise InvalidInput(
            f"The file name {shown!r} cannot be used: it must name a file, may not lead out of its "
            "folder with '..', and may hold only characters that can be printed. Rename the file.",
            file=shown,
        )
    kept = [_on_every_system(part) for part in parts]
    if len(kept) > MAX_DEPTH or any(len(part.encode()) > _MAX_PART_BYTES for part in kept):
        raise InvalidInput(
            f"The file name {shown!r} is too long: at most {MAX_DEPTH} folders deep, "
            f"{_MAX_PART_BYTES} bytes each. Rename the file.",
            file=shown,
        )
    if any(part.casefold() == OWN_FOLDER for part in kept):
        return None
    return PurePosixPath(*kept)


def _on_every_system(part: str) -> str:
    cleaned = _NOT_ON_WINDOWS.sub("_", part)
    trimmed = cleaned.rstrip(". ")  # Windows drops these, so two names would become one
    cleaned = trimmed + "_" * (len(cleaned) - len(trimmed))
    return f"_{cleaned}" if is_reserved(cleaned) else cleaned
