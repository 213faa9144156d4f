"""Uploads that take their time, over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

UploadPhase = Literal["arriving", "arrived", "being_read", "imported"]


class UploadBegin(BaseModel):
    """Body of `POST /api/uploads`: what will come."""

    model_config = ConfigDict(extra="forbid")

    dataset_name: str = Field(description="Name of the dataset, new or to be added to.")
    files: int = Field(ge=1, le=2**53, description="How many files will come.")
    bytes: int = Field(ge=0, le=2**53, description="Size of all of them together.")


class UnfinishedUpload(BaseModel):
    """One upload that is not part of a dataset yet."""

    id: str
    dataset_name: str
    phase: UploadPhase
    files: int = Field(description="As announced.")
    bytes: int = Field(description="As announced.")
    files_arrived: int = Field(description="Files that are here whole.")
    bytes_arrived: int = Field(description="Bytes that are safe on the server's disk.")
    tus_url: str = Field(description="Where files are announced by the tus protocol.")
    created_at: datetime
    last_active_at: datetime = Field(description="When something last arrived.")
    expires_at: datetime = Field(description="When it is thrown away unless more arrives.")


class UploadedFile(BaseModel):
    """One file of an unfinished upload."""

    path: str = Field(description="Name as announced, with folders.")
    bytes: int
    bytes_arrived: int
    modified: str | None = Field(description="`modified` of its Upload-Metadata.")
    url: str = Field(description="Where its pieces go.")


class UnfinishedUploadDetail(UnfinishedUpload):
    """One unfinished upload with the files that were announced so far, by name."""

    announced: list[UploadedFile]


class UnfinishedUploads(BaseModel):
    uploads: list[UnfinishedUpload]
