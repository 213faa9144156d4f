"""Training, validation and test: 70/20/10, stratified by class, never tearing a lesion apart.

Two photographs of one lesion on both sides of a split make every figure too good, so whole groups
(``evaluation.groups``: the same patient, lesion or file) are dealt out: each goes to the part that
is least full for its classes, whatever the group's size, so that lesions with many images are in
all parts alike. The order is a hash of the seed and the group, so it depends on no random
generator.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from server.domain.errors import UnusableDataset
from server.intake.manifest import LesionImage
from server.intake.readiness import MIN_GROUPS

Part = Literal["train", "validation", "test"]
FRACTIONS: dict[Part, float] = {"train": 0.7, "validation": 0.2, "test": 0.1}
PARTS: tuple[Part, ...] = tuple(FRACTIONS)
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Split:
    """Three disjoint parts that share no group; images keep the order they came in.

    Attributes:
        labels: the classes, sorted by name; the position is the encoded label.
        left_out: class to number of groups, for classes with too few groups to be split.
    """

    labels: tuple[str, ...]
    train: tuple[LesionImage, ...]
    validation: tuple[LesionImage, ...]
    test: tuple[LesionImage, ...]
    left_out: dict[str, int]

    def part(self, name: Part) -> tuple[LesionImage, ...]:
        """The images of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]


def split_by_group(
    images: Sequence[LesionImage], seed: int, group_of: Mapping[str, str] | None = None
) -> Split:
    """Deal ``images`` into 70 % training, 20 % validation and 10 % test.

    Args:
        group_of: image id to group; None = ``LesionImage.group`` of each.

    Every class with at least three groups is in all three parts; a class with fewer is left out
    and named in ``left_out``. Equal images and seed give an equal split, on any machine.

    Raises:
        UnusableDataset: when fewer than two classes remain, or when groups with several labels
            make it impossible to have a class in all three parts.
    """
    if group_of is None:
        group_of = {image.image_id: image.group for image in images}
    groups_of = _groups_by_label(images, group_of)
    labels = tuple(sorted(name for name, groups in groups_of.items() if len(groups) >= MIN_GROUPS))
    left_out = {name: len(groups_of[name]) for name in sorted(groups_of) if name not in labels}
    if len(labels) < 2:
        raise UnusableDataset(
            f"Training needs two classes of at least {MIN_GROUPS} lesions each, one for each part "
            f"of the split; {len(labels)} of {len(groups_of)} has them. Add images of more lesions."
        )
    kept = [image for image in images if image.label in labels]
    part_of = _deal(kept, labels, seed, group_of)
    parts: dict[Part, list[LesionImage]] = {part: [] for part in PARTS}
    for image in kept:
        parts[part_of[group_of[image.image_id]]].append(image)
    return Split(
        labels=labels,
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        left_out=left_out,
    )


def keep_together(
    split: Split, before: Mapping[str, str], after: Mapping[str, str], seed: int
) -> Split | None:
    """``split`` with as few images moved as groups that were joined since ask for.

    Each joined group goes whole to where the seed had put one of its parts, so nearly all images
    stay where they were, whatever was found to belong together.

    Args:
        before, after: image id to group, when ``split`` was made and now.

    Returns:
        None when some class would then be missing from a part, or have too few groups.
    """
    images = [image for part in PARTS for image in split.part(part)]
    part_of = {image.image_id: part for part in PARTS for image in split.part(part)}
    home: dict[str, tuple[bytes, Part]] = {}
    for image in images:
        rank = _rank(seed, 0, before[image.image_id])
        group = after[image.image_id]
        here = (rank, part_of[image.image_id])
        home[group] = min(home.get(group, here), here)
    parts: dict[Part, list[LesionImage]] = {part: [] for part in PARTS}
    for image in sorted(images, key=lambda image: image.image_id):
        parts[home[after[image.image_id]][1]].append(image)
    everywhere = all({image.label for image in parts[part]} == set(split.labels) for part in PARTS)
    groups = _groups_by_label(images, after)
    if not everywhere or any(len(groups[label]) < MIN_GROUPS for label in split.labels):
        return None
    return replace(
        split,
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
    )


