"""The document's layout: rows find their images, and all that does not pair is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.domain.errors import UnusableDataset
from server.intake.manifest import Layout, ProblemKind
from server.intake.understand import understand
from tests.unit.intake.folders import (
    labels,
    of_kind,
    picture,
    put,
    put_pictures,
    table,
    the_one,
)


@pytest.mark.parametrize("where", ["", "images/", "deep/er/"])
def test_the_documents_layout_flat_and_in_folders(tmp_path: Path, where: str) -> None:
    put_pictures(tmp_path, [f"{where}HAM_{n}.jpg" for n in range(6)])
    rows = [[f"HAM_{n}", f"{where}HAM_{n}.jpg", ("melanoma", "benign")[n % 2]] for n in range(6)]
    put(tmp_path, "metadata.csv", table(*rows))
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.CSV
    assert manifest.problems == ()
    assert [image.image_id for image in manifest.images] == [f"HAM_{n}" for n in range(6)]
    assert manifest.images[0].path == f"{where}HAM_0.jpg"
    assert (manifest.images[0].width, manifest.images[0].height) == (12, 9)


@pytest.mark.parametrize(
    "image_path",
    [
        "",
        "images/x1.jpg",
        "./images/x1.jpg",
        "images\\x1.jpg",
        "D:\\derma\\derma scan\\server\\data\\HAM10000\\images\\x1.jpg",
        "/home/ada/HAM10000/images/x1.jpg",
        "server/data/HAM10000/images/x1.jpg",
        "elsewhere/x1.jpg",
        "images/x1.jpeg",
        "IMAGES/X1.JPG",
        "../../../images/x1.jpg",
        "wrong.jpg",
    ],
)
def test_an_image_is_found_though_its_path_is_missing_or_wrong(
    tmp_path: Path, image_path: str
) -> None:
    put_pictures(tmp_path, ["images/x1.jpg", "images/x2.jpg"])
    put(tmp_path, "metadata.csv", table(["x1", image_path, "a"], ["x2", "images/x2.jpg", "b"]))
    assert labels(understand(tmp_path)) == {"images/x1.jpg": "a", "images/x2.jpg": "b"}


@pytest.mark.parametrize("image_id", ["x1", "x1.jpg", "X1"])
def test_the_id_may_be_a_stem_or_a_file_name(tmp_path: Path, image_id: str) -> None:
    put_pictures(tmp_path, ["part/x1.jpg", "x2.png"])
    put(tmp_path, "m.csv", f"image_id,label\n{image_id},a\nx2,b\n")
    assert labels(understand(tmp_path)) == {"part/x1.jpg": "a", "x2.png": "b"}


def test_an_id_with_dots_is_not_cut_at_a_dot(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["v1.2.jpg", "v1.3.jpg"])
    put(tmp_path, "m.csv", "image_id,label\nv1.2,a\nv1.3,b\n")
    assert labels(understand(tmp_path)) == {"v1.2.jpg": "a", "v1.3.jpg": "b"}


def test_paths_alone_are_enough(tmp_path: Path) -> None:
    """Without ids, the file names are the ids, made unique by their folders."""
    put_pictures(tmp_path, ["a/1.jpg", "b/1.jpg", "b/2.jpg"])
    put(tmp_path, "m.csv", "path,label\na/1.jpg,x\nb/1.jpg,y\nb/2.jpg,y\n")
    manifest = understand(tmp_path)
    assert labels(manifest) == {"a/1.jpg": "x", "b/1.jpg": "y", "b/2.jpg": "y"}
    assert [image.image_id for image in manifest.images] == ["2", "a__1", "b__1"]


def test_row_without_image_and_image_without_row_and_row_without_label(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg", "stray.png", "c.jpg"])
    rows = [["a", "", "x"], ["gone", "images/gone.jpg", "x"], ["b", "", " "], ["c", "", "NaN"]]
    put(tmp_path, "metadata.csv", table(*rows))
    manifest = understand(tmp_path)
    gone = the_one(manifest, ProblemKind.ROW_WITHOUT_IMAGE)
    assert (gone.file, gone.row) == ("metadata.csv", 3)
    assert "gone" in gone.message
    assert the_one(manifest, ProblemKind.IMAGE_WITHOUT_ROW).file == "stray.png"
    unlabelled = of_kind(manifest, ProblemKind.ROW_WITHOUT_LABEL)
    assert [problem.row for problem in unlabelled] == [4, 5]
    assert labels(manifest) == {"a.jpg": "x"}


def test_a_row_whose_image_has_another_format_says_so(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg"])
    put(tmp_path, "b.gif", b"GIF89a")
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    manifest = understand(tmp_path)
    assert "'b.gif'" in the_one(manifest, ProblemKind.ROW_WITHOUT_IMAGE).message
    assert the_one(manifest, ProblemKind.UNKNOWN_ENDING).file == "b.gif"


def test_the_same_row_twice_is_kept_once(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label,lesion_id\na,x,first\nb,y,L\na,x,second\n")
    manifest = understand(tmp_path)
    assert the_one(manifest, ProblemKind.DUPLICATE_ROW).row == 4
    assert {image.image_id: image.lesion_id for image in manifest.images} == {
        "a": "first",
        "b": "L",
    }


def test_contradicting_rows_drop_the_image(tmp_path: Path) -> None:
    """Whether they name it by id or by path: no label is better than a wrong one."""
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", table(["a", "", "x"], ["b", "", "y"], ["other", "a.jpg", "y"]))
    manifest = understand(tmp_path)
    problem = the_one(manifest, ProblemKind.DUPLICATE_ROW)
    assert "2 and 4" in problem.message
    assert "'x', 'y'" in problem.message
    assert labels(manifest) == {"b.jpg": "y"}


def test_one_id_for_two_files_is_one_image_at_most(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["one/a.jpg", "two/a.jpg"])
    put(tmp_path, "m.csv", table(["a", "one/a.jpg", "x"], ["a", "two/a.jpg", "y"]))
    manifest = understand(tmp_path)
    assert manifest.images == ()
    assert the_one(manifest, ProblemKind.DUPLICATE_ROW).row == 3


def test_two_different_files_of_one_name_are_a_problem_that_names_both(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["one/a.jpg", "two/a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    manifest = understand(tmp_path)
    problem = next(each for each in of_kind(manifest, ProblemKind.LAYOUT) if each.row)
    assert "'one/a.jpg'" in problem.message
    assert "'two/a.jpg'" in problem.message
    assert labels(manifest) == {"b.jpg": "y"}


def test_a_path_tells_two_files_of_one_name_apart(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["one/a.jpg", "two/a.jpg"])
    rows = [["p", "data/one/a.jpg", "x"], ["q", "data/two/a.jpg", "y"]]
    put(tmp_path, "m.csv", table(*rows))
    assert labels(understand(tmp_path)) == {"one/a.jpg": "x", "two/a.jpg": "y"}


def test_byte_identical_copies_are_no_problem(tmp_path: Path) -> None:
    """Kaggle's HAM10000 holds every image twice, in folders that differ in letter case."""
    for path in ("part_1/a.jpg", "PART_1 copy/a.jpg"):
        put(tmp_path, path, picture(1))
    put(tmp_path, "b.jpg", picture(2))
    put(tmp_path, "m.csv", table(["a", "part_1/a.jpg", "x"], ["b", "", "y"]))
    assert understand(tmp_path).images[0].path == "part_1/a.jpg"
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    manifest = understand(tmp_path)
    assert len(manifest.images) == 2
    assert not of_kind(manifest, ProblemKind.IMAGE_WITHOUT_ROW)
    assert not [each for each in of_kind(manifest, ProblemKind.LAYOUT) if each.row]


