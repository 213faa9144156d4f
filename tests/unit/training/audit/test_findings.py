"""What was found ties images together before the split, within bounds, and is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server.intake.manifest import Layout, LesionImage, Manifest
from server.training.audit.findings import leak_at_random
from server.training.audit.remembered import recall, remember
from server.training.audit.report import LARGEST_GROUP, with_findings
from server.training.audit.search import NearDuplicate
from server.training.audit.thumbnails import SIDE, thumbnail
from server.training.dataset import Dataset, prepare_dataset
from server.training.evaluation.groups import tied_groups
from server.training.evaluation.split import PARTS

COUNT = 60


def dataset(folder: Path, labels: str = "ab") -> Dataset:
    """Sixty images of sixty lesions."""
    images = []
    for number in range(COUNT):
        name = f"i{number:03}"
        Image.new("RGB", (40, 30), (number, 100, 200)).save(folder / f"{name}.png")
        label = labels[number % len(labels)]
        images.append(LesionImage(name, f"{name}.png", label, f"L{number}", None, 40, 30))
    manifest = Manifest(Layout.CSV, "", tuple(images), ())
    return prepare_dataset(folder, manifest, 0, 32, 224)


def part_of(found: Dataset) -> dict[str, str]:
    return {image.image_id: part for part in PARTS for image in found.split.part(part)}


def torn(found: Dataset) -> tuple[int, int]:
    """Positions of two images of one class in training and in the test."""
    label = found.split.test[0].label
    ids = [image.image_id for image in found.images]
    partner = next(image for image in found.split.train if image.label == label)
    places = sorted((ids.index(found.split.test[0].image_id), ids.index(partner.image_id)))
    return places[0], places[1]


def test_near_duplicates_under_two_lesions_end_in_one_part(tmp_path: Path) -> None:
    before = dataset(tmp_path)
    one, other = torn(before)
    after = with_findings(before, [NearDuplicate(one, other, 0.9)], 0, "by eye")
    ids = [image.image_id for image in after.images]
    assert part_of(after)[ids[one]] == part_of(after)[ids[other]]
    assert after.group_of[ids[one]] == after.group_of[ids[other]]
    assert after.audit is not None
    assert after.audit.across_parts == 0
    assert after.audit.leak_now == 0
    assert [pair.images for pair in after.audit.across] == [(ids[one], ids[other])]


def test_all_other_images_stay_where_the_seed_put_them(tmp_path: Path) -> None:
    before = dataset(tmp_path)
    pair = torn(before)
    after = with_findings(before, [NearDuplicate(*pair, 0.9)], 0, "by eye")
    one, other = part_of(before), part_of(after)
    moved = {image for image in one if one[image] != other[image]}
    ids = [image.image_id for image in before.images]
    assert len(moved) == 1
    assert moved <= {ids[place] for place in pair}


def test_two_labels_on_one_picture_are_named_with_their_pictures(tmp_path: Path) -> None:
    found = with_findings(dataset(tmp_path), [NearDuplicate(0, 1, 0.8)], 0, "by eye").audit
    assert found is not None
    (pair,) = found.contradictions
    assert (pair.images, pair.labels) == (("i000", "i001"), ("a", "b"))
    assert all(picture.startswith("data:image/jpeg;base64,") for picture in pair.thumbnails)
    assert any("i000 (a) and i001 (b)" in sentence for sentence in found.warnings())
    assert json.loads(json.dumps(found.as_dict()))["contradictory_labels"] == 1


def test_a_chain_of_near_duplicates_does_not_swallow_the_dataset(tmp_path: Path) -> None:
    chain = [NearDuplicate(n, n + 1, 0.5) for n in range(COUNT - 1)]
    after = with_findings(dataset(tmp_path, "aaab"), chain, 0, "by eye")
    sizes: dict[str, int] = {}
    for image in after.images:
        group = after.group_of[image.image_id]
        sizes[group] = sizes.get(group, 0) + 1
    assert max(sizes.values()) <= LARGEST_GROUP
    assert after.audit is not None
    assert after.audit.left_apart > 0
    assert any("left apart" in sentence for sentence in after.audit.warnings())


def test_nothing_is_said_of_what_is_not_there(tmp_path: Path) -> None:
    found = with_findings(dataset(tmp_path), [], 0, "by eye").audit
    assert found is not None
    assert found.sentences() == ["No pair that was found lies in two parts of the split."]


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=60), st.integers(2, 20))
def test_a_group_grows_to_its_bound_and_no_pair_is_lost(
    pairs: list[tuple[int, int]], most: int
) -> None:
    named = [(str(one), str(other)) for one, other in pairs]
    groups, refused = tied_groups({str(n): str(n) for n in range(20)}, named, most)
    sizes = [list(groups.values()).count(group) for group in groups.values()]
    assert max(sizes) <= most
    for pair in named:
        assert pair in refused or groups[pair[0]] == groups[pair[1]]


def test_the_leak_of_a_split_at_random_is_what_counting_gives() -> None:
    # two of four images share a group; two of the other three are drawn for training
    assert leak_at_random({"a": "1", "b": "1", "c": "2", "d": "3"}, 2) == pytest.approx(
        2 / 4 * 2 / 3
    )
    assert leak_at_random({"a": "1", "b": "2"}, 1) == 0


def test_what_was_found_is_recalled_for_the_same_data_alone(tmp_path: Path) -> None:
    near = (NearDuplicate(1, 2, 0.75),)
    remember(tmp_path, "hash", near, "by eye")
    assert recall([tmp_path / "nowhere", tmp_path], "hash") == (near, "by eye")
    assert recall([tmp_path], "another") is None
    (tmp_path / "near_duplicates.json").write_text("{", encoding="utf-8")
    assert recall([tmp_path], "hash") is None


def test_a_thumbnail_is_small_and_a_broken_file_has_none(tmp_path: Path) -> None:
    Image.new("RGBA", (600, 450), (200, 10, 10, 90)).save(tmp_path / "a.png")
    picture = thumbnail(tmp_path / "a.png")
    assert picture is not None
    assert len(picture) < 4000
    assert SIDE == 96
    (tmp_path / "b.jpg").write_bytes(b"nothing")
    assert thumbnail(tmp_path / "b.jpg") is None
    assert thumbnail(tmp_path / "missing.jpg") is None
