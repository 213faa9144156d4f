"""What a layout proposes before the images have been opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from server.intake.manifest import Layout, Problem


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image with all that is said of it, not yet opened. Fields as in ``LesionImage``."""

    image_id: str
    path: str
    label: str
    lesion_id: str | None = None
    patient_id: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A dataset as one layout reads it.

    Attributes:
        layout: which one.
        reason: one sentence: why it was recognised.
        candidates: images that have a label (or, unlabelled, all).
        problems: what is wrong with tables and folders.
        notes: sentences worth knowing that are no problems.
    """

    layout: Layout
    reason: str
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def unique_ids(paths: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """An id for each path: the file's stem where that is unique, else made of the whole path.

    ``taken`` are ids that are given away already. Letter case does not tell two ids apart.
    """
    used = {image_id.casefold() for image_id in taken}
    by_stem: dict[str, list[str]] = {}
    for path in sorted(paths):
        by_stem.setdefault(PurePosixPath(path).stem.casefold(), []).append(path)
    ids: dict[str, str] = {}
    for stem, sharing in by_stem.items():
        if len(sharing) == 1 and stem not in used:
            ids[sharing[0]] = PurePosixPath(sharing[0]).stem
    used.update(image_id.casefold() for image_id in ids.values())
    for path in sorted(path for sharing in by_stem.values() for path in sharing if path not in ids):
        ids[path] = _free_id(path, used)
        used.add(ids[path].casefold())
    return ids


def _free_id(path: str, used: set[str]) -> str:
    pure = PurePosixPath(path)
    options = ["__".join(pure.with_suffix("").parts), "__".join(pure.parts)]
    for option in options:
        if option.casefold() not in used:
            return option
    number = 2
    while f"{options[1]}__{number}".casefold() in used:
        number += 1
    return f"{options[1]}__{number}"
