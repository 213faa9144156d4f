"""The facts of a dataset: how many images stand behind each, and which.

They are of one manifest and of what was seen of its pictures. Nothing is decoded here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from server.domain.outliers import Spread, spread_of, spread_of_ratios
from server.intake.look import Look, Seen
from server.intake.looks_file import Looks
from server.intake.manifest import LesionImage, Manifest


class FactKind(StrEnum):
    """What is asked of a dataset; the groups of each are what a page shows together."""

    UNSHARP = "unsharp"
    RICH_IN_DETAIL = "rich_in_detail"
    DARK = "dark"
    BRIGHT = "bright"
    COPIES = "copies"
    """Files with the same bytes under several names."""
    ALIKE = "alike"
    """Pairs of pictures that look nearly the same."""
    ALIKE_OF_OTHER_LESIONS = "alike_of_other_lesions"
    ALIKE_LABELLED_APART = "alike_labelled_apart"
    COPIES_LABELLED_APART = "copies_labelled_apart"
    LESIONS_LABELLED_APART = "lesions_labelled_apart"
    LESIONS = "lesions"
    """Lesions with more than one image."""
    LEFT_OUT = "left_out"
    """Images that somebody left out of the current version; in no other group."""


WITHOUT_LOOKING = (FactKind.LEFT_OUT, FactKind.LESIONS, FactKind.LESIONS_LABELLED_APART)
"""Known without a look at the pictures; where one is missing, there are none."""


@dataclass(frozen=True, slots=True)
class Group:
    """Images that belong together: one for an outlier, several where they contradict.

    Attributes:
        images: positions in ``Facts.images``, ascending.
        likeness: of two that look nearly the same, up to 1.
    """

    images: tuple[int, ...]
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one version of a dataset.

    Attributes:
        manifest: that version.
        images: those of the manifest, then those that are left out of it.
        looks: of each of ``images``; None = not measured.
        measured: whether every image was looked at.
        sharpness, brightness: the usual ranges; None = too few images, or all the same.
        groups: of each kind that could be asked; kinds that need a look are missing without it.
    """

    manifest: Manifest
    images: tuple[LesionImage, ...]
    looks: tuple[Look | None, ...]
    measured: bool
    sharpness: Spread | None
    brightness: Spread | None
    groups: dict[FactKind, tuple[Group, ...]]


def facts_of(
    manifest: Manifest, looks: Looks | None, left_out: tuple[LesionImage, ...] = ()
) -> Facts:
    """Everything that can be said.

    Args:
        left_out: images that are left out of this version.
        looks: what was seen of the pictures; None = nothing yet. Pictures whose bytes are others
            now count as not seen.
    """
    images = manifest.images
    everything = (*images, *left_out)
    seen = [_seen(image, looks) for image in everything]
    found = tuple(each.look if each else None for each in seen)
    counted = found[: len(images)]
    measured = all(seen[: len(images)])
    sharpness = spread_of_ratios([look.sharpness for look in counted if look])
    brightness = spread_of([look.brightness for look in counted if look])
    groups = _lesions(images)
    hashes = [
        image.sha256 or (each.sha256 if each else "")
        for image, each in zip(images, seen, strict=False)
    ]
    if all(hashes):
        copies = _groups(hashes)
        groups[FactKind.COPIES] = copies
        groups[FactKind.COPIES_LABELLED_APART] = _labelled_apart(copies, images)
    if measured and looks is not None:
        if looks.alike is not None:
            groups |= _alike(images, looks.alike)
        groups |= _outliers(counted, sharpness, brightness)
    if left_out:
        outside = range(len(images), len(everything))
        groups[FactKind.LEFT_OUT] = tuple(Group((place,)) for place in outside)
    return Facts(manifest, everything, found, measured, sharpness, brightness, groups)


def _seen(image: LesionImage, looks: Looks | None) -> Seen | None:
    """What was seen of an image, if its bytes are still the same."""
    each = looks.seen.get(image.path) if looks else None
    return None if each is None or image.sha256 not in ("", each.sha256) else each


