"""Whole folders: walked, linked, renamed, removed; and how "the disk is full" is said."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.domain.errors import StorageFull

_RENAME_TRIES = 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_is_said(doing: str) -> Iterator[None]:
    """Turn "no space left" inside the block into a refusal.

    Raises:
        StorageFull: the disk has no room for what the block does.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            f"The server's disk is full while {doing}; nothing was kept. Make room and try again."
        ) from error


def files_below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below ``folder``: its path with forward slashes, and its status.

    Links are followed, each folder is entered once; links to nothing are passed over.
    """
    waiting = [(folder, "")]
    entered = {os.path.realpath(folder)}
    while waiting:
        current, prefix = waiting.pop()
        with os.scandir(current) as entries:
            for entry in entries:
                if entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in entered:
                        entered.add(real)
                        waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                elif entry.is_file():
                    yield prefix + entry.name, Path(entry.path).stat()


def link_or_copy(source: Path, target: Path) -> None:
    """Let ``target`` be the same file as ``source``, or a copy where the disk knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve() if source.is_symlink() else source, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise
        shutil.copy2(source, target)


def rename_folder(source: Path, target: Path) -> None:
    """Rename; on Windows wait a little for whoever has a file in it open."""
    for tries_left in range(_RENAME_TRIES - 1, -1, -1):
        try:
            source.rename(target)
        except PermissionError:
            if sys.platform != "win32" or not tries_left:
                raise
            time.sleep(0.1)
        else:
            return


def remove_tree(folder: Path) -> None:
    """Remove whatever is there, as far as it can be removed. A link is removed, never followed."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