def _groups_by_label(
    images: Iterable[LesionImage], group_of: Mapping[str, str]
) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for image in images:
        groups[image.label].add(group_of[image.image_id])
    return groups


def _deal(
    images: Sequence[LesionImage], labels: Sequence[str], seed: int, group_of: Mapping[str, str]
) -> dict[str, Part]:
    contents: dict[str, Counter[str]] = defaultdict(Counter)
    for image in images:
        contents[group_of[image.image_id]][image.label] += 1
    missing = ""
    for attempt in range(_ATTEMPTS):
        order = sorted(contents, key=lambda group: _rank(seed, attempt, group))
        part_of, missing = _one_of_each_class_in_each_part(order, contents, labels)
        if not missing:
            _deal_the_rest(order, contents, part_of)
            return part_of
    raise UnusableDataset(
        f"The class {missing!r} cannot be in training, validation and test at once, because its "
        "lesions also carry other labels. Check the labels of lesions that have several.",
        label=missing,
    )


def _rank(seed: int, attempt: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}/{attempt}/{group}".encode()).digest()


def _one_of_each_class_in_each_part(
    order: Sequence[str], contents: dict[str, Counter[str]], labels: Sequence[str]
) -> tuple[dict[str, Part], str]:
    """Place one group of every class in every part, the class with the fewest groups first.

    Returns:
        The parts given so far, and the first class for which it failed ("" = none).
    """
    part_of: dict[str, Part] = {}
    members = {label: [group for group in order if label in contents[group]] for label in labels}
    for label in sorted(labels, key=lambda each: (len(members[each]), each)):
        wanted = [part for part in PARTS if part not in _parts_with(members[label], part_of)]
        # Groups of this class alone come first: a group of several labels serves others better.
        free = sorted(
            (group for group in members[label] if group not in part_of),
            key=lambda group: len(contents[group]),
        )
        if len(free) < len(wanted):
            return part_of, label
        chosen = sorted(free[: len(wanted)], key=lambda group: -contents[group].total())
        part_of.update(zip(chosen, wanted, strict=True))
    return part_of, ""


def _parts_with(groups: Iterable[str], part_of: dict[str, Part]) -> set[Part]:
    return {part_of[group] for group in groups if group in part_of}


def _deal_the_rest(
    order: Sequence[str], contents: dict[str, Counter[str]], part_of: dict[str, Part]
) -> None:
    totals: Counter[str] = Counter()
    for counts in contents.values():
        totals.update(counts)
    held: dict[Part, Counter[str]] = {part: Counter() for part in PARTS}
    for group, part in part_of.items():
        held[part].update(contents[group])
    for group in order:
        if group in part_of:
            continue
        part = min(PARTS, key=lambda each: _fill(contents[group], held[each], totals, each))
        part_of[group] = part
        held[part].update(contents[group])


def _fill(added: Counter[str], held: Counter[str], totals: Counter[str], part: Part) -> float:
    """How full ``part`` is for the classes of a group, each counted by its images in the group."""
    return sum(
        count * held[label] / (FRACTIONS[part] * totals[label]) for label, count in added.items()
    )


class LockedTestPart:
    """The test part behind a lock that opens once, so that nothing can be chosen by it.

    Args:
        images: the test images.
    """

    def __init__(self, images: Sequence[LesionImage]) -> None:
        self._images = tuple(images)
        self._opened = False

    def open(self) -> tuple[LesionImage, ...]:
        """The test images, for the one scoring of the finished model.

        Raises:
            RuntimeError: the second time.
        """
        if self._opened:
            raise RuntimeError("The test part was already scored; it is scored once.")
        self._opened = True
        return self._images
