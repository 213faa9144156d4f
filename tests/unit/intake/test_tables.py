"""A table is understood however the researcher's program wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.intake.manifest import Layout, ProblemKind
from server.intake.understand import understand
from tests.unit.intake.folders import labels, put, put_pictures, table, the_one

_ROWS = [["a", "a.jpg", "nävus"], ["b", "b.jpg", "melanoma"]]
_TEXT = table(*_ROWS)


def _with_table(folder: Path, content: bytes | str, name: str = "metadata.csv") -> Path:
    put_pictures(folder, ["a.jpg", "b.jpg"])
    put(folder, name, content)
    return folder


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (_TEXT.encode("utf-8"), "UTF-8"),
        (_TEXT.encode("utf-8-sig"), "UTF-8 with a byte-order mark, as Excel writes it"),
        (_TEXT.encode("latin-1"), "Latin-1"),
        (_TEXT.encode("utf-16"), "UTF-16, as Excel's Unicode text"),
        (_TEXT.replace(",", ";"), "semicolons, as a German Excel writes them"),
        (_TEXT.replace(",", "\t"), "tabs"),
        ("sep=;\n" + _TEXT.replace(",", ";"), "Excel's line that announces the delimiter"),
        (_TEXT.replace("\n", "\r\n"), "Windows line ends"),
        (_TEXT.replace("\n", "\r"), "old Macintosh line ends"),
        ("\n\n" + _TEXT, "empty lines above the header"),
        (_TEXT.replace("image_id,image_path,label", "Image ID, IMAGE-PATH ,Label"), "header"),
        (_TEXT.replace("a.jpg", '"a.jpg"'), "quoted cells"),
    ],
)
def test_encoding_delimiter_and_spelling_are_found(
    tmp_path: Path, content: bytes | str, why: str
) -> None:
    manifest = understand(_with_table(tmp_path, content))
    assert labels(manifest) == {"a.jpg": "nävus", "b.jpg": "melanoma"}, why
    assert manifest.layout is Layout.CSV


@pytest.mark.parametrize("name", ["labels.csv", "My data.TSV", "deep/er/truth.tab"])
def test_the_table_may_have_any_name(tmp_path: Path, name: str) -> None:
    assert len(understand(_with_table(tmp_path, _TEXT, name)).images) == 2


def test_a_row_is_numbered_as_a_spreadsheet_shows_it(tmp_path: Path) -> None:
    """Empty lines and cells with line breaks in them count as the spreadsheet counts them."""
    text = 'image_id,label,note\n\na,nevus,"two\nlines"\n\nmissing,nevus,\n'
    problem = the_one(understand(_with_table(tmp_path, text)), ProblemKind.ROW_WITHOUT_IMAGE)
    assert (problem.file, problem.row) == ("metadata.csv", 5)


def test_other_columns_become_attributes_and_empty_cells_do_not(tmp_path: Path) -> None:
    text = "image_id,label,age,sex,lesion_id,Patient ID\na,nevus,55,,L1,P9\nb,nevus,60,male,,\n"
    first, second = understand(_with_table(tmp_path, text)).images
    assert first.attributes == {"age": "55"}
    assert (first.lesion_id, first.patient_id) == ("L1", "P9")
    assert second.attributes == {"age": "60", "sex": "male"}
    assert (second.lesion_id, second.patient_id) == (None, None)


def test_a_table_that_is_not_understood_is_named_with_its_columns(tmp_path: Path) -> None:
    manifest = understand(_with_table(tmp_path, "name,colour\na,red\n"))
    problem = the_one(manifest, ProblemKind.TABLE)
    assert problem.file == "metadata.csv"
    assert "name, colour" in problem.message
    assert "image_id, image_path and label" in problem.message


@pytest.mark.parametrize(
    "content", [b"", b"\n \n", b"\0\0\0binary", b"PK\x03\x04" + bytes(64)], ids=repr
)
def test_what_is_no_table_is_named_and_the_images_stay(tmp_path: Path, content: bytes) -> None:
    manifest = understand(_with_table(tmp_path, content))
    assert the_one(manifest, ProblemKind.TABLE).file == "metadata.csv"
    assert len(manifest.images) == 2


def test_a_row_with_surplus_cells_is_named_and_used(tmp_path: Path) -> None:
    manifest = understand(
        _with_table(tmp_path, "image_id,label\na,nevus\nb,nevus,blue, or black\n")
    )
    assert the_one(manifest, ProblemKind.TABLE).row == 3
    assert len(manifest.images) == 2


def test_an_exact_copy_of_a_table_is_read_once(tmp_path: Path) -> None:
    _with_table(tmp_path, _TEXT)
    put(tmp_path, "copy of metadata.csv", _TEXT)
    manifest = understand(tmp_path)
    assert len(manifest.images) == 2
    assert "copy" in the_one(manifest, ProblemKind.TABLE).message


def test_several_tables_of_labels_are_taken_together(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "train.csv", table(_ROWS[0]))
    put(tmp_path, "test.csv", table(_ROWS[1]))
    assert labels(understand(tmp_path)) == {"a.jpg": "nävus", "b.jpg": "melanoma"}


def test_a_label_too_long_to_be_one_is_refused_by_row(tmp_path: Path) -> None:
    manifest = understand(_with_table(tmp_path, table(["a", "a.jpg", "x" * 101], _ROWS[1])))
    assert the_one(manifest, ProblemKind.TABLE).row == 2
    assert labels(manifest) == {"b.jpg": "melanoma"}


def test_control_characters_never_get_into_labels(tmp_path: Path) -> None:
    manifest = understand(_with_table(tmp_path, "image_id,label\na,ne\x1bvus\nb,nevus\n"))
    assert all(label.isprintable() for label in manifest.classes)
