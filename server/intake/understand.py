"""From a folder to a manifest: the one function that services and training call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from server.domain.errors import UnusableDataset
from server.intake.class_folders import read_class_folders
from server.intake.column_guess import see_tables
from server.intake.draft import Candidate, Draft
from server.intake.file_kinds import FileKind, why_unknown
from server.intake.groupings import add_groups
from server.intake.image_check import Checked, check_images
from server.intake.image_index import ImageIndex
from server.intake.listing import Listing, list_files
from server.intake.look import Looking, Seen
from server.intake.manifest import LesionImage, Manifest, Problem, ProblemKind
from server.intake.official_split import split_note
from server.intake.progress import SILENT, Progress
from server.intake.readiness import class_problems
from server.intake.sample_marker import is_sample_set
from server.intake.table_layout import read_with_tables
from server.intake.table_rows import Tables, read_tables

# worst first: what spoils the whole set, then what costs images, then what is merely left aside
_SEVERITY = (
    ProblemKind.LAYOUT,
    ProblemKind.TABLE,
    ProblemKind.TOO_FEW_LESIONS,
    ProblemKind.UNREADABLE_IMAGE,
    ProblemKind.ROW_WITHOUT_IMAGE,
    ProblemKind.ROW_WITHOUT_LABEL,
    ProblemKind.DUPLICATE_ROW,
    ProblemKind.IMAGE_WITHOUT_ROW,
    ProblemKind.UNKNOWN_ENDING,
)


def understand(
    folder: Path, progress: Progress = SILENT, looking: Looking | None = None
) -> Manifest:
    """Recognise the layout of ``folder``, check every image, and name every problem.

    Args:
        looking: measures every usable image on the way; None = nothing is measured.

    Raises:
        UnusableDataset: when there is not one image and not one table of labels in it
            ("No images found!", with the document's advice).
    """
    return understand_listing(list_files(folder), progress, looking)


def understand_listing(
    listing: Listing, progress: Progress = SILENT, looking: Looking | None = None
) -> Manifest:
    """As ``understand``, for a folder that has been walked already."""
    tables = read_tables(listing)
    if not tables.used and not listing.of_kind(FileKind.IMAGE):
        raise _no_images(listing, tables)
    index = ImageIndex(listing)
    draft = _recognise(listing, tables, index)
    images, unreadable = _open_images(listing, draft.candidates, progress, looking)
    problems = [
        *listing.problems,
        *draft.problems,
        *unreadable,
        *class_problems(images),
        *_unknown_files(listing),
    ]
    return Manifest(
        layout=draft.layout,
        reason=draft.reason,
        images=images,
        problems=worst_first(problems),
        is_sample=is_sample_set(listing),
        notes=_notes(draft, images),
        leaking_columns=tables.leaking,
        tables=see_tables(tables, index),
    )


def worst_first(problems: list[Problem]) -> tuple[Problem, ...]:
    """Problems by severity of their kind, then by file and row."""
    rank = {kind: place for place, kind in enumerate(_SEVERITY)}
    return tuple(
        sorted(problems, key=lambda each: (rank[each.kind], each.file or "", each.row or 0))
    )


def _recognise(listing: Listing, tables: Tables, index: ImageIndex) -> Draft:
    if not tables.used:
        draft = read_class_folders(listing)
        return add_groups(_with_problems(draft, tables.problems), tables.grouping, index)
    draft = read_with_tables(listing, tables, index)
    lost = [each for each in draft.problems if each.kind is ProblemKind.ROW_WITHOUT_IMAGE]
    if len(lost) == len(tables.labelled):
        by_folders = read_class_folders(listing)
        if len({candidate.label for candidate in by_folders.candidates}) > 1:
            return _with_problems(by_folders, (*tables.problems, _table_of_others(tables)))
    return add_groups(draft, tables.grouping, index)


def _with_problems(draft: Draft, problems: tuple[Problem, ...]) -> Draft:
    return replace(draft, problems=(*problems, *draft.problems))


def _notes(draft: Draft, images: tuple[LesionImage, ...]) -> tuple[str, ...]:
    split = split_note(image.attributes for image in images)
    return (split, *draft.notes) if split else draft.notes


def _table_of_others(tables: Tables) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"The table {tables.used[0]!r} is not used: none of its rows names an image that is here. "
        "The class folders are used instead.",
        file=tables.used[0],
    )


def _open_images(
    listing: Listing,
    candidates: tuple[Candidate, ...],
    progress: Progress,
    looking: Looking | None,
) -> tuple[tuple[LesionImage, ...], list[Problem]]:
    images: list[LesionImage] = []
    problems: list[Problem] = []
    progress.begin("checking", len(candidates))
    paths = (candidate.path for candidate in candidates)
    checks = check_images(listing.folder, paths, looking.measure if looking else None)
    for candidate, checked in zip(candidates, checks, strict=True):
        progress.one_more()
        if checked.fault is None:
            images.append(_image(candidate, checked))
            if looking is not None:
                looking.seen.append(Seen(checked.path, checked.sha256, checked.look))
        else:
            problems.append(
                Problem(
                    ProblemKind.UNREADABLE_IMAGE,
                    f"The image {candidate.path!r} {checked.fault}; it is left out.",
                    file=candidate.path,
                    label=candidate.label or None,
                )
            )
    return tuple(sorted(images, key=lambda image: image.image_id)), problems


def _image(candidate: Candidate, checked: Checked) -> LesionImage:
    return LesionImage(
        image_id=candidate.image_id,
        path=candidate.path,
        label=candidate.label,
        lesion_id=candidate.lesion_id,
        patient_id=candidate.patient_id,
        width=checked.width,
        height=checked.height,
        attributes=candidate.attributes,
        orientation=checked.orientation,
        sha256=checked.sha256,
    )


def _unknown_files(listing: Listing) -> list[Problem]:
    archives = [
        Problem(
            ProblemKind.UNKNOWN_ENDING,
            f"The archive {path!r} has not been unpacked; what is in it is left out. Upload it, or "
            "unpack it with python -m server.intake.",
            file=path,
        )
        for path in (*listing.of_kind(FileKind.ARCHIVE), *listing.of_kind(FileKind.BUNDLE))
    ]
    return archives + [
        Problem(ProblemKind.UNKNOWN_ENDING, why_unknown(path), file=path)
        for path in listing.of_kind(FileKind.UNKNOWN)
    ]


def _no_images(listing: Listing, tables: Tables) -> UnusableDataset:
    name = listing.folder.name or str(listing.folder)
    found = [*tables.problems, *_unknown_files(listing)]
    seen = f" What was found: {found[0].message}" if found else " The folder is empty."
    return UnusableDataset(
        "No images found! Check that: "
        f"1. images are in {name!r} or its subdirectories; "
        "2. images have valid extensions: .jpg, .jpeg, .png, .bmp, .tif, .tiff, .webp; "
        "3. the CSV (if used) has correct columns and image paths are correct." + seen
    )
