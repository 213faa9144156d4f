"""Archives in a dataset's folder are unpacked where they lie, then removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.errors import TooLarge, UnsafeArchive, UnusableDataset
from server.intake.manifest import Layout, ProblemKind
from server.intake.understand import understand
from server.intake.unpack_folder import unpack_folder
from server.intake.unpack_limits import UnpackLimits
from tests.unit.intake.archives import tar_of, zip_bytes, zip_of
from tests.unit.intake.folders import files_in, labels, picture, put


def test_folders_and_tables_take_the_archives_place(tmp_path: Path) -> None:
    content = [("images/1.jpg", b"x"), ("metadata.csv", b"y")]
    zip_of(tmp_path / "HAM10000.zip", content)
    assert unpack_folder(tmp_path) == (1, [])
    assert files_in(tmp_path) == {"images/1.jpg", "metadata.csv"}


def test_class_folders_that_come_in_two_archives_become_one_set(tmp_path: Path) -> None:
    zip_of(tmp_path / "more.zip", [("mel/1.jpg", picture(1)), ("nv/2.jpg", picture(2))])
    tar_of(tmp_path / "some.tgz", [("mel/3.jpg", picture(3))])
    assert unpack_folder(tmp_path)[0] == 2
    assert labels(understand(tmp_path)) == {
        "mel/1.jpg": "mel",
        "mel/3.jpg": "mel",
        "nv/2.jpg": "nv",
    }


def test_loose_images_get_a_folder_of_the_archives_name(tmp_path: Path) -> None:
    """It may be the class."""
    for label, shade in (("melanoma", 1), ("benign nevus", 2)):
        zip_of(tmp_path / f"{label}.zip", [("1.jpg", picture(shade)), ("README.txt", b"hello")])
    unpack_folder(tmp_path)
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.CLASS_FOLDERS
    assert labels(manifest) == {"melanoma/1.jpg": "melanoma", "benign nevus/1.jpg": "benign nevus"}


def test_two_archives_with_tables_of_one_name_stay_apart(tmp_path: Path) -> None:
    for name, label in (("a", "mel"), ("b", "nv")):
        table = f"image_id,image_path,label\n{name}1,images/1.jpg,{label}\n".encode()
        content = [("images/1.jpg", picture(ord(name))), ("metadata.csv", table)]
        zip_of(tmp_path / f"{name}.zip", content)
    unpack_folder(tmp_path)
    assert labels(understand(tmp_path)) == {"images/1.jpg": "mel", "b/images/1.jpg": "nv"}


def test_different_images_of_one_name_are_both_kept_and_it_is_said(tmp_path: Path) -> None:
    zip_of(tmp_path / "a.zip", [("mel/1.jpg", b"x"), ("mel/2.jpg", b"same")])
    zip_of(tmp_path / "b.zip", [("MEL/1.jpg", b"y"), ("mel/2.jpg", b"same")])
    _, (problem,) = unpack_folder(tmp_path)
    assert files_in(tmp_path) == {"mel/1.jpg", "mel/1 (2).jpg", "mel/2.jpg"}
    assert problem.kind is ProblemKind.LAYOUT
    assert problem.file == "b.zip/MEL/1.jpg"


def test_an_archive_in_a_folder_is_unpacked_there(tmp_path: Path) -> None:
    put(tmp_path, "images/part_1.zip", zip_bytes([("1.jpg", b"x")]))
    unpack_folder(tmp_path)
    assert files_in(tmp_path) == {"images/part_1/1.jpg"}


def test_a_wrapping_folder_named_like_the_archive_is_no_trouble(tmp_path: Path) -> None:
    zip_of(tmp_path / "HAM.zip", [("HAM/mel/1.jpg", b"x"), ("HAM/nv/2.jpg", b"y")])
    unpack_folder(tmp_path)
    assert files_in(tmp_path) == {"HAM/mel/1.jpg", "HAM/nv/2.jpg"}


def test_a_failure_leaves_the_archive_and_nothing_of_its_content(tmp_path: Path) -> None:
    put(tmp_path, "broken.zip", zip_bytes([("1.jpg", b"x" * 5000)])[:-30])
    with pytest.raises(UnusableDataset, match=r"broken\.zip"):
        unpack_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.zip"]


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    put(tmp_path, ".unpacking/half.jpg", b"x")
    zip_of(tmp_path / "a.zip", [("mel/1.jpg", b"x")])
    unpack_folder(tmp_path)
    assert files_in(tmp_path) == {"mel/1.jpg"}


def test_the_limits_hold_for_all_archives_together(tmp_path: Path) -> None:
    for name in "ab":
        zip_of(tmp_path / f"{name}.zip", [(f"{name}/{n}.jpg", b"x") for n in range(15)])
    with pytest.raises(TooLarge):
        unpack_folder(tmp_path, UnpackLimits(files=20))


def test_growth_is_judged_archive_by_archive(tmp_path: Path) -> None:
    """A large honest archive does not lend its size to a bomb beside it."""
    zip_of(tmp_path / "a bomb.zip", [("x/1.jpg", bytes(4 << 20))])
    put(tmp_path, "big.zip", zip_bytes([("y/2.jpg", bytes(1 << 20))], method=0))
    with pytest.raises(UnsafeArchive, match="a bomb"):
        unpack_folder(tmp_path, UnpackLimits(ratio=10, ratio_from=1 << 20))
