"""Imports over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.common import Refusal
from server.api.schemas.datasets import UploadResult


class ImportStep(BaseModel):
    """How far a running import is, as measured."""

    step: Literal["unpacking", "checking"]
    done: int = Field(description="Files that are unpacked, or images that are checked.")
    total: int | None = Field(description="Of how many; null = not known before the end.")
    seconds_left: float | None = Field(
        description="Of this step at its pace so far; null = too early to say."
    )


class ImportListed(BaseModel):
    """One import: the work between an upload's last byte and the dataset that shows it."""

    id: str
    upload_id: str
    dataset_name: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    cancel_requested: bool = Field(description="Somebody wants it to end; it may still be ending.")
    progress: ImportStep | None = Field(description="null = nothing is measured at the moment.")
    refusal: Refusal | None = Field(description="Why it failed.")
    attempts: int = Field(description="How often it was begun; again when the server died.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ImportDetail(ImportListed):
    """One import with what it brought."""

    result: UploadResult | None = Field(
        description="Once it is done; null again when the dataset was deleted since."
    )


class ImportList(BaseModel):
    imports: list[ImportListed]
