"""From whatever name stands in an archive to a relative path that is safe on every system.

The same characters are replaced as for files that are sent one by one (``domain.sent_name``).
Archives are made by programs, so a bad name is mended rather than refused, and said.
"""

from __future__ import annotations

import re
import unicodedata

from server.domain.dataset_name import is_reserved
from server.intake.file_kinds import ending

MAX_DEPTH = 16
MAX_PART_BYTES = 200
_DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(com|lpt)[¹²³]|conin\$|conout\$|clock\$", re.IGNORECASE)


def safe_relative_path(name: str) -> str | None:
    """A relative path with forward slashes for an entry called ``name``; None = nothing is left.

    No root, no drive, no ``.`` or ``..``, no control or invisible characters, nothing that Windows
    refuses or keeps for itself, at most 16 parts of at most 200 bytes each.
    """
    plain = _DRIVE.sub("", name.replace("\\", "/"))
    parts = [
        _safe_part(part) for part in plain.split("/") if part.strip(" ") not in ("", ".", "..")
    ]
    return "/".join(parts[-MAX_DEPTH:]) or None


def leads_outside(name: str) -> bool:
    """Whether a name is absolute or climbs with ``..``."""
    plain = name.replace("\\", "/")
    return (
        plain.startswith("/")
        or _DRIVE.match(plain) is not None
        or ".." in (part.strip(" ") for part in plain.split("/"))
    )


def shown(name: str) -> str:
    """A name as a sentence may quote it: printable and not too long."""
    text = "".join(letter if letter.isprintable() else "�" for letter in name)
    return text if len(text) <= 120 else text[:119] + "…"


def _safe_part(part: str) -> str:
    # "C" are the control, invisible, unassigned and half characters
    visible = "".join("_" if unicodedata.category(c)[0] == "C" else c for c in part)
    cleaned = _NOT_ON_WINDOWS.sub("_", unicodedata.normalize("NFC", visible))
    trimmed = cleaned.rstrip(". ")  # Windows drops these, so two names would become one
    cleaned = trimmed + "_" * (len(cleaned) - len(trimmed))
    if is_reserved(cleaned) or _DEVICES.fullmatch(cleaned.partition(".")[0].strip()):
        cleaned = f"_{cleaned}"
    return _shortened(cleaned)


def _shortened(part: str) -> str:
    if len(part.encode()) <= MAX_PART_BYTES:
        return part
    suffix = ending(part)
    suffix = part[len(part) - len(suffix) :] if len(suffix.encode()) <= 16 else ""
    room = MAX_PART_BYTES - len(suffix.encode())
    return part.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix
