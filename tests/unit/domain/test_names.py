"""Names that become folders and files: the same on every system, never leading outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.dataset_name import check_dataset_name
from server.domain.errors import InvalidInput
from server.domain.sent_name import path_of


@pytest.mark.parametrize(
    "name", ["HAM10000", "a", "x" * 64, "PAD-UFES 20", "v1.2_b", "_test", "Läsionen", "7pt"]
)
def test_these_names_are_kept_as_they_are(name: str) -> None:
    assert check_dataset_name(name) == name


def test_spaces_around_a_name_do_not_make_another_one() -> None:
    assert check_dataset_name("  HAM10000 ") == "HAM10000"


@pytest.mark.parametrize(
    "name",
    ["", "  ", ".", "..", ".hidden", "a/b", "a\\b", "../x", "x" * 65, "a:b", "a\0b", "a\nb",
     "nul", "COM1", "con.txt", "Lpt9", "end.", "-rf", "a*b", "x\u202ey"],
    ids=repr,
)  # fmt: skip
def test_these_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_dataset_name(name)
    assert refused.value.where == {"field": "datasetName"}
    assert len(refused.value.message) > 30


@given(st.text(max_size=80))
def test_whatever_is_accepted_is_one_plain_folder(name: str) -> None:
    try:
        kept = check_dataset_name(name)
    except InvalidInput:
        return
    assert kept == kept.strip()
    assert not set(kept) & set('/\\:*?"<>|\0')
    assert kept[0] != "."
    assert check_dataset_name(kept) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("img1.jpg", "img1.jpg"),
        ("HAM/melanoma/img1.jpg", "HAM/melanoma/img1.jpg"),
        ("HAM\\melanoma\\img1.jpg", "HAM/melanoma/img1.jpg"),
        ("C:\\Users\\ada\\img1.jpg", "Users/ada/img1.jpg"),
        ("/etc/passwd", "etc/passwd"),
        ("./a//b.jpg", "a/b.jpg"),
        ("what?.jpg", "what_.jpg"),
        ("a:b.jpg", "a_b.jpg"),
        ("con.jpg", "_con.jpg"),
        ("nul/x.jpg", "_nul/x.jpg"),
        ("dots. /x.jpg", "dots__/x.jpg"),
        ("läsion 1.jpg", "läsion 1.jpg"),
        ("la\u0308sion.jpg", "läsion.jpg"),
        ("images.zip", "images.zip"),
    ],
)
def test_folders_are_kept_and_odd_letters_replaced(sent: str, kept: str) -> None:
    assert str(path_of(sent)) == kept


@pytest.mark.parametrize("sent", ["set/.dermascan/manifest.json", ".DermaScan/x", ".dermascan"])
def test_another_servers_notes_are_not_kept(sent: str) -> None:
    assert path_of(sent) is None


@pytest.mark.parametrize(
    "sent",
    ["", "/", ".", "..", "../x.jpg", "a/../../x.jpg", "a\\..\\x.jpg", "a\0.jpg", "a\nb.jpg",
     "x\u202egpj.exe", "a" * 201, "/".join("a" * 17)],
    ids=repr,
)  # fmt: skip
def test_names_that_climb_out_or_cannot_be_shown_are_refused(sent: str) -> None:
    with pytest.raises(InvalidInput):
        path_of(sent)


_NASTY = st.text(alphabet=st.sampled_from("ab./\\:*?\0\n ~CON"), max_size=30) | st.text(max_size=60)


@given(_NASTY)
def test_whatever_is_kept_stays_inside_and_is_the_same_when_sent_again(sent: str) -> None:
    try:
        path = path_of(sent)
    except InvalidInput:
        return
    if path is None:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    for part in path.parts:
        assert part.isprintable()
        assert part == part.rstrip(". ")
        assert not set(part) & set('<>:"|?*\\')
    assert path_of(str(path)) == path
