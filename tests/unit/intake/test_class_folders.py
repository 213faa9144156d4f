"""One folder a class: the right level of folders is found, whatever lies above and below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.intake.manifest import Layout, ProblemKind
from server.intake.understand import understand
from tests.unit.intake.folders import labels, of_kind, put, put_pictures, the_one


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["melanoma/1.jpg", "benign/2.jpg"], ["melanoma", "benign"]),
        (["HAM10000/melanoma/1.jpg", "HAM10000/benign/2.jpg"], ["melanoma", "benign"]),
        (["a/b/c/melanoma/1.jpg", "a/b/c/benign/2.jpg"], ["melanoma", "benign"]),
        (["train/melanoma/1.jpg", "test/benign/2.jpg"], ["melanoma", "benign"]),
        (["set/train/mel/1.jpg", "set/val/nv/2.jpg", "set/test/nv/3.jpg"], ["mel", "nv", "nv"]),
        (["images/mel/1.jpg", "images/nv/2.jpg"], ["mel", "nv"]),
        (["train/images/mel/1.jpg", "valid/images/nv/2.jpg"], ["mel", "nv"]),
        (["part_1/mel/1.jpg", "part_2/mel/2.jpg", "part_2/nv/3.jpg"], ["mel", "mel", "nv"]),
        (["mel/dermoscopic/1.jpg", "nv/dermoscopic/2.jpg"], ["mel", "nv"]),
        (["mel/part_1/1.jpg", "nv/part_1/2.jpg", "nv/3.jpg"], ["mel", "nv", "nv"]),
        (["mel/1.jpg", "mel/2.jpg"], ["mel", "mel"]),
        (["Training Set/mel/1.jpg", "Test Set/nv/2.jpg"], ["mel", "nv"]),
        (["mel 1/1.jpg", "späte Läsion/2.jpg"], ["mel 1", "späte Läsion"]),
    ],
)
def test_the_class_is_the_folder(tmp_path: Path, paths: list[str], expected: list[str]) -> None:
    put_pictures(tmp_path, paths)
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.CLASS_FOLDERS
    assert labels(manifest) == dict(zip(paths, expected, strict=True))


def test_the_reason_says_what_was_passed_over(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["HAM/train/mel/1.jpg", "HAM/test/nv/2.jpg"])
    reason = understand(tmp_path).reason
    assert "'HAM'" in reason
    assert "division into parts is not used" in reason


@pytest.mark.parametrize(
    "paths",
    [["1.jpg", "2.jpg"], ["images/1.jpg", "images/2.jpg"], ["part_1/1.jpg", "part_2/2.jpg"]],
)
def test_images_without_any_class_are_unlabelled(tmp_path: Path, paths: list[str]) -> None:
    put_pictures(tmp_path, paths)
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.UNLABELLED
    assert len(manifest.images) == 2
    assert manifest.classes == {}
    assert manifest.lesions_by_class == {}
    assert "metadata.csv" in the_one(manifest, ProblemKind.LAYOUT).message


def test_an_image_outside_the_class_folders_is_named(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["set/mel/1.jpg", "set/nv/2.jpg", "set/overview.png", "cover.jpg"])
    manifest = understand(tmp_path)
    assert set(labels(manifest)) == {"set/mel/1.jpg", "set/nv/2.jpg"}
    outside = [problem.file for problem in of_kind(manifest, ProblemKind.LAYOUT)]
    assert outside == ["cover.jpg", "set/overview.png"]


def test_ids_are_unique_though_file_names_are_not(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["mel/1.jpg", "nv/1.jpg", "nv/1.png", "nv/2.jpg", "nv/mel__1.jpg"])
    ids = [image.image_id for image in understand(tmp_path).images]
    assert len({image_id.casefold() for image_id in ids}) == 5
    assert "2" in ids


def test_only_one_class_is_said(tmp_path: Path) -> None:
    put_pictures(tmp_path, [f"melanoma/{n}.jpg" for n in range(4)])
    problem = the_one(understand(tmp_path), ProblemKind.LAYOUT)
    assert problem.label == "melanoma"
    assert "only one class" in problem.message


def test_a_table_without_labels_adds_the_lesions(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["mel/1.jpg", "nv/2.jpg"])
    put(tmp_path, "groups.csv", "image_id,lesion_id,sex\n1,L7,female\n")
    first, second = understand(tmp_path).images
    assert (first.label, first.lesion_id, first.attributes) == ("mel", "L7", {"sex": "female"})
    assert second.lesion_id is None


def test_classes_that_differ_in_case_only_are_said(tmp_path: Path) -> None:
    put_pictures(tmp_path, [f"x/{n}.jpg" for n in range(6)])
    rows = "".join(f"{n},{'Nevus' if n % 2 else 'nevus'}\n" for n in range(6))
    put(tmp_path, "m.csv", f"image_id,label\n{rows}")
    manifest = understand(tmp_path)
    assert manifest.classes == {"Nevus": 3, "nevus": 3}
    assert "letter case" in the_one(manifest, ProblemKind.LAYOUT).message


def test_files_that_are_no_images_are_named(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["mel/1.jpg", "nv/2.jpg"])
    for name in ("mel/x.heic", "tool.exe", "noending", "rest.zip", "README.md", "LICENSE.txt"):
        put(tmp_path, name, b"x")
    found = of_kind(understand(tmp_path), ProblemKind.UNKNOWN_ENDING)
    assert [problem.file for problem in found] == ["mel/x.heic", "noending", "rest.zip", "tool.exe"]
    assert "save it as .jpg or .png" in found[0].message
    assert "not been unpacked" in found[2].message
