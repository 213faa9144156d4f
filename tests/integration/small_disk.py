"""A real small disk, for tests of what happens when it is full; only root on Linux can make one."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MIB = 1024**2


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """A tmpfs at ``place``; skips the test where none can be made."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(place)]
    made = (
        subprocess.run(["mount", *options], capture_output=True, check=False)
        if sys.platform == "linux"
        else None
    )
    if made is None or made.returncode != 0:
        pytest.skip("a small disk cannot be made here; that needs root on Linux")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


class Hog:
    """A file that takes all the room there is, to the last byte."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "hog"

    def eat(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            for piece in (MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * piece)
        assert shutil.disk_usage(self._path.parent).free == 0

    def leave(self) -> None:
        self._path.unlink()
