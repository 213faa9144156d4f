"""The layout of one folder a class, and the decision which level of folders names the class.

Folders above the classes are passed over: a single wrapping folder (``HAM10000/melanoma/…``) and
folders that plainly hold parts of a dataset (``train``, ``images``, ``part_1``). What is left of an
image's path begins with its class; folders below the class do not matter.
"""

from __future__ import annotations

import re

from server.intake.draft import Candidate, Draft, unique_ids
from server.intake.file_kinds import FileKind
from server.intake.listing import Listing
from server.intake.manifest import Layout, Problem, ProblemKind

_SPLIT = re.compile(r"(train(ing)?|val(id(ation)?)?|test(ing)?|eval)([ _-]?(set|data|images))?")
_CONTAINER = re.compile(
    r"(images?|imgs?|pictures|photos?|fotos?|bilder|data|dataset|files|uploads?)"
    r"|(.*[ _-])?(part|fold|batch|chunk|subset|split)[ _-]?\d+"
    r"|.*[ _-](train(ing)?|val(id(ation)?)?|test)[ _-](input|images?|data|jpe?g|png)"
)

HOW_TO_LABEL = (
    "add a table metadata.csv with the columns image_id, image_path and label, "
    "or put the images of each class into a folder of its own"
)


def read_class_folders(listing: Listing) -> Draft:
    """The dataset as its folders describe it; ``UNLABELLED`` when they name no classes."""
    paths = listing.of_kind(FileKind.IMAGE)
    labels, level = _labels(paths)
    if not labels:
        return _unlabelled(paths)
    ids = unique_ids(labels)
    candidates = tuple(
        Candidate(image_id=ids[path], path=path, label=label) for path, label in labels.items()
    )
    problems = tuple(_outside(path) for path in paths if path not in labels)
    count = len(set(labels.values()))
    reason = (
        f"The images lie in {count} folders, one a class"
        if count > 1
        else f"All images lie in one class folder, {next(iter(labels.values()))!r}"
    )
    return Draft(Layout.CLASS_FOLDERS, reason + level + ".", candidates, problems)


def _labels(paths: list[str]) -> tuple[dict[str, str], str]:
    """Class of each image that has one, and in words what was passed over to find it."""
    folders = {path: tuple(path.split("/")[:-1]) for path in paths}
    rests = {path: _without_containers(parts) for path, parts in folders.items()}
    while (wrapper := _wrapper(list(rests.values()))) is not None:
        rests = {
            path: _without_containers(rest[1:]) if rest[:1] == (wrapper,) else ()
            for path, rest in rests.items()
        }
    labels = {path: rest[0] for path, rest in rests.items() if rest}
    passed = sorted({part for path in labels for part in _passed(folders[path], rests[path])})
    if not passed:
        return labels, ""
    splits = any(_SPLIT.fullmatch(part.casefold()) for part in passed)
    words = f" below {', '.join(map(repr, passed[:4]))}" + (" and others" * (len(passed) > 4))
    return labels, words + (
        " (the division into parts is not used; training makes its own)" if splits else ""
    )


def _wrapper(rests: list[tuple[str, ...]]) -> str | None:
    """The one folder that all labelled images share, if there are class folders in it."""
    tops = {rest[0] for rest in rests if rest}
    if len(tops) != 1:
        return None
    below = {inner[0] for rest in rests if (inner := _without_containers(rest[1:]))}
    direct = any(len(rest) == 1 for rest in rests)
    return next(iter(tops)) if below and (len(below) > 1 or not direct) else None


def _without_containers(parts: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(parts) and _is_container(parts[at]):
        at += 1
    return parts[at:]


def _is_container(name: str) -> bool:
    lower = name.casefold()
    return _SPLIT.fullmatch(lower) is not None or _CONTAINER.fullmatch(lower) is not None


def _passed(folders: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
    return folders[: len(folders) - len(rest)]


def _outside(path: str) -> Problem:
    return Problem(
        ProblemKind.LAYOUT,
        f"The image {path!r} lies in no class folder; it is left out.",
        file=path,
    )


def _unlabelled(paths: list[str]) -> Draft:
    ids = unique_ids(paths)
    problem = Problem(
        ProblemKind.LAYOUT,
        f"The images have no labels, so nothing can be trained yet: {HOW_TO_LABEL}.",
    )
    return Draft(
        Layout.UNLABELLED,
        "There are images, but no table of labels and no class folders.",
        tuple(Candidate(image_id=ids[path], path=path, label="") for path in paths),
        (problem,),
    )
