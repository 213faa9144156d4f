"""Files that are either whole or not there, whatever dies in between."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

_REPOSITORY = Path(__file__).resolve().parents[2]

_PAUSES = (0.01, 0.05, 0.1, 0.3)


def shown_path(path: Path) -> str:
    """A path as answers show it: from the repository (``server/data/HAM10000``) where it lies
    inside, whole elsewhere; forward slashes on every system."""
    inside = path.is_relative_to(_REPOSITORY)
    return (path.relative_to(_REPOSITORY) if inside else path).as_posix()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step, on disk when this returns."""
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json_atomically(path: Path, value: Any) -> None:
    """The same for a JSON value, indented so that a person can read it."""
    write_atomically(path, as_json(value))


def as_json(value: Any) -> bytes:
    """A JSON value as the text of a file."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def write_privately(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, readable by this user alone (where the system knows that)."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _put_in_place(draft: Path, path: Path) -> None:
    """Rename; on Windows wait a little for somebody who is just reading the old file."""
    for pause in (*_PAUSES, None) if sys.platform == "win32" else (None,):
        try:
            draft.replace(path)
            return
        except PermissionError:
            if pause is None:
                raise
            time.sleep(pause)


def sync_file(path: Path) -> None:
    """Make sure that the content of ``path`` has reached the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make sure that renames inside ``folder`` have reached the disk (POSIX; Windows does so)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
