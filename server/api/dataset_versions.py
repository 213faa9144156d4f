"""Versions of datasets: list, look at one, make a new one, go back to an older one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.api.deps import ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.dataset_versions import (
    DatasetVersion,
    DatasetVersions,
    VersionChange,
    VersionImage,
    WholeVersion,
)
from server.intake.versions import Version
from server.services.versions import Change, History

router = APIRouter(tags=["datasets"], prefix="/api/datasets/{name}/versions")


@router.get("")
def list_dataset_versions(name: str, services: ServicesDep, _: ResearcherDep) -> DatasetVersions:
    """Every version of a dataset, newest first."""
    return _history(services.versions.history(name))


@router.get("/{number}")
def read_dataset_version(
    name: str, number: int, services: ServicesDep, _: ResearcherDep
) -> WholeVersion:
    """One version with its images, their labels and hashes."""
    current = services.versions.history(name).current
    found = services.versions.version(name, number)
    files = [
        VersionImage(
            image_id=image.image_id,
            path=image.path,
            sha256=image.sha256,
            orientation=image.orientation,
            label=image.label,
            lesion_id=image.lesion_id,
            patient_id=image.patient_id,
        )
        for image in found.manifest.images
    ]
    return WholeVersion(**_version(found, current), files=files)


@router.post("")
def change_dataset(
    name: str, change: VersionChange, services: ServicesDep, person: ResearcherDep
) -> DatasetVersions:
    """Leave images out, take them back in or label them otherwise, as a new version; the older
    ones stay."""
    wanted = Change(change.exclude, change.include, change.relabel, change.reason)
    return _history(services.versions.change(name, wanted, person.name))


@router.post("/{number}/restore")
def restore_dataset_version(
    name: str, number: int, services: ServicesDep, _: ResearcherDep
) -> DatasetVersions:
    """Make an older version the current one again."""
    return _history(services.versions.go_back(name, number))


def _history(history: History) -> DatasetVersions:
    return DatasetVersions(
        current=history.current,
        versions=[DatasetVersion(**_version(each, history.current)) for each in history.versions],
    )


def _version(version: Version, current: int) -> dict[str, Any]:
    return {
        "number": version.number,
        "created_at": version.created_at,
        "reason": version.reason,
        "by": version.by,
        "parent": version.parent,
        "sha256": version.sha256,
        "images": len(version.manifest.images),
        "left_out": len(version.decisions.left_out),
        "relabelled": len(version.decisions.relabelled),
        "classes": version.manifest.classes,
        "current": version.number == current,
    }
