"""Tables as they really are: any writer's text comes back whole, and what is odd is named."""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.intake.known_sets import KNOWN_SETS
from server.intake.manifest import Layout, Manifest, ProblemKind
from server.intake.table_reading import open_table
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
from tests.unit.intake.published_sets import csv_text

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")
# what a cell may hold in every one of the encodings; a lone carriage return ends a row for Excel
_LETTERS = st.characters(codec="latin-1", exclude_categories=["Cc"]) | st.sampled_from("\n,;|\t\"'")
_CELLS = st.text(_LETTERS, max_size=12)
_ROWS = st.lists(st.tuples(_CELLS, _CELLS), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows=_ROWS,
    encoding=st.sampled_from(_ENCODINGS),
    delimiter=st.sampled_from(",;\t|"),
    ends=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_any_program_writes_is_read_back_cell_for_cell(
    rows: list[tuple[str, str]], encoding: str, delimiter: str, ends: str, quoting: int
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ends, quoting=quoting)  # type: ignore[arg-type]
    full = [[f"x{number}", *cells] for number, cells in enumerate(rows)]
    writer.writerows([["image_id", "label", "note"], *full])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metadata.csv"
        path.write_bytes(written.getvalue().encode(encoding))
        opened = open_table(path)
        assert opened.columns.header == ("image_id", "label", "note")
        assert opened.delimiter == delimiter
        assert [cells for _, cells in opened.rows()] == full


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_and_every_image_stays(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put(folder, "mel/a.jpg", picture(1))
        put(folder, "nv/b.jpg", picture(2))
        put(folder, "metadata.csv", content)
        assert {image.path for image in understand(folder).images} == {"mel/a.jpg", "nv/b.jpg"}


_KNOWN_HEADERS = st.sampled_from(KNOWN_SETS).flatmap(
    lambda known: st.permutations(sorted({*known.needs, *known.labels}))
)
_ODD_CELLS = st.sampled_from(
    ["x0", "x1", "x2.jpg", "0", "1", "1.0", "", "nan", "unknown", "a", "test", "IMD003", "ä", "::"]
)


@settings(max_examples=80, deadline=None)
@given(header=_KNOWN_HEADERS, rows=st.lists(st.lists(_ODD_CELLS, max_size=12), max_size=8))
def test_whatever_stands_in_a_published_sets_table_ids_are_unique_and_labels_real(
    header: list[str], rows: list[list[str]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put_pictures(folder, [f"img/x{n}.jpg" for n in range(3)])
        put(folder, "metadata.csv", csv_text(header, rows))
        manifest = understand(folder)
        ids = [image.image_id for image in manifest.images]
        assert len(set(ids)) == len(ids) <= 3
        labelled = manifest.layout is not Layout.UNLABELLED
        assert all(bool(image.label) is labelled for image in manifest.images)
        assert Manifest.from_dict(json.loads(json.dumps(manifest.as_dict()))) == manifest


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(tmp_path: Path, encoding: str) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", table(["a", "a.jpg", "nävus"], ["b", "b.jpg", "x"]).encode(encoding))
    assert labels(understand(tmp_path)) == {"a.jpg": "nävus", "b.jpg": "x"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_table_that_ends_inside_a_letter_is_named(tmp_path: Path, encoding: str) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", table(["a", "a.jpg", "nv"], ["b", "b.jpg", "x"]).encode(encoding)[:-1])
    problem = the_one(understand(tmp_path), ProblemKind.TABLE)
    assert problem.file == "m.csv"
    assert "save it as UTF-8" in problem.message


@pytest.mark.parametrize("in_table", ["NFC", "NFD"])
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
def test_a_name_is_the_same_in_either_unicode_form(
    tmp_path: Path, in_table: str, on_disk: str
) -> None:
    """A Mac writes ä as two characters, a table from elsewhere has it as one."""
    name, other = "Läsion_é", "b"
    put(tmp_path, f"{unicodedata.normalize(on_disk, name)}.jpg", picture(1))  # type: ignore[arg-type]
    put(tmp_path, f"{other}.jpg", picture(2))
    written = unicodedata.normalize(in_table, name)  # type: ignore[arg-type]
    put(tmp_path, "m.csv", f"image_id,label\n{written},x\n{other},y\n")
    manifest = understand(tmp_path)
    assert sorted(labels(manifest).values()) == ["x", "y"]
    assert {problem.kind for problem in manifest.problems} == {ProblemKind.TOO_FEW_LESIONS}


def test_names_that_differ_in_letter_case_only_are_told_apart_by_their_spelling(
    tmp_path: Path,
) -> None:
    put(tmp_path, "A1.jpg", picture(1))
    put(tmp_path, "a1.jpg", picture(2))
    if (tmp_path / "A1.jpg").read_bytes() != picture(1):
        pytest.skip("this disk does not tell the two names apart")
    put(tmp_path, "m.csv", "image_id,label\nA1,x\na1,y\n")
    assert labels(understand(tmp_path)) == {"A1.jpg": "x", "a1.jpg": "y"}
    put(tmp_path, "m.csv", "image_path,label\na1.jpg,y\nA1.jpg,x\n")
    assert labels(understand(tmp_path)) == {"A1.jpg": "x", "a1.jpg": "y"}


def test_a_lesion_that_two_tables_contradict_is_named_and_the_first_counts(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "labels.csv", "image_id,label\na,x\nb,y\n")
    put(tmp_path, "lesions.csv", "image_id,lesion_id\na,L1\na,L2\nb,L3\nb,L3\n")
    put(tmp_path, "more.csv", "image_id,lesion_id,age\nb,,55\n")
    manifest = understand(tmp_path)
    problem = the_one(manifest, ProblemKind.DUPLICATE_ROW)
    assert (problem.file, problem.row) == ("lesions.csv", 3)
    assert "'L2'" in problem.message
    assert "'L1'" in problem.message
    assert [image.lesion_id for image in manifest.images] == ["L1", "L3"]
    assert manifest.images[1].attributes == {"age": "55"}


def test_a_quote_that_is_never_closed_is_named_where_it_begins(tmp_path: Path) -> None:
    """Else the rows that it swallows would be missing without a word."""
    put_pictures(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    put(tmp_path, "m.csv", 'image_id,label,note\na,x,\nb,y,"12 mm\nc,x,\n')
    manifest = understand(tmp_path)
    problem = the_one(manifest, ProblemKind.TABLE)
    assert problem.row == 3
    assert "quotation mark" in problem.message
    assert labels(manifest) == {"a.jpg": "x"}
    without = of_kind(manifest, ProblemKind.IMAGE_WITHOUT_ROW)
    assert [each.file for each in without] == ["b.jpg", "c.jpg"]


def test_a_text_without_columns_is_no_table(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["mel/a.jpg", "nv/b.jpg"])
    put(tmp_path, "notes.txt", "The images were taken in 2019\nand cropped by hand\n")
    assert the_one(understand(tmp_path), ProblemKind.UNKNOWN_ENDING).file == "notes.txt"


def test_leftovers_of_windows_and_macos_say_nothing(tmp_path: Path) -> None:
    put_pictures(tmp_path, [f"{label}/{n}.jpg" for label in ("mel", "nv") for n in range(3)])
    for leftover in (
        "__MACOSX/mel/._0.jpg", "mel/._0.jpg", "._metadata.csv", ".DS_Store", "mel/Thumbs.db",
        "nv/desktop.ini", "$RECYCLE.BIN/x.jpg", "nv/ehthumbs.db", "~$labels.csv", "@eaDir/0.jpg",
        *([] if sys.platform == "win32" else ["mel/Icon\r"]),
    ):  # fmt: skip
        put(tmp_path, leftover, b"\0litter")
    manifest = understand(tmp_path)
    assert manifest.problems == ()
    assert manifest.classes == {"mel": 3, "nv": 3}
