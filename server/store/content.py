"""The pictures of all datasets by their SHA-256, so that the same one costs its bytes once.

    data/.content/ab/abcd…   a file; every dataset that has it holds a hard link to it

A dataset's folder stays a plain folder of plain files. What is kept here alone, with one link left,
belongs to nobody any more and is swept. Where the disk knows no links, nothing is kept here and
every dataset has its own copy.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import threading
from collections.abc import Iterable
from filecmp import cmp
from pathlib import Path
from uuid import uuid4

import structlog

log = structlog.get_logger(__name__)

CONTENT = ".content"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MANY = 256


class ContentStore:
    """The shared files of one server.

    Args:
        data_dir: the folder ``data/``, on the same disk as all datasets.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / CONTENT
        self._lock = threading.Lock()
        self._said = False

    def share(self, folder: Path, files: Iterable[tuple[str, str]]) -> int:
        """Let files of ``folder`` be the same files as those of other datasets.

        Each becomes a link, in one step; its bytes are compared first, whatever its hash says. They
        have reached the disk when this returns.

        Args:
            folder: nobody reads it yet.
            files: path in it and SHA-256 (hexadecimal) of each.

        Returns:
            How many bytes need no room of their own any more.

        Raises:
            OSError: the disk is full.
        """
        new, saved = [], 0
        for path, digest in files:
            file = folder / path
            if not _DIGEST.fullmatch(digest):
                continue
            shared = self._share(file, digest)
            saved += shared
            if not shared:
                new.append(file)
        _reach_the_disk(new)
        return saved

    def sweep(self) -> int:
        """Remove what no dataset holds any more; returns the bytes that this freed."""
        freed = 0
        with self._lock:
            for shelf in self._shelves():
                for file in list(shelf.iterdir()):
                    status = file.stat()
                    if status.st_nlink == 1 or file.name.startswith("."):
                        file.unlink(missing_ok=True)
                        freed += status.st_size if status.st_nlink == 1 else 0
                if not any(shelf.iterdir()):
                    shelf.rmdir()
        return freed

    def _shelves(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return [each for each in self._root.iterdir() if each.is_dir()]

    def _share(self, file: Path, digest: str) -> int:
        kept = self._root / digest[:2] / digest
        try:
            with self._lock:
                return self._link(file, kept)
        except OSError as error:
            if error.errno in _FULL or not file.is_file():
                raise
            self._say_once(error)
            return 0

    def _link(self, file: Path, kept: Path) -> int:
        """Returns the bytes that need no room of their own any more."""
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, kept)
        except FileExistsError:
            if kept.samefile(file):
                return 0
            if not cmp(file, kept, shallow=False):
                log.warning("a shared file was damaged and is replaced", sha256=kept.name)
                _put_link(file, kept)
                return 0
            _put_link(kept, file)
            return file.stat().st_size
        if sys.platform != "win32":
            # several datasets show it: nobody writes through one of them by mistake
            file.chmod(0o444)
        return 0

    def _say_once(self, error: OSError) -> None:
        if not self._said:
            self._said = True
            log.warning(
                "files cannot be shared between datasets on this disk; each keeps its own copy",
                error=str(error),
            )


def _put_link(source: Path, target: Path) -> None:
    """``target`` becomes a link to ``source`` in one step."""
    draft = target.with_name(f".{uuid4().hex}.link")
    try:
        os.link(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _reach_the_disk(files: list[Path]) -> None:
    if len(files) > _MANY and sys.platform != "win32":
        os.sync()
        return
    for file in files:
        descriptor = os.open(file, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
