"""Versions of a dataset over the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class DatasetVersion(BaseModel):
    """One immutable version."""

    number: int
    created_at: datetime
    reason: str
    by: str | None = Field(description="Who decided it; None where it came with files.")
    parent: int | None = Field(description="The version that it was made from.")
    sha256: str = Field(description="Over id, path, bytes, orientation and label of every image.")
    images: int
    left_out: int = Field(description="Images that are in the folder and do not count.")
    relabelled: int
    classes: dict[str, int] = Field(description="Images of each class, most first.")
    current: bool


class DatasetVersions(BaseModel):
    current: int
    versions: list[DatasetVersion] = Field(description="Newest first.")


class VersionImage(BaseModel):
    image_id: str
    path: str
    sha256: str
    orientation: int = Field(description="As EXIF counts, 1–8; it is applied on reading.")
    label: str
    lesion_id: str | None
    patient_id: str | None


class WholeVersion(DatasetVersion):
    """One version with every image of it."""

    files: list[VersionImage]


class VersionChange(BaseModel):
    """What is to be different in the next version; images by id."""

    exclude: list[str] = Field([], max_length=500_000, description="Images to leave out.")
    include: list[str] = Field(
        [], max_length=500_000, description="Images that were left out, to be taken back in."
    )
    relabel: dict[str, str] = Field({}, max_length=500_000)
    reason: str = Field("", max_length=500)
