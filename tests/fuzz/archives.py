"""Any bytes as an archive: a refusal that leaves nothing, or ordinary files inside the folder."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from server.domain.errors import DermaScanError
from server.intake.unpack import unpack
from server.intake.unpack_limits import UnpackLimits
from tests.integration.test_uploads import jpeg

_ENDINGS = (".zip", ".tar", ".tgz")
_LIMITS = UnpackLimits(file_bytes=1 << 20, total_bytes=4 << 20, files=200)


def read(content: bytes, work: Path) -> None:
    """One input: the first byte says what the rest pretends to be."""
    if not content:
        return
    around = work / "archives"
    shutil.rmtree(around, ignore_errors=True)
    into = around / "deep" / "into"
    into.mkdir(parents=True)
    archive = work / f"archive{_ENDINGS[content[0] % len(_ENDINGS)]}"
    archive.write_bytes(content[1:])
    try:
        unpacked = unpack(archive, into, _LIMITS)
    except DermaScanError:
        assert not any(into.rglob("*")), "a refused archive left something"
    else:
        there = {path for path in into.rglob("*") if not path.is_dir()}
        assert {into / name for name in unpacked.files} == there
        assert all(path.is_file() and not path.is_symlink() for path in there)
    assert {path.name for path in around.iterdir()} == {"deep"}
    assert {path.name for path in (around / "deep").iterdir()} == {"into"}


def seeds() -> Mapping[str, bytes]:
    """Archives as people have them, and as nobody should."""
    files = {"set/a.jpg": jpeg((80, 70, 60)), "set/labels.csv": b"image_id,dx\na,nv\n"}
    inner = _zip(files)
    return {
        "zip": b"\0" + inner,
        "stored": b"\0" + _zip(files, zipfile.ZIP_STORED),
        "nested": b"\0" + _zip({"inner.zip": inner, "../b.csv": b"x"}),
        "tar": b"\1" + _tar(files, "w"),
        "tgz": b"\2" + _tar(files, "w:gz"),
        "links": b"\1" + _links(),
    }


def _zip(files: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _tar(files: Mapping[str, bytes], mode: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def _links() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE):
            member = tarfile.TarInfo("link.jpg")
            member.type, member.linkname = kind, "../../outside.jpg"
            archive.addfile(member)
    return made.getvalue()
