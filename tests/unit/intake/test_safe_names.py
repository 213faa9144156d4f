"""No name, however made, leads outside or breaks a file system."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.dataset_name import is_reserved
from server.intake.places import Places
from server.intake.safe_names import MAX_DEPTH, MAX_PART_BYTES, leads_outside, safe_relative_path

_PIECES = st.sampled_from(
    ["..", ".", "/", "\\", "C:", "con", "NUL.jpg", "COM¹", " ", "a", "é", "e\u0301", "\u202e", "\0"]
)
_NAMES = st.one_of(st.text(), st.lists(_PIECES | st.text(max_size=3)).map("".join))


@given(_NAMES)
@example("../" * 40 + "etc/passwd")
@example("C:\\Windows\\system32\\x.jpg")
@example("\\\\server\\share\\x.jpg")
@example("a/.. /b.jpg")
@example("x" * 5000 + ".jpg")
@example("\udcff.jpg")
def test_the_result_stays_inside_on_every_system(name: str) -> None:
    result = safe_relative_path(name)
    if result is None:
        return
    for pure in (PurePosixPath(result), PureWindowsPath(result)):
        assert not pure.is_absolute()
        assert not pure.drive
        assert not pure.root
        assert ".." not in pure.parts
        assert len(pure.parts) <= MAX_DEPTH
    for part in result.split("/"):
        assert part not in ("", ".", "..")
        assert not is_reserved(part)
        assert 0 < len(part.encode("utf-8")) <= MAX_PART_BYTES
        assert not set(part) & set('<>:"|?*\\')
        assert part == part.rstrip(". ")
        assert not any(unicodedata.category(letter).startswith("C") for letter in part)


@given(_NAMES)
def test_mending_twice_changes_nothing_more(name: str) -> None:
    once = safe_relative_path(name)
    assert once is None or safe_relative_path(once) == once


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("images/a.jpg", "images/a.jpg"),
        ("./images//a.jpg", "images/a.jpg"),
        ("späte Läsion/a (1).jpg", "späte Läsion/a (1).jpg"),
        ("../../a.jpg", "a.jpg"),
        ("/etc/a.jpg", "etc/a.jpg"),
        ("D:\\data\\a.jpg", "data/a.jpg"),
        ("aux/con.jpg", "_aux/_con.jpg"),
        ("a.jpg:stream", "a.jpg_stream"),
        ("a.", "a_"),
        ("..", None),
        ("", None),
        ("///", None),
    ],
)
def test_examples(name: str, result: str | None) -> None:
    assert safe_relative_path(name) == result


def test_a_long_name_keeps_its_ending() -> None:
    result = safe_relative_path("ä" * 300 + ".jpeg")
    assert result is not None
    assert result.endswith("ä.jpeg")


@pytest.mark.parametrize("name", ["../a", "a/../b", "/a", "C:/a", "\\a", "..\\a"])
def test_names_that_lead_outside_are_told(name: str) -> None:
    assert leads_outside(name)
    assert not leads_outside("a..b/c.jpg")


_PATHS = st.lists(
    st.lists(st.sampled_from(["a", "A", "b", "é", "e\u0301", "ß", "ss", "a (2)"]), min_size=1).map(
        "/".join
    ),
    max_size=30,
)


@given(_PATHS)
def test_no_two_places_differ_in_letter_case_only(paths: list[str]) -> None:
    """Nor does a file ever stand where a folder is, or the other way round."""
    places = Places()
    given_out = [places.place(path)[0] for path in paths]

    def key(path: str) -> str:
        return unicodedata.normalize("NFC", path).casefold()

    files = {key(path) for path in given_out}
    spelt = {str(parent) for path in given_out for parent in PurePosixPath(path).parents}
    folders = {key(folder) for folder in spelt}
    assert len(files) == len(given_out)
    assert len(folders) == len(spelt)
    assert not files & folders
