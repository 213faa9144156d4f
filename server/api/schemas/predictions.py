"""Predictions over the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ImageAsText(BaseModel):
    """One photograph inside JSON."""

    image: str = Field(description="`data:image/jpeg;base64,…`, or the base64 alone.")


class ClassProbability(BaseModel):
    label: str
    probability: float


class Malignancy(BaseModel):
    """What the model's threshold for malignancy says."""

    score: float = Field(description="The probabilities of all malignant classes together.")
    threshold: float = Field(description="Chosen on validation; from it on: suspicious.")
    suspicious: bool
    classes: list[str] = Field(description="The malignant ones.")
    sensitivity: float | None = Field(description="What the threshold gave on the test part.")
    specificity: float | None = Field(description="The same.")


class Prediction(BaseModel):
    model_name: str
    probabilities: list[ClassProbability] = Field(description="Highest first; they sum to 1.")
    malignancy: Malignancy | None = Field(
        description="Null for a model without a threshold for malignancy."
    )
    notice: str = Field(description="That this is research software.")
    milliseconds: float
