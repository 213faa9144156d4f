"""Unpacking keeps what belongs to a dataset, and nothing hostile gets past it."""

from __future__ import annotations

import errno
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import (
    DermaScanError,
    StorageFull,
    TooLarge,
    UnsafeArchive,
    UnusableDataset,
)
from server.intake.manifest import ProblemKind
from server.intake.unpack import Unpacked, unpack
from server.intake.unpack_limits import UnpackLimits
from tests.unit.intake.archives import overlapping_zip, tar_of, zip_bytes, zip_of
from tests.unit.intake.folders import files_in

_MIB = 1 << 20


def _out(tmp_path: Path) -> Path:
    """The target, deep enough that climbing out of it would be seen in ``tmp_path``."""
    target = tmp_path / "home" / "target folder"
    target.mkdir(parents=True, exist_ok=True)
    return target


def _nothing_else(tmp_path: Path, *archives: str) -> bool:
    outside = {path for path in files_in(tmp_path) if not path.startswith("home/target folder/")}
    return outside == set(archives)


# --- what is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.tar.gz"])
def test_folders_and_bytes_come_out_as_they_went_in(tmp_path: Path, name: str) -> None:
    content = [
        ("HAM/melanoma/1.jpg", b"one" * 1000),
        ("HAM/nevus/2.PNG", b""),
        ("HAM/metadata.csv", b"image_id,label\n"),
        ("HAM/README.txt", b"hello"),
    ]
    make = zip_of if name.endswith("zip") else tar_of
    unpacked = unpack(make(tmp_path / name, content), _out(tmp_path))
    assert unpacked == Unpacked(tuple(path for path, _ in content), ())
    for path, data in content:
        assert (_out(tmp_path) / path).read_bytes() == data


def test_the_kind_of_archive_is_told_by_its_content(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "really a.tgz", [("1.jpg", b"x")]).rename(tmp_path / "a.zip")
    assert unpack(archive, _out(tmp_path)).files == ("1.jpg",)


def test_other_files_are_named_and_never_written(tmp_path: Path) -> None:
    content = [("1.jpg", b"x"), ("run.exe", b"MZ"), ("a/page.html", b"<"), ("x.py", b"import os")]
    unpacked = unpack(zip_of(tmp_path / "a.zip", content), _out(tmp_path))
    assert files_in(_out(tmp_path)) == {"1.jpg"}
    assert [problem.kind for problem in unpacked.problems] == [ProblemKind.UNKNOWN_ENDING] * 3
    assert [problem.file for problem in unpacked.problems] == [
        "a.zip/run.exe",
        "a.zip/a/page.html",
        "a.zip/x.py",
    ]


def test_litter_is_dropped_in_silence(tmp_path: Path) -> None:
    names = ["__MACOSX/._1.jpg", "a/.DS_Store", "Thumbs.db", "desktop.ini", ".dermascan/m.json"]
    archive = zip_of(tmp_path / "a.zip", [("1.jpg", b"x"), *((name, b"y") for name in names)])
    assert unpack(archive, _out(tmp_path)) == Unpacked(("1.jpg",), ())
    assert files_in(_out(tmp_path)) == {"1.jpg"}


@pytest.mark.parametrize("levels", [1, 2])
def test_archives_inside_archives_get_a_folder_of_their_name(tmp_path: Path, levels: int) -> None:
    inner, path = zip_bytes([("1.jpg", b"x")]), "1.jpg"
    for level in range(levels):
        inner, path = zip_bytes([(f"level{level}.zip", inner)]), f"level{level}/{path}"
    (tmp_path / "a.zip").write_bytes(inner)
    assert unpack(tmp_path / "a.zip", _out(tmp_path)).files == (path,)
    assert files_in(_out(tmp_path)) == {path}


