"""Table 11: archives that try to write outside, make links, or bear impossible names.

The cases are those of two public corpora, made here anew: jwilk's traversal-archives (absolute1/2,
relative0/2, symlink, dirsymlink, dirsymlink2a/b) and the combinations that the program slipit
writes (depth of climbing, both separators, drives).
"""

from __future__ import annotations

import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.faults.counts import count
from tests.faults.import_process import take_in
from tests.faults.rows import Measured
from tests.integration.test_uploads import jpeg

PICTURE = jpeg((120, 70, 50))
KINDS = ("zip", "tar", "tgz")
FIXED = (
    "/tmp/moo.jpg",  # jwilk absolute1
    "//tmp/moo.jpg",  # jwilk absolute2
    "../moo.jpg",  # jwilk relative0
    "tmp/../../moo.jpg",  # jwilk relative2
    "C:\\Windows\\moo.jpg",
    "C:moo.jpg",
    "\\\\server\\share\\moo.jpg",
    "a\\..\\..\\moo.jpg",
    "NUL.jpg",
    "con",
    "aux.tar.jpg",
    "COM1/moo.jpg",
    "moo.jpg:stream",
    "moo.jpg. . .",
    "a\n\x1b[31m\x07.jpg",
    "\u202egpj.exe.jpg",
    "x" * 400 + ".jpg",
    "/".join(["deep"] * 300) + "/moo.jpg",
    "...../moo.jpg",
    "~root/moo.jpg",
    "$HOME/moo.jpg",
    "%2e%2e%2fmoo.jpg",
    "\udcff\udcfe.jpg",
)


def _names(chance: random.Random, many: int) -> list[str]:
    """Climbing of every depth with either separator, as slipit makes it, and mixtures."""
    parts = ["..", ".", "", "a", "ä", "C:", "nul", "..\\..", " ..", ".. ", "moo.jpg"]
    made = [
        chance.choice(["", "/", "\\", "C:\\", "C:/"])
        + "".join(chance.choice(parts) + chance.choice("/\\") for _ in range(chance.randint(1, 12)))
        + f"{number}.jpg"
        for number in range(many)
    ]
    return [*FIXED, *made]


def _archive(path: Path, kind: str, names: list[str]) -> None:
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as written:
            for name in names:
                info = zipfile.ZipInfo("x")
                info.filename = name.encode("utf-8", "replace").decode()  # unmended by ZipInfo
                written.writestr(info, PICTURE)
        return
    with tarfile.open(path, "w:gz" if kind == "tgz" else "w") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(PICTURE)
            packed.addfile(member, io.BytesIO(PICTURE))


def _seen(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def _house(tmp_path: Path) -> tuple[Path, dict[str, bytes | None]]:
    """A folder for the import with neighbours that nobody may touch."""
    (tmp_path / "moo.jpg").write_bytes(b"a neighbour")
    (tmp_path / "target").mkdir()
    folder = tmp_path / "inner" / "set"
    folder.mkdir(parents=True)
    return folder, {key: value for key, value in _seen(tmp_path).items() if str(folder) != key}


def _nothing_happened_outside(
    tmp_path: Path, folder: Path, before: dict[str, bytes | None]
) -> None:
    after = _seen(tmp_path)
    inside = {key for key in after if key == str(folder) or Path(key).is_relative_to(folder)}
    assert {key: value for key, value in after.items() if key not in inside} == before
    for path in folder.rglob("*"):
        status = path.lstat()
        assert stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
        assert status.st_nlink == 1 or path.is_dir()
        assert path.resolve().is_relative_to(folder.resolve())


@pytest.mark.fault(11, "traversal and odd-name archives", "nothing written outside")
@pytest.mark.parametrize("kind", KINDS)
def test_no_name_leads_outside_and_every_picture_is_kept(
    tmp_path: Path, kind: str, measured: Measured
) -> None:
    folder, before = _house(tmp_path)
    names = _names(random.Random(11), count(60, 2000))
    _archive(folder / f"all.{kind}", kind, names)
    done = take_in(folder)
    _nothing_happened_outside(tmp_path, folder, before)
    assert done.exit_code == 0, done.answer
    assert done.images
    measured(f"{kind}, {len(names)} names: nothing outside, {len(done.images)} pictures kept")


LINKS: dict[str, list[tuple[str, bytes | None, str]]] = {
    "jwilk symlink": [("moo.jpg", tarfile.SYMTYPE, "../../moo.jpg"), ("moo.jpg", None, "")],
    "jwilk dirsymlink": [("tmp", tarfile.SYMTYPE, "../.."), ("tmp/moo.jpg", None, "")],
    "jwilk dirsymlink2a": [
        ("cur", tarfile.SYMTYPE, "."),
        ("par", tarfile.SYMTYPE, "cur/.."),
        ("par/moo.jpg", None, ""),
    ],
    "jwilk dirsymlink2b": [
        ("cur", tarfile.SYMTYPE, "."),
        ("cur/par", tarfile.SYMTYPE, ".."),
        ("par/moo.jpg", None, ""),
    ],
    "absolute link": [("a", tarfile.SYMTYPE, "{target}"), ("a/moo.jpg", None, "")],
    "hard link outside": [("a.jpg", tarfile.LNKTYPE, "{target}/../moo.jpg")],
    "devices": [
        ("pipe.jpg", tarfile.FIFOTYPE, ""),
        ("null.jpg", tarfile.CHRTYPE, ""),
        ("disk.jpg", tarfile.BLKTYPE, ""),
    ],
}


@pytest.mark.fault(11, "links and devices in archives", "none made")
@pytest.mark.parametrize("case", LINKS)
def test_no_link_and_no_device_is_made(tmp_path: Path, case: str, measured: Measured) -> None:
    folder, before = _house(tmp_path)
    with tarfile.open(folder / "links.tar", "w") as packed:
        for name, kind, leads_to in LINKS[case]:
            member = tarfile.TarInfo(name)
            if kind is None:
                member.size = len(PICTURE)
            else:
                member.type = kind
                member.linkname = leads_to.format(target=tmp_path / "target")
            packed.addfile(member, io.BytesIO(PICTURE))
        good = tarfile.TarInfo("nv/good.jpg")
        good.size = len(PICTURE)
        packed.addfile(good, io.BytesIO(PICTURE))
    done = take_in(folder)
    _nothing_happened_outside(tmp_path, folder, before)
    assert any(path.endswith("nv/good.jpg") for path in done.images)
    assert any("links.tar/" in file for file in done.named if file)
    measured(f"{case}: nothing made")
