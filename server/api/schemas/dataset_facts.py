"""The facts of a dataset over the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from server.services.dataset_facts import FactKind
from server.services.facts import LookState


class Fact(BaseModel):
    """One number that has images behind it."""

    kind: FactKind
    groups: int = Field(description="Outliers, sets of copies, lesions: what is counted.")
    images: int = Field(description="Different images in all of them.")


class UsualRange(BaseModel):
    """Median ± 3.5 robust standard deviations (Iglewicz and Hoaglin 1993)."""

    median: float
    low: float
    high: float


class LabelCount(BaseModel):
    label: str
    images: int


class LeakingValue(BaseModel):
    value: str
    images: int
    labels: list[LabelCount] = Field(description="Most images first.")


class LeakingColumn(BaseModel):
    """A column that gives the diagnosis away; it is never learnt from."""

    column: str
    values: list[LeakingValue] = Field(description="Most images first, at most 12.")
    different: int = Field(description="0 where the column was left in the table.")
    guessed: float = Field(description="Share of images whose class its value would give.")
    commonest: float = Field(description="The same for always naming the commonest class.")


class DatasetFacts(BaseModel):
    """What is known of the current version."""

    dataset_name: str
    version: int | None
    state: LookState = Field(description="Whether the pictures were looked at.")
    why: str | None = Field(description="One sentence, where looking failed.")
    images: int
    not_measured: int = Field(description="Pictures with too many pixels to be measured.")
    compared: bool = Field(description="Whether the pictures were compared with each other.")
    sharpness: UsualRange | None = Field(
        description="Of the variance of the Laplacian at 224 × 224 pixels, by ratios."
    )
    brightness: UsualRange | None = Field(description="Of the mean luminance, 0 to 1.")
    facts: list[Fact] = Field(
        description="Kinds that need a look at the pictures are missing before it."
    )
    leaking_columns: list[LeakingColumn]


class ImagesAsked(BaseModel):
    """Whose images are asked for: of a fact, a class, a size or a cell of a table."""

    kind: FactKind | None = Field(None, description="Of a fact.")
    label: str | None = Field(None, description="Or of a class.")
    width: int | None = Field(None, description="Or of a size in pixels, with `height`.")
    height: int | None = Field(None, description="See `width`.")
    column: str | None = Field(None, description="Or with a `value` in that column.")
    value: str | None = Field(None, description="See `column`.")
    offset: int = Field(0, ge=0, description="Groups to pass over.")
    limit: int = Field(48, ge=1, le=200, description="Groups to answer with.")


class FactImage(BaseModel):
    image_id: str
    label: str
    lesion_id: str | None
    width: int
    height: int
    sharpness: float | None
    brightness: float | None
    clipped: float | None = Field(description="Share of pixels that are black or white.")


class FactGroup(BaseModel):
    """Images to be seen together: one for an outlier, several where they contradict."""

    images: list[FactImage]
    likeness: float | None = Field(
        None, description="Of two that look nearly the same: correlation of fingerprints, up to 1."
    )


class FactImages(BaseModel):
    """Some of the groups behind a number."""

    total: int
    offset: int
    groups: list[FactGroup]