_FILE_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map(
    lambda stem: f"{stem}.jpg"
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_FILE_NAMES, st.binary(max_size=50), max_size=8), st.booleans())
def test_every_image_of_any_name_comes_out_once_with_its_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, bytes], as_zip: bool
) -> None:
    """Hidden files apart, and copies that differ in letter case only."""
    folder = tmp_path_factory.mktemp("round")
    target = _out(folder)
    pairs = list(content.items())
    archive = zip_of(folder / "a.zip", pairs) if as_zip else tar_of(folder / "a.tar", pairs)
    unpacked = unpack(archive, target)
    assert files_in(target) == set(unpacked.files)
    assert _nothing_else(folder, archive.name)
    written = {(target / path).read_bytes() for path in unpacked.files}
    assert written <= set(content.values())
    visible = {data for name, data in pairs if not _may_be_hidden(name)}
    assert visible <= written


def _may_be_hidden(name: str) -> bool:
    """Whether a part of it may begin like a hidden file or hold the NUL that ends names."""
    return "\0" in name or any(
        part[:1] in (".", "~") for part in name.replace("\\", "/").split("/")
    )


# --- names and links -----------------------------------------------------------------------------

_TRAVERSAL = [
    "../../evil.jpg",
    "/evil.jpg",
    "..\\..\\evil.jpg",
    "C:\\evil.jpg",
    "C:evil.jpg",
    "a/../../../evil.jpg",
    "//server/share/evil.jpg",
    "./../evil.jpg",
    "a/./../../evil.jpg",
    ".. /.. /evil.jpg",
]


@pytest.mark.parametrize("name", _TRAVERSAL)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_nothing_is_written_outside(tmp_path: Path, name: str, kind: str) -> None:
    make = zip_of if kind == "zip" else tar_of
    unpacked = unpack(make(tmp_path / f"a.{kind}", [(name, b"x")]), _out(tmp_path))
    assert _nothing_else(tmp_path, f"a.{kind}")
    assert len(unpacked.files) == 1
    assert files_in(_out(tmp_path)) == set(unpacked.files)


@pytest.mark.parametrize("name", ["", "\0.jpg", "/", "..", "."])
def test_an_entry_without_a_usable_name_is_passed_over(tmp_path: Path, name: str) -> None:
    archive = zip_of(tmp_path / "a.zip", [(name, b"x"), ("1.jpg", b"y")])
    assert unpack(archive, _out(tmp_path)).files == ("1.jpg",)


def test_a_name_that_leads_outside_is_said(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("../evil.jpg", b"x")])
    (problem,) = unpack(archive, _out(tmp_path)).problems
    assert problem.file == "a.zip/../evil.jpg"
    assert "stored as 'evil.jpg'" in problem.message


