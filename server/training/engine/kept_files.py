"""Files that are kept for later runs: the few that were used last stay, the others go.

Each combination of images, size, backbone and arithmetic has its own file of features beside the
dataset. Without an end to them they fill the disk unseen.

A run that has such a file open loses nothing when it goes: on POSIX an open file stays readable
until it is closed, and Windows refuses to remove it, so it stays. A run that comes later computes
it anew. Drafts carry the time of their last write, so one that is being written is never old.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

KEPT = 4
"""One for each of the architectures on offer, so that comparing them costs nothing twice."""
_ABANDONED = 86_400.0
"""Seconds without a write after which nobody is writing a draft any more."""


def mark_used(path: Path, kin: str) -> None:
    """Say that ``path`` was used just now, and remove what was not used for longest.

    Whatever cannot be marked or removed, as in a folder that is only to be read, is left.

    Args:
        path: a kept file; it stays in any case.
        kin: the pattern of the names of all files that it shares its place with; a draft has
            ``.<process>.partial`` behind the name.
    """
    with contextlib.suppress(OSError):
        os.utime(path)
    others = sorted(
        (other for other in path.parent.glob(kin) if other != path), key=_last_used, reverse=True
    )
    abandoned = [
        draft
        for draft in path.parent.glob(f"{kin}.*.partial")
        if time.time() - _last_used(draft) > _ABANDONED
    ]
    for old in [*others[KEPT - 1 :], *abandoned]:
        with contextlib.suppress(OSError):
            old.unlink()


def _last_used(path: Path) -> float:
    """Seconds since 1970; now, where another run has just removed the file."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