def _lesions(images: tuple[LesionImage, ...]) -> dict[FactKind, tuple[Group, ...]]:
    lesions = _groups([image.lesion_id or "" for image in images])
    return {
        FactKind.LESIONS: tuple(sorted(lesions, key=lambda group: -len(group.images))),
        FactKind.LESIONS_LABELLED_APART: _labelled_apart(lesions, images),
    }


def images_of_class(manifest: Manifest, label: str) -> tuple[Group, ...]:
    """The images of one class, one a group."""
    return _single(manifest, lambda image: image.label == label)


def images_of_size(manifest: Manifest, width: int, height: int) -> tuple[Group, ...]:
    """The images that measure so many pixels, one a group."""
    return _single(manifest, lambda image: (image.width, image.height) == (width, height))


def images_with(manifest: Manifest, column: str, value: str) -> tuple[Group, ...]:
    """The images whose table says ``value`` in ``column``, one a group."""
    return _single(manifest, lambda image: image.attributes.get(column) == value)


def _single(manifest: Manifest, wanted: Callable[[LesionImage], bool]) -> tuple[Group, ...]:
    return tuple(Group((place,)) for place, image in enumerate(manifest.images) if wanted(image))


def _groups(keys: Iterable[str]) -> tuple[Group, ...]:
    """Images with the same key, where there are several; those without a key are left aside."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key:
            found[key].append(place)
    return tuple(Group(tuple(places)) for places in found.values() if len(places) > 1)


def _labelled_apart(groups: Iterable[Group], images: tuple[LesionImage, ...]) -> tuple[Group, ...]:
    return tuple(
        group
        for group in groups
        if len({images[place].label for place in group.images if images[place].label}) > 1
    )


def _alike(
    images: tuple[LesionImage, ...], pairs: Iterable[tuple[str, str, float]]
) -> dict[FactKind, tuple[Group, ...]]:
    """Pairs of which both images count now, the most alike first."""
    places = {image.path: place for place, image in enumerate(images)}
    there = [
        (min(places[one], places[other]), max(places[one], places[other]), how)
        for one, other, how in pairs
        if one in places and other in places
    ]
    most_alike = sorted(there, key=lambda pair: (-pair[2], pair[0], pair[1]))
    groups = tuple(Group((one, other), how) for one, other, how in most_alike)
    found = {FactKind.ALIKE: groups, FactKind.ALIKE_LABELLED_APART: _labelled_apart(groups, images)}
    if any(image.lesion_id for image in images):
        lesions = [image.lesion_id or f"\0{image.image_id}" for image in images]
        found[FactKind.ALIKE_OF_OTHER_LESIONS] = tuple(
            group for group in groups if len({lesions[place] for place in group.images}) > 1
        )
    return found


def _outliers(
    looks: tuple[Look | None, ...], sharpness: Spread | None, brightness: Spread | None
) -> dict[FactKind, tuple[Group, ...]]:
    """What is outside of the usual ranges, the farthest first."""
    sharp = [(look.sharpness, place) for place, look in enumerate(looks) if look]
    bright = [(look.brightness, place) for place, look in enumerate(looks) if look]
    return {
        FactKind.UNSHARP: _below(sharp, sharpness),
        FactKind.RICH_IN_DETAIL: _above(sharp, sharpness),
        FactKind.DARK: _below(bright, brightness),
        FactKind.BRIGHT: _above(bright, brightness),
    }


def _below(numbers: list[tuple[float, int]], usual: Spread | None) -> tuple[Group, ...]:
    low = [each for each in numbers if usual and each[0] < usual.low]
    return tuple(Group((place,)) for _, place in sorted(low))


def _above(numbers: list[tuple[float, int]], usual: Spread | None) -> tuple[Group, ...]:
    high = [each for each in numbers if usual and each[0] > usual.high]
    return tuple(Group((place,)) for _, place in sorted(high, key=lambda each: (-each[0], each[1])))
