"""Facts of datasets: the numbers, the images behind each, and looking at the pictures anew."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, status

from server.api.deps import ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.dataset_facts import (
    DatasetFacts,
    Fact,
    FactGroup,
    FactImage,
    FactImages,
    ImagesAsked,
    LabelCount,
    LeakingColumn,
    LeakingValue,
    UsualRange,
)
from server.domain.outliers import Spread
from server.services.dataset_facts import FactKind, Facts, Group
from server.services.facts import Known, LookState, Wanted
from server.services.leaking_values import leaking_column

router = APIRouter(tags=["datasets"], prefix="/api/datasets/{name}/facts")


@router.get("")
def read_dataset_facts(name: str, services: ServicesDep, _: ResearcherDep) -> DatasetFacts:
    """Sharpness, brightness, copies, contradictions, leaking columns: how many of each."""
    return _shown(name, services.facts.facts(name))


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def look_at_dataset(name: str, services: ServicesDep, _: ResearcherDep) -> DatasetFacts:
    """Look at every picture anew, in a process of its own; ask again for what it found."""
    return _shown(name, services.facts.look(name))


@router.get("/images")
def list_fact_images(
    name: str,
    services: ServicesDep,
    _: ResearcherDep,
    asked: Annotated[ImagesAsked, Query()],
) -> FactImages:
    """The images behind a number."""
    size = (asked.width, asked.height) if asked.width and asked.height else None
    wanted = Wanted(
        kind=asked.kind,
        label=asked.label,
        size=size,
        cell=(asked.column, asked.value) if asked.column and asked.value else None,
    )
    page = services.facts.images(name, wanted, asked.offset, asked.limit)
    groups = [_group(page.facts, each) for each in page.groups]
    return FactImages(total=page.total, offset=asked.offset, groups=groups)


def _shown(name: str, known: Known) -> DatasetFacts:
    facts = known.facts
    manifest = facts.manifest
    looked = known.state is LookState.DONE
    return DatasetFacts(
        dataset_name=name,
        version=manifest.version,
        state=known.state,
        why=known.why,
        images=len(manifest.images),
        not_measured=sum(look is None for look in facts.looks[: len(manifest.images)])
        if looked
        else 0,
        compared=FactKind.ALIKE in facts.groups,
        sharpness=_range(facts.sharpness),
        brightness=_range(facts.brightness),
        facts=[_fact(kind, groups) for kind, groups in facts.groups.items()],
        leaking_columns=[_column(facts, column) for column in manifest.leaking_columns],
    )


def _fact(kind: FactKind, groups: tuple[Group, ...]) -> Fact:
    images = {place for group in groups for place in group.images}
    return Fact(kind=kind, groups=len(groups), images=len(images))


def _range(spread: Spread | None) -> UsualRange | None:
    if spread is None:
        return None
    return UsualRange(median=spread.median, low=spread.low, high=spread.high)


def _column(facts: Facts, name: str) -> LeakingColumn:
    found = leaking_column(facts.manifest, name)
    return LeakingColumn(
        column=name,
        values=[
            LeakingValue(
                value=each.value,
                images=each.images,
                labels=[LabelCount(label=k, images=count) for k, count in each.labels.items()],
            )
            for each in found.values
        ],
        different=found.different,
        guessed=found.guessed,
        commonest=found.commonest,
    )


def _group(facts: Facts, group: Group) -> FactGroup:
    shown = [_image(facts, place) for place in group.images]
    return FactGroup(images=shown, likeness=group.likeness)


def _image(facts: Facts, place: int) -> FactImage:
    image, look = facts.images[place], facts.looks[place]
    return FactImage(
        image_id=image.image_id,
        label=image.label,
        lesion_id=image.lesion_id,
        width=image.width,
        height=image.height,
        sharpness=look.sharpness if look else None,
        brightness=look.brightness if look else None,
        clipped=look.clipped if look else None,
    )