def test_links_and_devices_of_a_tar_are_never_made(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("link.jpg", tarfile.SYMTYPE),
            ("hard.jpg", tarfile.LNKTYPE),
            ("dir.jpg", tarfile.SYMTYPE),
            ("fifo.jpg", tarfile.FIFOTYPE),
            ("disk.jpg", tarfile.BLKTYPE),
            ("tty.jpg", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        through = tarfile.TarInfo("dir.jpg/inside.jpg")
        through.size = 1
        archive.addfile(through, io.BytesIO(b"x"))
    unpacked = unpack(path, _out(tmp_path))
    assert unpacked.files == ("dir.jpg/inside.jpg",)
    assert [problem.kind for problem in unpacked.problems] == [ProblemKind.LAYOUT] * 6
    assert not any(each.is_symlink() for each in _out(tmp_path).rglob("*"))
    assert _nothing_else(tmp_path, "a.tar")


def test_links_of_a_zip_are_never_made(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link.jpg")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    unpacked = unpack(path, _out(tmp_path))
    assert unpacked.files == ()
    assert "link" in unpacked.problems[0].message
    assert files_in(_out(tmp_path)) == set()


def test_folders_that_differ_in_letter_case_are_one(tmp_path: Path) -> None:
    """Kaggle's HAM10000 has each image twice so; copies go, different files are kept apart."""
    content = [
        ("Part/1.jpg", b"x"),
        ("part/1.jpg", b"x"),
        ("PART/2.jpg", b"y"),
        ("part/2.JPG", b"z"),
    ]
    unpacked = unpack(zip_of(tmp_path / "a.zip", content), _out(tmp_path))
    assert files_in(_out(tmp_path)) == {"Part/1.jpg", "Part/2.jpg", "Part/2 (2).JPG"}
    (problem,) = unpacked.problems
    assert problem.kind is ProblemKind.LAYOUT
    assert "'Part/2 (2).JPG'" in problem.message


def test_a_file_where_a_folder_is_gets_another_name(tmp_path: Path) -> None:
    content = [("a.jpg", b"1"), ("a.jpg/b.jpg", b"2"), ("c.jpg/d.jpg", b"3"), ("c.jpg", b"4")]
    unpacked = unpack(zip_of(tmp_path / "a.zip", content), _out(tmp_path))
    read = [(_out(tmp_path) / path).read_bytes() for path in unpacked.files]
    assert read == [b"1", b"2", b"3", b"4"]


def test_what_is_there_already_is_never_written_over(tmp_path: Path) -> None:
    (_out(tmp_path) / "1.jpg").write_bytes(b"mine")
    unpacked = unpack(zip_of(tmp_path / "a.zip", [("1.JPG", b"theirs")]), _out(tmp_path))
    assert (_out(tmp_path) / "1.jpg").read_bytes() == b"mine"
    assert unpacked.files == ("1 (2).JPG",)


# --- bombs and limits ----------------------------------------------------------------------------


def _refused(
    tmp_path: Path, archive: Path, kind: type[DermaScanError], limits: UnpackLimits | None = None
) -> str:
    """Unpack in vain: nothing may be left behind. Returns the sentence."""
    target = _out(tmp_path)
    (target / "before.jpg").write_bytes(b"mine")
    with pytest.raises(kind) as refused:
        unpack(archive, target, limits)
    assert {path.name for path in target.rglob("*")} == {"before.jpg"}
    assert _nothing_else(tmp_path, archive.name)
    return refused.value.message


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_an_archive_that_grows_like_a_bomb_is_refused(tmp_path: Path, kind: str) -> None:
    make = zip_of if kind == "zip" else tar_of
    archive = make(tmp_path / f"a.{kind}", [("small.jpg", b"x"), ("bomb.jpg", bytes(8 * _MIB))])
    limits = UnpackLimits(ratio=100, ratio_from=2 * _MIB)
    assert "100 times" in _refused(tmp_path, archive, UnsafeArchive, limits)


def test_a_bomb_inside_an_archive_is_counted_by_the_outer_one(tmp_path: Path) -> None:
    bomb = zip_bytes([("bomb.jpg", bytes(8 * _MIB))])
    archive = zip_of(tmp_path / "a.zip", [("b.zip", zip_bytes([("c.zip", bomb)]))])
    limits = UnpackLimits(ratio=100, ratio_from=2 * _MIB)
    assert "'a.zip'" in _refused(tmp_path, archive, UnsafeArchive, limits)


def test_what_is_skipped_in_a_tar_counts_too(tmp_path: Path) -> None:
    """It has to be unpacked to be passed over."""
    archive = tar_of(tmp_path / "a.tgz", [("bomb.exe", bytes(8 * _MIB)), ("1.jpg", b"x")])
    limits = UnpackLimits(ratio=100, ratio_from=2 * _MIB)
    _refused(tmp_path, archive, UnsafeArchive, limits)


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(overlapping_zip(entries=50, size=_MIB))
    assert "over each other" in _refused(tmp_path, archive, UnsafeArchive)


def test_sizes_that_a_header_lies_about_do_not_count(tmp_path: Path) -> None:
    """The bytes are counted as they are written."""
    data = bytearray(zip_bytes([("1.jpg", os.urandom(3 * _MIB))], zipfile.ZIP_STORED))
    archive = tmp_path / "a.zip"
    archive.write_bytes(data)
    sentence = _refused(tmp_path, archive, TooLarge, UnpackLimits(file_bytes=2 * _MIB))
    assert "2 MiB" in sentence
    assert "DERMASCAN_MAX_FILE_BYTES" in sentence


def test_all_files_together_are_limited(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [(f"{n}.jpg", bytes(_MIB)) for n in range(4)])
    sentence = _refused(tmp_path, archive, TooLarge, UnpackLimits(total_bytes=3 * _MIB))
    assert "DERMASCAN_MAX_UPLOAD_BYTES" in sentence


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["{}.jpg", "{}/", "{}.exe", "__MACOSX/{}"])
def test_too_many_entries_are_refused_whatever_they_are(
    tmp_path: Path, kind: str, name: str
) -> None:
    make = zip_of if kind == "zip" else tar_of
    archive = make(tmp_path / f"a.{kind}", [(name.format(n), b"") for n in range(30)])
    sentence = _refused(tmp_path, archive, TooLarge, UnpackLimits(files=20))
    assert "at most 20" in sentence


def test_a_directory_of_too_many_entries_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``zipfile`` would hold all of them in memory."""
    archive = zip_of(tmp_path / "a.zip", [(f"{n}.jpg", b"") for n in range(100)])
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    _refused(tmp_path, archive, TooLarge, UnpackLimits(files=20))


def test_nesting_is_limited(tmp_path: Path) -> None:
    inner = zip_bytes([("1.jpg", b"x")])
    for level in range(3):
        inner = zip_bytes([("2.jpg", b"y"), (f"{level}.zip", inner)])
    (tmp_path / "a.zip").write_bytes(inner)
    assert "at most 2 levels" in _refused(tmp_path, tmp_path / "a.zip", UnsafeArchive)


def test_a_password_is_refused_in_words(tmp_path: Path) -> None:
    data = bytearray(zip_bytes([("1.jpg", b"secret")]))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert "password" in _refused(tmp_path, tmp_path / "a.zip", UnsafeArchive)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused_in_words(tmp_path: Path, method: int) -> None:
    (tmp_path / "a.zip").write_bytes(zip_bytes([("1.jpg", b"x" * 99)], method))
    assert "unusual method" in _refused(tmp_path, tmp_path / "a.zip", UnsafeArchive)


def test_a_huge_header_in_a_tar_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    assert "header" in _refused(tmp_path, tmp_path / "a.tar", UnsafeArchive)


_GOOD_ZIP = zip_bytes([("1.jpg", os.urandom(5000)), ("2.jpg", os.urandom(5000))])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 nothing",
        b"Rar!\x1a\x07\x00" + bytes(50),
        _GOOD_ZIP[:6000],
        _GOOD_ZIP[:100] + b"\xff" * 200 + _GOOD_ZIP[300:],
        b"\x1f\x8b\x08\x00" + os.urandom(100),
    ],
)
def test_a_damaged_archive_is_said_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    assert "damaged" in _refused(tmp_path, tmp_path / "a.zip", UnusableDataset)


def test_a_tar_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tgz", [(f"{n}.jpg", os.urandom(50_000)) for n in range(4)])
    archive.write_bytes(archive.read_bytes()[:120_000])
    assert "damaged" in _refused(tmp_path, archive, UnusableDataset)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_leaves_half_an_archive(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed: all of it comes out, or a sentence and nothing."""
    folder = tmp_path_factory.mktemp("damage")
    whole = bytearray(_GOOD_ZIP)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[-data.draw(st.integers(1, 200))] = data.draw(st.integers(0, 255))
    (folder / "a.zip").write_bytes(whole)
    try:
        unpacked = unpack(folder / "a.zip", _out(folder))
    except DermaScanError:
        assert not files_in(_out(folder))
    else:
        assert files_in(_out(folder)) == set(unpacked.files)


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zip_of(tmp_path / "a.zip", [("a/1.jpg", b"x"), ("b/2.jpg", b"y")])
    mkdir = Path.mkdir

    def full(self: Path) -> None:
        if self.name == "b":
            raise OSError(errno.ENOSPC, "No space left on device")
        mkdir(self)

    target = _out(tmp_path)
    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(StorageFull, match="disk is full"):
        unpack(archive, target)
    assert not list(target.iterdir())
