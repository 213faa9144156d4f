"""Training jobs over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from server.domain.job import JobStatus
from server.domain.presets import with_preset
from server.domain.training_request import TrainingRequest

PriorityName = Literal["low", "normal", "high"]
WeightsState = Literal["imagenet", "random"]


class TrainingForm(BaseModel):
    """Body of `POST /api/start-training`; the first seven fields are the document's."""

    model_config = {"extra": "forbid"}

    dataset_name: str
    architecture: str = "DenseNet169"
    epochs: int = 30
    batch_size: int = 32
    optimizer: str = "Adam"
    learning_rate: float = 0.001
    class_balancing: bool = True
    fine_tune_epochs: int | None = Field(
        None,
        description="Epochs of the whole run that train the backbone too; null = last quarter.",
    )
    weights: str = Field("auto", description="auto, imagenet or none.")
    image_size: int | None = Field(None, description="Pixels; null = chosen from the images.")
    seed: int = 0
    views: int = Field(
        4,
        description="Mirror images over which the finished model takes the mean: 1, 2 or 4. It "
        "takes that many times as long to answer.",
    )
    preset: str | None = Field(
        None,
        description="quick, standard or best: fills the fields that are not given; those win.",
    )

    priority: PriorityName | None = Field(
        None, description="Among the jobs that wait; null = normal."
    )

    def request(self) -> TrainingRequest:
        """What is asked for.

        Raises:
            InvalidInput: naming the field.
        """
        given = self.model_dump(include=self.model_fields_set - {"preset", "priority"})
        return TrainingRequest(**with_preset(self.preset, given))


class TrainingStarted(BaseModel):
    """Answer of `POST /api/start-training`; the first three fields are the document's."""

    job_id: str
    status: Literal["queued"]
    message: str
    weights_sentence: str = Field(description="What the run will start from, in words.")
    queue_position: int = Field(description="1 = next to start.")


class JobStatusAnswer(BaseModel):
    """Answer of `GET /api/job/{job_id}/status`: exactly the document's fields, then ours.

    The three times are UTC in the document's form, `2025-12-03T18:00:00`, without a zone.
    """

    job_id: str
    status: JobStatus
    progress: int = Field(ge=0, le=100)
    message: str
    created_at: str
    started_at: str | None
    completed_at: str | None
    model_path: str | None
    seconds_left: float | None
    attempt: int
    dataset_name: str
    architecture: str


class EpochPoint(BaseModel):
    """One epoch of the live curves."""

    epoch: int
    epochs: int
    phase: Literal["head", "fine-tuning"]
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    val_balanced_accuracy: float
    learning_rate: float
    seconds: float
    best: bool


class JobChoiceShown(BaseModel):
    """Something that can be asked of a job, or the reason why it cannot be now."""

    name: Literal["stop", "cancel", "resume", "retry"]
    possible: bool
    sentence: str = Field(description="What it does; when it is not possible, why not.")


class JobChangeShown(BaseModel):
    """A line of a job's history."""

    at: datetime
    who: str
    before: JobStatus | None = Field(description="Null for the first line.")
    after: JobStatus = Field(description="The same as before when something was only asked for.")
    why: str
    token: int = Field(description="The fencing token afterwards; it only grows.")


class JobHistory(BaseModel):
    """Every change of a job's state, oldest first. Lines are added, never changed."""

    changes: list[JobChangeShown]


class PriorityForm(BaseModel):
    """Body of `POST /api/job/{job_id}/priority`."""

    model_config = {"extra": "forbid"}

    priority: PriorityName


class JobDetail(BaseModel):
    """A job, whole. Times are RFC 3339 with their zone."""

    job_id: str
    status: JobStatus
    progress: int
    message: str
    seconds_left: float | None
    epoch: int
    attempt: int
    cancel_requested: bool
    stop_requested: bool = Field(description="To stop early and keep the best epoch.")
    stopped_after: int | None = Field(
        description="Epochs finished when it stopped early; null = it did not."
    )
    priority: PriorityName
    device: str | None = Field(description="What it runs on or ran on last, such as cuda:0.")
    queue_position: int | None
    weights_sentence: str | None
    model_name: str | None
    model_path: str | None
    request: dict[str, Any] = Field(description="What was asked for, every setting.")
    dataset_name: str
    architecture: str
    epochs: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    warnings: list[str] = Field(
        default_factory=list, description="What the run warned of. Empty in lists."
    )
    history: list[EpochPoint] = Field(default_factory=list, description="Empty in lists.")
    choices: list[JobChoiceShown] = Field(
        default_factory=list, description="What can be asked of it now. Empty in lists."
    )


class JobList(BaseModel):
    jobs: list[JobDetail]


class ArchitectureOption(BaseModel):
    name: str
    summary: str
    parameters_millions: float
    native_size: int
    auto_weights: WeightsState = Field(description="What `auto` would start from, right now.")
    weights_sentence: str


class NumberLimit(BaseModel):
    default: float
    minimum: float
    maximum: float


class TrainingOptions(BaseModel):
    """What the training form offers."""

    architectures: list[ArchitectureOption]
    random_start_sentence: str = Field(description="What the weights `none` mean.")
    optimizers: list[str]
    defaults: TrainingForm
    limits: dict[str, NumberLimit]
    device: str
