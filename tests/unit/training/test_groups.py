"""What shows the same patient, lesion or file is never on two sides of a split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.intake.manifest import LesionImage
from server.training.evaluation.groups import copies, linked_groups

few = st.sampled_from(["1", "2", "3", "4"])
rows = st.lists(
    st.tuples(st.none() | few, st.none() | few, st.sampled_from("abcdefgh"), few), max_size=30
)
Row = tuple[str | None, str | None, str, str]


def _images(table: list[Row]) -> tuple[list[LesionImage], list[str]]:
    images = [
        LesionImage(f"i{n}", f"i{n}.jpg", label, lesion, patient, 8, 8)
        for n, (lesion, patient, _, label) in enumerate(table)
    ]
    return images, [digest for _, _, digest, _ in table]


@given(rows)
def test_images_that_share_a_patient_a_lesion_or_a_file_share_a_group(table: list[Row]) -> None:
    images, hashes = _images(table)
    group = linked_groups(images, hashes)
    for one, first in zip(images, hashes, strict=True):
        for other, second in zip(images, hashes, strict=True):
            same_patient = one.patient_id and one.patient_id == other.patient_id
            same_lesion = one.lesion_id and one.lesion_id == other.lesion_id
            if same_patient or same_lesion or first == second:
                assert group[one.image_id] == group[other.image_id]


@given(rows, st.randoms(use_true_random=False))
def test_the_groups_do_not_depend_on_the_order(table: list[Row], shuffle: object) -> None:
    images, hashes = _images(table)
    pairs = list(zip(images, hashes, strict=True))
    shuffle.shuffle(pairs)  # type: ignore[attr-defined]
    turned = linked_groups([image for image, _ in pairs], [digest for _, digest in pairs])
    assert turned == linked_groups(images, hashes)


def test_images_without_any_link_stay_apart() -> None:
    images, hashes = _images([(None, None, "a", "1"), ("1", None, "b", "1"), (None, "1", "c", "1")])
    assert len(set(linked_groups(images, hashes).values())) == 3


def test_a_lesion_ties_the_row_that_names_the_patient_to_the_row_that_does_not() -> None:
    images, hashes = _images([("1", "1", "a", "1"), ("1", None, "b", "1"), ("2", "1", "c", "1")])
    assert len(set(linked_groups(images, hashes).values())) == 1


def test_copies_and_contradictions_are_counted() -> None:
    images, hashes = _images(
        [
            (None, None, "a", "1"),
            (None, None, "a", "1"),
            (None, None, "a", "2"),
            (None,) * 2 + ("b", "1"),
        ]
    )
    assert copies(images, hashes) == (2, 1)
