"""The images of a dataset over the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from server.services.dataset_facts import FactKind


class Description(BaseModel):
    """Which images are sought: those for which everything holds that is given."""

    label: str | None = Field(None, description="Their class.")
    site: str | None = Field(None, description="Their body site, as the table writes it.")
    sex: str | None = Field(None, description="As the table writes it.")
    age_from: float | None = Field(None, ge=0, le=150, description="In years.")
    age_to: float | None = Field(None, ge=0, le=150, description="In years, included.")
    fact: FactKind | None = Field(None, description="Images of a fact, in its order.")
    text: str | None = Field(
        None, max_length=200, description="Part of the id of the image, the lesion or the patient."
    )


class ImagesSought(Description):
    """Some of them."""

    offset: int = Field(0, ge=0, description="Images to pass over.")
    limit: int = Field(200, ge=1, le=1000, description="Images to answer with.")


class ListedImage(BaseModel):
    image_id: str
    label: str
    lesion_id: str | None
    patient_id: str | None
    age: float | None = Field(description="In years.")
    sex: str | None
    site: str | None
    width: int
    height: int


class ListedImages(BaseModel):
    """Some of the images that fit, by id; of a fact, in its order."""

    total: int
    offset: int
    images: list[ListedImage]


class ImageIds(BaseModel):
    """All images that fit."""

    image_ids: list[str]


class ImageChoice(BaseModel):
    value: str
    images: int


class AgeRange(BaseModel):
    youngest: float
    oldest: float


class ImageChoices(BaseModel):
    """What can be sought; values most first."""

    labels: list[ImageChoice]
    sites: list[ImageChoice]
    sexes: list[ImageChoice]
    ages: AgeRange | None
