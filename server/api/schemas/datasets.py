"""Datasets over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from server.intake.manifest import Layout, ProblemKind


class ClassCount(BaseModel):
    label: str
    images: int
    lesions: int
    example_image_ids: list[str] = Field(description="Up to six images to show, by id.")


class DatasetProblem(BaseModel):
    kind: ProblemKind
    message: str
    file: str | None = None
    row: int | None = None
    label: str | None = None


class SizeCount(BaseModel):
    width: int
    height: int
    images: int


class DatasetListed(BaseModel):
    """One line of `GET /api/datasets`."""

    name: str
    dataset_name: str = Field(description="The same as `name`, as the upload calls it.")
    dataset_path: str
    layout: Layout
    images: int
    lesions: int | None = Field(description="None when the data names no lesions.")
    classes: list[ClassCount]
    problem_count: int
    trainable: bool
    being_read: bool = Field(
        False, description="Its files are still being read: the counts are not known yet."
    )
    is_sample: bool
    version: int | None = Field(None, description="The current one of its versions.")
    created_at: datetime
    updated_at: datetime


class DatasetSummary(DatasetListed):
    """One dataset, whole."""

    layout_reason: str
    not_trainable_because: str | None
    image_sizes: list[SizeCount] = Field(description="Most common first, at most 20.")
    problems: list[DatasetProblem] = Field(description="Worst first, at most 500.")
    problem_counts: dict[ProblemKind, int]
    bytes_on_disk: int
    notes: list[str] = Field(
        description="Sentences worth knowing that are no problems, such as an official split."
    )
    leaking_columns: list[str] = Field(
        description="Columns that give the diagnosis away; they are never learnt from."
    )


class DatasetList(BaseModel):
    datasets: list[DatasetListed]


class UploadResult(BaseModel):
    """Answer of `POST /api/upload-dataset`; the first five fields are the document's."""

    status: Literal["success"]
    dataset_name: str
    dataset_path: str
    files_saved: list[str] = Field(description="The files as sent, archives by their own name.")
    message: str
    images_added: int
    files_unchanged: int = Field(description="Files that were there already, byte for byte.")
    summary: DatasetSummary
