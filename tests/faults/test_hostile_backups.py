"""Backups from strangers: refused in a sentence, and nothing written outside the home."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from server.domain.errors import InvalidInput
from server.store.archive import MANIFEST, unpacked

CONTENT = b"numbers,\n" * 2000
NAME = "models/a.csv"


def _manifest(name: str = NAME, content: bytes = CONTENT) -> dict[str, Any]:
    files = {name: [len(content), hashlib.sha256(content).hexdigest()]}
    told = {"created_at": "2025-01-01T00:00:00Z", "version": "1", "revision": "1"}
    return {"format": 1, "files": files} | told


def _backup(path: Path, manifest: str, name: str = NAME) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, CONTENT, zipfile.ZIP_DEFLATED)
        packed.writestr(MANIFEST, manifest)
    return path


def test_an_honest_backup_is_unpacked(tmp_path: Path) -> None:
    """Otherwise the tests below would prove nothing."""
    archive = _backup(tmp_path / "a.zip", json.dumps(_manifest()))
    assert [path.as_posix() for path in unpacked(archive, tmp_path / "home")] == [NAME]
    assert (tmp_path / "home" / NAME).read_bytes() == CONTENT


@pytest.mark.fault(14, "backups that hold names outside", "nothing written outside")
@pytest.mark.parametrize(
    "name", ["../out.csv", "/out.csv", "a/../../out.csv", "..\\out.csv", "C:out.csv", "a//b.csv"]
)
def test_a_backup_writes_nothing_outside_the_home(tmp_path: Path, name: str) -> None:
    archive = _backup(tmp_path / "a.zip", json.dumps(_manifest(name)), name)
    with pytest.raises(InvalidInput, match="cannot be placed"):
        list(unpacked(archive, tmp_path / "home"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.fault(14, "backups whose list of files is something else", "refused in a sentence")
@pytest.mark.parametrize(
    "manifest",
    [
        "[" * 100_000,
        "7",
        "null",
        "[]",
        "{}",
        '"\\ud800"',
        json.dumps(_manifest() | {"files": [1]}),
        json.dumps(_manifest() | {"files": {NAME: 1}}),
        json.dumps(_manifest() | {"more": 1}),
    ],
    ids=["deep", "number", "null", "list", "empty", "half", "files", "file", "more"],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, manifest: str) -> None:
    with pytest.raises(InvalidInput, match="not a whole backup"):
        list(unpacked(_backup(tmp_path / "a.zip", manifest), tmp_path / "home"))


@pytest.mark.fault(14, "backups torn, encrypted or packed in an unknown way", "the file is named")
@pytest.mark.parametrize("damage", ["torn", "encrypted", "unknown"])
def test_an_entry_that_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    archive = _backup(tmp_path / "a.zip", json.dumps(_manifest()))
    whole = bytearray(archive.read_bytes())
    central = whole.index(b"PK\x01\x02")
    if damage == "torn":
        start = 30 + len(NAME)
        whole[start : start + 8] = b"\xff" * 8
    elif damage == "encrypted":
        whole[6] |= 1
        whole[central + 8] |= 1
    else:
        whole[8] = whole[central + 10] = 99
    archive.write_bytes(whole)
    with pytest.raises(InvalidInput, match=f"the file {NAME} is damaged"):
        list(unpacked(archive, tmp_path / "home"))
