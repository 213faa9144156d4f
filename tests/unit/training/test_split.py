"""The split: 70/20/10 by class, no lesion in two parts, the same every time."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import UnusableDataset
from server.intake.manifest import LesionImage
from server.training.evaluation.split import (
    FRACTIONS,
    PARTS,
    LockedTestPart,
    split_by_group,
)


def images_of(groups: list[list[str]]) -> list[LesionImage]:
    """One image a label; each inner list is one lesion."""
    return [
        LesionImage(
            image_id=f"image_{lesion:04d}_{number:02d}",
            path=f"images/image_{lesion:04d}_{number:02d}.jpg",
            label=label,
            lesion_id=f"lesion_{lesion:04d}",
            patient_id=None,
            width=200,
            height=150,
        )
        for lesion, labels in enumerate(groups)
        for number, label in enumerate(labels)
    ]


labels = st.sampled_from(["bcc", "mel", "nv", "vasc"])
whole_lesions = st.builds(lambda label, count: [label] * count, labels, st.integers(1, 6))
enough_of_two = [["mel"], ["mel"], ["mel"], ["nv"], ["nv"], ["nv"]]
single_label_sets = st.lists(whole_lesions, max_size=150).map(lambda more: enough_of_two + more)
mixed_sets = st.lists(st.lists(labels, min_size=1, max_size=5), max_size=60).map(
    lambda more: enough_of_two + more
)
seeds = st.integers(0, 2**31 - 1)


@given(mixed_sets, seeds)
def test_no_group_is_torn_and_no_image_is_lost(groups: list[list[str]], seed: int) -> None:
    images = images_of(groups)
    split = split_by_group(images, seed)

    ids = [image.image_id for part in PARTS for image in split.part(part)]
    wanted = [image.image_id for image in images if image.label in split.labels]
    assert sorted(ids) == sorted(wanted)
    seen = [{image.group for image in split.part(part)} for part in PARTS]
    assert sum(map(len, seen)) == len(set.union(*seen))


@given(single_label_sets, seeds)
def test_every_class_with_three_lesions_is_in_every_part(
    groups: list[list[str]], seed: int
) -> None:
    split = split_by_group(images_of(groups), seed)

    lesions = Counter(group[0] for group in groups)
    assert set(split.labels) == {label for label, count in lesions.items() if count >= 3}
    assert split.left_out == {label: count for label, count in lesions.items() if count < 3}
    for part in PARTS:
        assert {image.label for image in split.part(part)} == set(split.labels)


@given(single_label_sets, seeds)
def test_proportions_of_each_class_are_off_by_few_lesions_at_most(
    groups: list[list[str]], seed: int
) -> None:
    split = split_by_group(images_of(groups), seed)

    largest = max(len(group) for group in groups)
    for label in split.labels:
        total = sum(len(group) for group in groups if group[0] == label)
        for part in PARTS:
            count = sum(image.label == label for image in split.part(part))
            # one lesion too many in each of the parts is the most that whole lesions can force
            assert abs(count - FRACTIONS[part] * total) <= 2 * largest


@given(mixed_sets, seeds)
def test_the_same_seed_gives_the_same_split_in_whatever_order_images_come(
    groups: list[list[str]], seed: int
) -> None:
    images = images_of(groups)
    shuffled = random.Random(seed).sample(images, len(images))

    first, second = split_by_group(images, seed), split_by_group(shuffled, seed)

    for part in PARTS:
        assert {i.image_id for i in first.part(part)} == {i.image_id for i in second.part(part)}


def test_another_seed_gives_another_split() -> None:
    images = images_of([["nv"]] * 50 + [["mel"]] * 50)
    assert split_by_group(images, 0).test != split_by_group(images, 1).test


def test_large_sets_are_split_seventy_twenty_ten_and_large_lesions_are_in_all_parts_alike() -> None:
    sizes = random.Random(0)
    groups = [["nv"] * sizes.choice([1, 1, 2, 5]) for _ in range(3000)]
    groups += [["mel"] * sizes.choice([1, 1, 2, 5]) for _ in range(600)]
    split = split_by_group(images_of(groups), 0)

    total = sum(map(len, groups))
    mean_size = total / len(groups)
    for part in PARTS:
        images = split.part(part)
        assert len(images) / total == pytest.approx(FRACTIONS[part], abs=0.005)
        assert len(images) / len({i.group for i in images}) == pytest.approx(mean_size, rel=0.15)


def test_one_class_is_refused_in_words() -> None:
    with pytest.raises(UnusableDataset, match="two classes of at least 3 lesions"):
        split_by_group(images_of([["nv"]] * 9 + [["mel"]] * 2), 0)


def test_labels_that_cannot_be_in_all_parts_are_refused_by_name() -> None:
    # Seven lesions of three labels each, any two sharing one: no lesion fits everywhere.
    fano = ["abc", "ade", "afg", "bdf", "beg", "cdg", "cef"]
    points = [[f"class {line}" for line in range(7) if p in fano[line]] for p in "abcdefg"]
    with pytest.raises(UnusableDataset, match="also carry other labels"):
        split_by_group(images_of(points), 0)


@settings(max_examples=20)
@given(seeds)
def test_the_test_part_opens_once(seed: int) -> None:
    split = split_by_group(images_of([["nv"], ["mel"]] * 5), seed)
    locked = LockedTestPart(split.test)

    assert locked.open() == split.test
    with pytest.raises(RuntimeError, match="scored once"):
        locked.open()
