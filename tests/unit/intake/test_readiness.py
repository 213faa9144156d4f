"""Which classes take part in training, and the one sentence when nothing can be trained."""

from __future__ import annotations

import pytest

from server.intake.manifest import Layout, LesionImage, Manifest, ProblemKind
from server.intake.readiness import class_problems, trainable_classes, why_not_trainable


def _images(label: str, lesions: int, views: int = 2, patient: str = "") -> list[LesionImage]:
    return [
        LesionImage(
            image_id=f"{label}{lesion}.{view}",
            path=f"{label}{lesion}.{view}.jpg",
            label=label,
            lesion_id=f"{label}{lesion}",
            patient_id=patient or None,
            width=10,
            height=10,
        )
        for lesion in range(lesions)
        for view in range(views)
    ]


def _manifest(*parts: list[LesionImage], layout: Layout = Layout.CSV) -> Manifest:
    return Manifest(layout, "", tuple(image for part in parts for image in part), ())


def test_a_class_with_images_of_two_lesions_is_left_out_and_said() -> None:
    manifest = _manifest(_images("nv", 3), _images("mel", 5), _images("df", 2, views=9))
    assert set(trainable_classes(manifest)) == {"nv", "mel"}
    assert why_not_trainable(manifest) is None
    (problem,) = class_problems(manifest.images)
    assert (problem.kind, problem.label) == (ProblemKind.TOO_FEW_LESIONS, "df")
    assert problem.message == (
        "Class 'df' has images of only 2 lesions; at least 3 are needed so that training, "
        "validation and test each get one. It is left out of training."
    )


def test_many_lesions_of_one_patient_count_as_one_group() -> None:
    manifest = _manifest(_images("nv", 3), _images("mel", 9, patient="P1"))
    assert set(trainable_classes(manifest)) == {"nv"}
    (problem,) = class_problems(manifest.images)
    assert "only 1 patient;" in problem.message


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (_manifest(), "No usable images"),
        (_manifest(_images("", 4), layout=Layout.UNLABELLED), "no labels"),
        (_manifest(_images("nv", 9)), "only one class, 'nv'"),
        (_manifest(_images("nv", 9), _images("mel", 2)), "only the class 'nv' does"),
        (_manifest(_images("nv", 1), _images("mel", 2)), "no class does"),
    ],
)
def test_what_cannot_be_trained_is_said_in_one_sentence(manifest: Manifest, says: str) -> None:
    assert says in (why_not_trainable(manifest) or "")
    assert len(set(trainable_classes(manifest))) < 2


def test_a_lesion_of_two_classes_is_said() -> None:
    image = LesionImage("a", "a.jpg", "nv", "L", None, 1, 1)
    other = LesionImage("b", "b.jpg", "mel", "L", None, 1, 1)
    kinds = [problem.kind for problem in class_problems((image, other))]
    assert ProblemKind.TABLE in kinds
