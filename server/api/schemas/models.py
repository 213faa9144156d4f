"""Trained models over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Headline(BaseModel):
    """Test metrics of a list line, each in [0, 1]."""

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    macro_auc: float | None


class ModelFile(BaseModel):
    kind: str = Field(
        description="h5, onnx, metadata, history, report, report_html, card, card_json, "
        "test_predictions or test_truth."
    )
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
    dataset_version: int | None = Field(
        None, description="Version of the dataset that it was trained on, where it is known."
    )
    is_sample: bool = Field(description="Trained on pictures drawn by this program.")
    classes: list[str]
    epochs: int
    weights_sentence: str
    headline: Headline
    baseline: Headline = Field(description="Always answering the most common class.")
    test_images: int
    test_lesions: int
    bytes: int
    has_report: bool = Field(description="Whether it can be compared with others.")
    created_at: datetime
    job_id: str | None


class ModelReport(ModelListed):
    """One model, whole."""

    files: list[ModelFile]
    first_line: str = Field(description="What must be read before the figures.")
    metadata: dict[str, Any] = Field(description="The `…_metadata.json`, as it is.")
    history: list[dict[str, Any]]
    report: dict[str, Any] | None = Field(
        description="The sections of `…_report.json` about the whole test part: `headline`, "
        "`per_class`, `baselines`, `confusion_matrix`, `calibration`, `operating_point`, "
        "`subgroups`. Null for a model from before there were reports."
    )
    report_url: str | None = Field(description="The report as a page of its own; null without one.")


class ModelList(BaseModel):
    models: list[ModelListed]


class SideFigure(BaseModel):
    """One figure of one side of a comparison."""

    mean: float | None = Field(description="Over the models of the side.")
    spread: float | None = Field(description="Standard deviation; null for a single model.")
    values: list[float | None] = Field(description="Of each model.")


class FigureCompared(BaseModel):
    """One figure of both sides on the same lesions."""

    figure: str = Field(description="Name of the figure, or of the class for a sensitivity.")
    a: SideFigure
    b: SideFigure
    difference: float | None = Field(description="a minus b.")
    low: float | None = Field(description="Lower end of the 95 % interval of the difference.")
    high: float | None
    shown: bool = Field(description="Whether the interval leaves out zero.")


class SettingThatDiffers(BaseModel):
    name: str
    a: list[str]
    b: list[str]


class McNemarTest(BaseModel):
    """McNemar's exact test with the lesion as its unit."""

    for_a: int = Field(description="Lesions of which a answered more photographs rightly.")
    for_b: int
    same: int
    p: float


class ComparedModels(BaseModel):
    a: list[str]
    b: list[str]


class ModelComparison(BaseModel):
    """Two sides compared on the lesions that both were tested on and neither had seen."""

    sentence: str = Field(description="The answer.")
    shown: bool = Field(description="Whether a difference of the deciding figure is shown.")
    better: Literal["a", "b"] | None
    decided_by: str
    models: ComparedModels
    lesions: int
    images: int
    test_parts: int
    confidence: float
    replicates: int
    figures: list[FigureCompared]
    sensitivities: list[FigureCompared]
    mcnemar: McNemarTest
    left_out: list[str]
    settings: list[SettingThatDiffers]
    notes: list[str]
