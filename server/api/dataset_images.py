"""The images of datasets: leaf through them, find those that fit a description."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.api.deps import ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.dataset_images import (
    AgeRange,
    Description,
    ImageChoice,
    ImageChoices,
    ImageIds,
    ImagesSought,
    ListedImage,
    ListedImages,
)
from server.services.gallery import Picture, Sought

router = APIRouter(tags=["datasets"], prefix="/api/datasets/{name}/images")


@router.get("")
def list_images(
    name: str, services: ServicesDep, _: ResearcherDep, sought: Annotated[ImagesSought, Query()]
) -> ListedImages:
    """Some of the images of a dataset that fit a description."""
    found = services.gallery.find(name, _sought(sought))
    shown = found[sought.offset : sought.offset + sought.limit]
    return ListedImages(
        total=len(found), offset=sought.offset, images=[_listed(each) for each in shown]
    )


@router.get("/ids")
def list_image_ids(
    name: str, services: ServicesDep, _: ResearcherDep, sought: Annotated[Description, Query()]
) -> ImageIds:
    """The ids of all images that fit a description."""
    found = services.gallery.find(name, _sought(sought))
    return ImageIds(image_ids=[each.image.image_id for each in found])


@router.get("/choices")
def list_image_choices(name: str, services: ServicesDep, _: ResearcherDep) -> ImageChoices:
    """What images of a dataset can be sought by."""
    found = services.gallery.choices(name)
    return ImageChoices(
        labels=_choices(found.labels),
        sites=_choices(found.sites),
        sexes=_choices(found.sexes),
        ages=AgeRange(youngest=found.ages[0], oldest=found.ages[1]) if found.ages else None,
    )


def _sought(asked: Description) -> Sought:
    wanted = asked.model_dump(include=set(Description.model_fields))
    return Sought(**wanted)


def _choices(counts: dict[str, int]) -> list[ImageChoice]:
    return [ImageChoice(value=value, images=images) for value, images in counts.items()]


def _listed(picture: Picture) -> ListedImage:
    image = picture.image
    return ListedImage(
        image_id=image.image_id,
        label=image.label,
        lesion_id=image.lesion_id,
        patient_id=image.patient_id,
        age=picture.age,
        sex=picture.sex,
        site=picture.site,
        width=image.width,
        height=image.height,
    )
