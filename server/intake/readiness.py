"""Whether a dataset can be trained on, and with which of its images.

A class takes part when its images come from at least three groups (``LesionImage.group``), so that
training, validation and test each get one. Classes with fewer are left out, in words.
"""

from __future__ import annotations

from server.intake.class_folders import HOW_TO_LABEL
from server.intake.manifest import Layout, LesionImage, Manifest, Problem, ProblemKind

MIN_GROUPS = 3
MIN_CLASSES = 2


def trainable_classes(manifest: Manifest) -> tuple[str, ...]:
    """Classes with enough groups, in the order of ``Manifest.classes``."""
    return tuple(
        label for label, groups in manifest.lesions_by_class.items() if groups >= MIN_GROUPS
    )


def why_not_trainable(manifest: Manifest) -> str | None:
    """One sentence when nothing can be trained; None when training can start."""
    if not manifest.images:
        return "No usable images: none of the files could be read and paired with a label."
    if manifest.layout is Layout.UNLABELLED:
        return _without_labels(manifest)
    classes = manifest.classes
    if len(classes) < MIN_CLASSES:
        return f"{_only_one(next(iter(classes)))} Add images of another class."
    enough = trainable_classes(manifest)
    if len(enough) >= MIN_CLASSES:
        return None
    found = f"only the class {enough[0]!r} does" if enough else "no class does"
    return (
        f"At least {MIN_CLASSES} classes must have images of at least {MIN_GROUPS} lesions each, "
        f"but {found}. Add images of more lesions."
    )


def _without_labels(manifest: Manifest) -> str:
    if not manifest.tables:
        return f"The images have no labels: {HOW_TO_LABEL}."
    table = next((seen for seen in manifest.tables if not seen.understood), manifest.tables[0])
    return (
        f"The images have no labels. Say on the dataset's page what the columns of {table.path!r} "
        f"mean; or {HOW_TO_LABEL}."
    )


def class_problems(images: tuple[LesionImage, ...]) -> list[Problem]:
    """What is wrong with the classes as a whole: too small, only one, alike but for case."""
    labelled = [image for image in images if image.label]
    groups: dict[str, set[str]] = {}
    for image in labelled:
        groups.setdefault(image.label, set()).add(image.group)
    problems = [
        _too_few(label, len(members), _unit(labelled, label))
        for label, members in groups.items()
        if len(members) < MIN_GROUPS
    ]
    if len(groups) == 1:
        label = next(iter(groups))
        problems.append(Problem(ProblemKind.LAYOUT, _only_one(label), label=label))
    return problems + _alike(groups) + _torn_lesions(labelled)


def _only_one(label: str) -> str:
    return f"There is only one class, {label!r}; training needs at least {MIN_CLASSES}."


def _unit(images: list[LesionImage], label: str) -> str:
    ours = [image for image in images if image.label == label]
    if any(image.patient_id for image in ours):
        return "images of only {} patient"
    return "images of only {} lesion" if any(image.lesion_id for image in ours) else "only {} image"


def _too_few(label: str, count: int, unit: str) -> Problem:
    what = unit.format(count) + ("" if count == 1 else "s")
    return Problem(
        ProblemKind.TOO_FEW_LESIONS,
        f"Class {label!r} has {what}; at least {MIN_GROUPS} are needed so that training, "
        "validation and test each get one. It is left out of training.",
        label=label,
    )


def _alike(groups: dict[str, set[str]]) -> list[Problem]:
    spellings: dict[str, list[str]] = {}
    for label in groups:
        spellings.setdefault(" ".join(label.casefold().split()), []).append(label)
    return [
        Problem(
            ProblemKind.LAYOUT,
            f"The classes {', '.join(map(repr, sorted(labels)))} differ only in letter case or "
            "spaces; they are taken as different classes. Write them alike if they are one.",
            label=sorted(labels)[0],
        )
        for labels in spellings.values()
        if len(labels) > 1
    ]


def _torn_lesions(images: list[LesionImage]) -> list[Problem]:
    labels: dict[str, set[str]] = {}
    for image in images:
        if image.lesion_id:
            labels.setdefault(image.lesion_id, set()).add(image.label)
    return [
        Problem(
            ProblemKind.TABLE,
            f"The lesion {lesion!r} has images of different classes "
            f"({', '.join(map(repr, sorted(found)[:4]))}); they are used as they are. "
            "Check its rows.",
        )
        for lesion, found in labels.items()
        if len(found) > 1
    ]
