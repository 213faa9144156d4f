"""All images of a dataset to leaf through, and those among them that fit a description."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from server.intake.columns import reduced
from server.intake.manifest import LesionImage
from server.intake.person_columns import AGE, BODY_SITE, SEX
from server.services.dataset_facts import FactKind, Facts
from server.services.facts import FactService, Wanted, groups_behind

_KEPT = 2


@dataclass(frozen=True, slots=True)
class Sought:
    """Which images are sought: those for which everything holds that is given.

    Attributes:
        label, site, sex: as the tables write it.
        age_from, age_to: in years, both included.
        fact: images of that kind of fact, in its order; left out ones only by its kind.
        text: part of the image's, the lesion's or the patient's id, in any letter case.
    """

    label: str | None = None
    site: str | None = None
    sex: str | None = None
    age_from: float | None = None
    age_to: float | None = None
    fact: FactKind | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image with what its row says of the person."""

    image: LesionImage
    age: float | None
    sex: str | None
    site: str | None

    @property
    def ids(self) -> str:
        ids = (self.image.image_id, self.image.lesion_id, self.image.patient_id)
        return "\0".join(each.casefold() for each in ids if each)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be sought: each value with its number of images, most first; ages in years."""

    labels: dict[str, int]
    sites: dict[str, int]
    sexes: dict[str, int]
    ages: tuple[float, float] | None


class Gallery:
    """The images of every dataset of one server.

    Args:
        facts: knows them.
    """

    def __init__(self, facts: FactService) -> None:
        self._facts = facts
        self._lock = threading.Lock()
        self._pictures: dict[str, tuple[Facts, tuple[Picture, ...]]] = {}

    def find(self, name: str, sought: Sought) -> list[Picture]:
        """The images that fit, by id; of a fact, in its order.

        Raises:
            NotFound: there is no such dataset.
            Conflict: its files are still being read, cannot be understood, or were not looked at.
        """
        facts, pictures = self._known(name)
        if sought.fact is None:
            among: Iterable[Picture] = pictures[: len(facts.manifest.images)]
        else:
            groups = groups_behind(facts, Wanted(kind=sought.fact))
            places = dict.fromkeys(place for group in groups for place in group.images)
            among = (pictures[place] for place in places)
        return [each for each in among if _fits(each, sought)]

    def choices(self, name: str) -> Choices:
        """What can be sought in a dataset.

        Raises:
            NotFound, Conflict: as ``find``.
        """
        facts, pictures = self._known(name)
        counted = pictures[: len(facts.manifest.images)]
        ages = [each.age for each in counted if each.age is not None]
        return Choices(
            labels=dict(facts.manifest.classes),
            sites=_most_first(each.site for each in counted),
            sexes=_most_first(each.sex for each in counted),
            ages=(min(ages), max(ages)) if ages else None,
        )

    def _known(self, name: str) -> tuple[Facts, tuple[Picture, ...]]:
        facts = self._facts.facts(name).facts
        with self._lock:
            known = self._pictures.pop(name, None)
            if known is None or known[0] is not facts:
                known = facts, tuple(map(_picture, facts.images))
            self._pictures[name] = known
            while len(self._pictures) > _KEPT:
                del self._pictures[next(iter(self._pictures))]
        return known


def _picture(image: LesionImage) -> Picture:
    by_name = {reduced(name): value for name, value in image.attributes.items() if value.strip()}
    age, sex, site = (
        next((by_name[name] for name in names if name in by_name), None)
        for names in (AGE, SEX, BODY_SITE)
    )
    return Picture(image, _years(age), sex, site)


def _years(age: str | None) -> float | None:
    try:
        years = float(age) if age is not None else None
    except ValueError:
        return None
    return years if years is not None and 0 <= years <= 150 else None


def _most_first(values: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(value for value in values if value is not None)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _fits(picture: Picture, sought: Sought) -> bool:
    return (
        sought.label in (None, picture.image.label)
        and sought.site in (None, picture.site)
        and sought.sex in (None, picture.sex)
        and _in_range(picture.age, sought.age_from, sought.age_to)
        and (not sought.text or sought.text.casefold() in picture.ids)
    )


def _in_range(age: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return age is not None and (low is None or age >= low) and (high is None or age <= high)
