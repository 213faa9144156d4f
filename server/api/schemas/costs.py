"""Presets and costs over the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class PresetOption(BaseModel):
    """One preset. Fields that are null or missing stay the researcher's choice."""

    name: str
    title: str
    sentence: str
    architecture: str | None = Field(description="What it suggests; null = any.")
    epochs: int
    fine_tune_share: float | None = Field(
        description="Of the epochs, those that train the backbone too, rounded up; null = default."
    )
    batch_size: int
    image_size: int | None = Field(description="Pixels; null = chosen from the images.")
    native_size: bool = Field(description="The image size is the architecture's `native_size`.")
    views: int = Field(description="Of each image that the finished network looks at.")


class PresetList(BaseModel):
    presets: list[PresetOption]


class WorkCost(BaseModel):
    """One kind of work of a run; seconds for all of it."""

    work: str
    amount: float = Field(description="Images, of all epochs together; or 1.")
    seconds: float
    low: float
    high: float
    measured: float = Field(description="How much of it the trial did.")


class MeasuredCost(BaseModel):
    """What a training would cost, from a trial of a few real steps on the server."""

    seconds: float
    low: float = Field(description="From the fastest steps of the trial.")
    high: float = Field(description="From the slowest steps of the trial.")
    parts: list[WorkCost]
    not_measured: list[str] = Field(description="Work that comes on top, in words.")
    warnings: list[str] = Field(description="Of the trial; the run would say them again.")
    memory_bytes: int = Field(description="The most main memory that the trial held.")
    gpu_memory_bytes: int | None
    device: str
    image_size: int
    images: int
    trial_seconds: float
    measured_at: datetime
    beside_running_jobs: int = Field(
        description="Trainings that ran at the same time and made the trial slower."
    )


class TrainingCostAnswer(BaseModel):
    """Answer of `POST /api/training-cost`."""

    cost: MeasuredCost | None = Field(description="Null = not measured yet.")
