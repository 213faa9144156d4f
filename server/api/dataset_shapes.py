"""From what is known of a dataset to what goes over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.api.schemas.datasets import (
    ClassCount,
    DatasetListed,
    DatasetProblem,
    DatasetSummary,
    SizeCount,
    UploadResult,
)
from server.domain.basket import Imported
from server.intake.file_kinds import FileKind, kind_of
from server.intake.manifest import Layout, ProblemKind
from server.services.catalogue import KnownDataset
from server.store.files import shown_path

BEING_READ = "Its files are being read; look again in a moment."


def listed(known: KnownDataset) -> DatasetListed:
    """One line of the list."""
    return DatasetListed(**_listed(known))


def summary(known: KnownDataset) -> DatasetSummary:
    """One dataset, whole."""
    found = known.summary
    if found is None:
        return _refused(known, known.record.refusal or "")
    return DatasetSummary(
        **_listed(known),
        layout_reason=found.layout_reason,
        not_trainable_because=known.not_trainable_because,
        image_sizes=[
            SizeCount(width=size.width, height=size.height, images=size.images)
            for size in found.image_sizes
        ],
        problems=[
            DatasetProblem(
                kind=each.kind,
                message=each.message,
                file=each.file,
                row=each.row,
                label=each.label,
            )
            for each in found.problems
        ],
        problem_counts=found.problem_counts,
        bytes_on_disk=known.record.footprint.size,
        notes=list(found.notes),
        leaking_columns=list(found.leaking_columns),
    )


def _refused(known: KnownDataset, why: str) -> DatasetSummary:
    """A folder that could not be understood: that is its one problem."""
    return DatasetSummary(
        **_listed(known),
        layout_reason=why,
        not_trainable_because=why,
        image_sizes=[],
        problems=[DatasetProblem(kind=ProblemKind.LAYOUT, message=why)],
        problem_counts={ProblemKind.LAYOUT: 1},
        bytes_on_disk=known.record.footprint.size,
        notes=[],
        leaking_columns=[],
    )


def listed_unread(folder: Path) -> DatasetListed:
    """The line of a dataset whose files are still being read."""
    return DatasetListed(**_unread(folder))


def unread(folder: Path) -> DatasetSummary:
    """A dataset whose files are still being read."""
    return DatasetSummary(
        **_unread(folder),
        layout_reason=BEING_READ,
        not_trainable_because=BEING_READ,
        image_sizes=[],
        problems=[],
        problem_counts={},
        bytes_on_disk=0,
        notes=[],
        leaking_columns=[],
    )


def upload_result(done: Imported, known: KnownDataset, message: str) -> UploadResult:
    """The answer of an upload."""
    whole = summary(known)
    return UploadResult(
        status="success",
        dataset_name=done.name,
        dataset_path=whole.dataset_path,
        files_saved=done.files_saved,
        message=message,
        images_added=done.images_added,
        files_unchanged=done.files_unchanged,
        summary=whole,
    )


def no_image_was_used(done: Imported, known: KnownDataset) -> bool:
    """Whether an upload that sent more than tables and papers brought no usable image."""
    only_beside_images = (FileKind.TABLE, FileKind.PAPER, FileKind.LITTER)
    if done.images_added or all(kind_of(name) in only_beside_images for name in done.files_saved):
        return False
    has_none = known.summary is None or known.summary.images == 0
    return has_none or done.files_unchanged == 0


def _listed(known: KnownDataset) -> dict[str, Any]:
    found = known.summary
    return {
        "name": known.name,
        "dataset_name": known.name,
        "dataset_path": shown_path(known.folder),
        "layout": found.layout if found else Layout.UNLABELLED,
        "images": found.images if found else 0,
        "lesions": found.lesions if found else None,
        "classes": [
            ClassCount(
                label=each.label,
                images=each.images,
                lesions=each.lesions,
                example_image_ids=list(each.example_image_ids),
            )
            for each in (found.classes if found else ())
        ],
        "problem_count": found.problem_count if found else 1,
        "trainable": known.not_trainable_because is None,
        "is_sample": found.is_sample if found else False,
        "version": found.version if found else None,
        "created_at": known.record.created_at,
        "updated_at": known.record.updated_at,
    }


def _unread(folder: Path) -> dict[str, Any]:
    changed = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    return {
        "name": folder.name,
        "dataset_name": folder.name,
        "dataset_path": shown_path(folder),
        "layout": Layout.UNLABELLED,
        "images": 0,
        "lesions": None,
        "classes": [],
        "problem_count": 0,
        "trainable": False,
        "being_read": True,
        "is_sample": False,
        "created_at": changed,
        "updated_at": changed,
    }
