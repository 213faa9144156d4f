"""What was seen of every picture of a dataset, kept beside its versions.

    .dermascan/facts/looks.json

It speaks of files and their bytes, not of labels, so it serves every version. It is derived: it may
be missing (a dataset of an older server), and can be made anew from the files at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.intake.look import Alike, Look, Seen

OWN_FOLDER = ".dermascan"
FORMAT = 1
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Looks:
    """The content of the file.

    Attributes:
        seen: by the path of each picture, relative to the dataset's folder.
        alike: pairs of paths that look nearly the same, with their likeness; None = there were too
            many pictures to compare.
    """

    seen: Mapping[str, Seen]
    alike: tuple[tuple[str, str, float], ...] | None


def looks_file(folder: Path) -> Path:
    """Where it lies in the folder of a dataset."""
    return folder / OWN_FOLDER / "facts" / "looks.json"


def write_looks(file: Path, seen: Sequence[Seen], alike: Sequence[Alike] | None) -> None:
    """Write it whole or not at all; the folder that it describes must be there.

    Args:
        alike: places in ``seen``; None = not compared.

    Raises:
        OSError: nothing can be written there.
    """
    pairs = None if alike is None else [[a.first, a.second, a.likeness] for a in alike]
    content = {"format": FORMAT, "images": [_row(each) for each in seen], "alike": pairs}
    for folder in (file.parent.parent, file.parent):
        folder.mkdir(exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as opened:
            json.dump(content, opened, ensure_ascii=False, separators=(",", ":"))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def read_looks(file: Path) -> Looks | None:
    """What was written; None when there is nothing that can be read."""
    try:
        said = json.loads(file.read_text("utf-8"))
        if said["format"] != FORMAT:
            return None
        seen = {row[0]: _seen(row) for row in said["images"]}
        paths = [row[0] for row in said["images"]]
        alike = said["alike"]
        if alike is not None:
            alike = tuple((paths[one], paths[other], float(how)) for one, other, how in alike)
        return Looks(seen, alike)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _row(each: Seen) -> list[str | float | None]:
    if each.look is None:
        return [each.path, each.sha256, None, None, None]
    look = each.look
    numbers = (look.sharpness, look.brightness, look.clipped)
    return [each.path, each.sha256, *(round(number, _DIGITS) for number in numbers)]


def _seen(row: list[str | float | None]) -> Seen:
    path, sha256, *numbers = row
    if numbers[0] is None:
        return Seen(str(path), str(sha256), None)
    sharpness, brightness, clipped = (float(number or 0) for number in numbers)
    return Seen(str(path), str(sha256), Look(sharpness, brightness, clipped))
