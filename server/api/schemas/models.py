"""Trained models over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Headline(BaseModel):
    """Test metrics of a list line, each in [0, 1]."""

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    macro_auc: float | None


class ModelFile(BaseModel):
    kind: str = Field(description="h5, onnx, metadata or history.")
    file: str
    bytes: int
    url: str


class ModelListed(BaseModel):
    """One line of `GET /api/models`."""

    name: str
    model_path: str
    metadata_path: str
    architecture: str
    dataset_name: str
    is_sample: bool = Field(description="Trained on pictures drawn by this program.")
    classes: list[str]
    epochs: int
    weights_sentence: str
    headline: Headline
    baseline: Headline = Field(description="Always answering the most common class.")
    test_images: int
    test_lesions: int
    bytes: int
    created_at: datetime
    job_id: str | None


class ModelReport(ModelListed):
    """One model, whole."""

    files: list[ModelFile]
    first_line: str = Field(description="What must be read before the figures.")
    metadata: dict[str, Any] = Field(description="The `…_metadata.json`, as it is.")
    history: list[dict[str, Any]]


class ModelList(BaseModel):
    models: list[ModelListed]


class ClassProbability(BaseModel):
    label: str
    probability: float


class Prediction(BaseModel):
    model_name: str
    probabilities: list[ClassProbability] = Field(description="Highest first; they sum to 1.")
    notice: str = Field(description="That this is research software.")
    milliseconds: float
