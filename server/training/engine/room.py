"""Waiting for room instead of failing when the disk is full.

A run of a night must not end because somebody copied photographs onto its disk. Once
``wait_when_full`` was called, whatever is written through here waits until there is room, and says
so; nothing that was written before is lost, and nothing half-written takes its final name.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from server.domain.room import is_disk_full

Result = TypeVar("Result")

LOOK_EVERY_SECONDS = 1.0
_LOOKS = 15
"""After so many without more room it is tried all the same: quotas do not show in free space."""

_say: Callable[[str], None] | None = None


def wait_when_full(say: Callable[[str], None]) -> None:
    """From now on wait for room; ``say`` is told a sentence, and an empty one when it goes on."""
    global _say  # noqa: PLW0603  (one disk policy for the whole process, set once at its start)
    _say = say


def when_there_is_room(write: Callable[[], Result], place: Path) -> Result:
    """What ``write`` returns; it is called again when the disk was full and has room again.

    Args:
        write: leaves nothing behind that keeps it from being called again.
        place: a folder, or a file in one, on the disk that is written to.

    Raises:
        OSError: when the disk is full and nobody asked to wait.
    """
    waited = False
    while True:
        try:
            result = write()
        except Exception as error:
            if _say is None or not is_disk_full(error):
                raise
            _say(f"The disk is full: waiting for room in {_folder(place)}. Free some space.")
            waited = True
            _await_room(_folder(place))
        else:
            if waited and _say is not None:
                _say("")
            return result


def write_all(file: io.RawIOBase, content: bytes | memoryview, place: Path) -> None:
    """Append ``content`` to an unbuffered file, whole, waiting for room where there is none.

    Raises:
        OSError: see ``when_there_is_room``.
    """
    left = memoryview(content).cast("B")
    while left:
        written = when_there_is_room(partial(file.write, left), place)
        left = left[written or 0 :]


def _await_room(folder: Path) -> None:
    before = _free(folder)
    for _ in range(_LOOKS):
        time.sleep(LOOK_EVERY_SECONDS)
        if _free(folder) > before:
            return


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _folder(place: Path) -> Path:
    return place if place.is_dir() else place.parent