def test_a_table_alone_is_a_dataset_without_images(tmp_path: Path) -> None:
    """The images may come with the next upload."""
    put(tmp_path, "metadata.csv", table(["a", "a.jpg", "x"], ["b", "b.jpg", "y"]))
    manifest = understand(tmp_path)
    assert manifest.images == ()
    assert len(of_kind(manifest, ProblemKind.ROW_WITHOUT_IMAGE)) == 2


@pytest.mark.parametrize("found", [{}, {"notes.docx": b"x"}, {"table.csv": b"name,colour\n1,2\n"}])
def test_nothing_usable_is_refused_with_the_documents_advice(
    tmp_path: Path, found: dict[str, bytes]
) -> None:
    for path, content in found.items():
        put(tmp_path, path, content)
    with pytest.raises(UnusableDataset, match=r"^No images found! Check that:") as refused:
        understand(tmp_path)
    assert ".jpg, .jpeg, .png" in refused.value.message
    assert "correct columns" in refused.value.message
    for path in found:
        assert path in refused.value.message


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableDataset, match="There is no folder"):
        understand(tmp_path / "nowhere")


def test_a_table_about_other_images_gives_way_to_class_folders(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["melanoma/1.jpg", "nevus/2.jpg"])
    put(tmp_path, "other.csv", "image_id,label\nq1,x\nq2,y\n")
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.CLASS_FOLDERS
    assert the_one(manifest, ProblemKind.TABLE).file == "other.csv"


def test_our_own_notes_and_hidden_files_are_no_data(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg", ".dermascan/thumbnails/a.jpg", ".hidden.jpg"])
    put(tmp_path, ".dermascan/manifest.json", "{}")
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    manifest = understand(tmp_path)
    assert len(manifest.images) == 2
    assert {problem.kind for problem in manifest.problems} == {ProblemKind.TOO_FEW_LESIONS}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
@pytest.mark.timeout(20)
def test_a_pipe_among_the_images_is_never_read(tmp_path: Path) -> None:
    """Reading it would never end."""
    put_pictures(tmp_path, ["mel/1.jpg", "nv/2.jpg"])
    os.mkfifo(tmp_path / "mel" / "pipe.jpg")
    assert len(understand(tmp_path).images) == 2


def test_the_manifest_survives_json_whole(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label,age\na,x,5\ngone,y,\nb,,\n")
    manifest = understand(tmp_path)
    assert type(manifest).from_dict(manifest.as_dict()) == manifest


def test_the_worst_problems_stand_first(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "stray.jpg"])
    put(tmp_path, "x.exe", b"MZ")
    put(tmp_path, "m.csv", "image_id,label\na,x\ngone,x\n")
    kinds = [problem.kind for problem in understand(tmp_path).problems]
    assert kinds == [
        ProblemKind.LAYOUT,
        ProblemKind.TOO_FEW_LESIONS,
        ProblemKind.ROW_WITHOUT_IMAGE,
        ProblemKind.IMAGE_WITHOUT_ROW,
        ProblemKind.UNKNOWN_ENDING,
    ]
