"""A folder as one file and back, each byte of it accounted for.

The archive is a zip with ``manifest.json`` as its last entry: what every file is called, how long
it is, and its SHA-256. It takes its name only when it was read back and found to be right.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from server.domain.errors import InvalidInput
from server.store.files import sync_folder

MANIFEST = "manifest.json"
FORMAT = 1
_BLOCK = 1 << 20
_SMALLER_WHEN_PACKED = frozenset({".json", ".jsonl", ".csv", ".log", ".md", ".html", ".db"})
_LARGEST_MANIFEST = 1 << 30
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError)
"""What ``zipfile`` raises on an entry that is torn, encrypted or packed in an unknown way."""
_NO_ARCHIVE = (*_DAMAGED, OSError, KeyError, TypeError, AttributeError)
"""What a file of a stranger raises besides, until its manifest is known to be one."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.

    Attributes:
        created_at: RFC 3339.
        version: of the program that wrote it.
        revision: of the database in it.
        files: path inside the home to (bytes, SHA-256).
    """

    created_at: str
    version: str
    revision: str
    files: Mapping[str, tuple[int, str]]

    @property
    def bytes(self) -> int:
        return sum(size for size, _ in self.files.values())


def pack(tree: Path, archive: Path, *, created_at: str, version: str, revision: str) -> Manifest:
    """Write every file below ``tree`` into ``archive``, and read it back.

    Raises:
        InvalidInput: when there is a file of that name already, or what was read back differs.
        OSError: when it cannot be written.
    """
    if archive.exists():
        raise InvalidInput(f"There is a file {archive} already; give another name.")
    partial = archive.with_name(f".{archive.name}.{os.getpid()}.partial")
    try:
        manifest = Manifest(created_at, version, revision, dict(_write(tree, partial)))
        with zipfile.ZipFile(partial, "a", allowZip64=True) as packed:
            content = json.dumps({"format": FORMAT} | asdict(manifest), indent=1)
            packed.writestr(MANIFEST, content.encode(), zipfile.ZIP_DEFLATED)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        for _ in unpacked(partial):
            pass
        partial.rename(archive)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(archive.parent)
    return manifest


def read_manifest(archive: Path) -> Manifest:
    """What ``archive`` says that it holds.

    Raises:
        InvalidInput: when it is no archive of this program, or holds a name that is not allowed.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            entry = packed.getinfo(MANIFEST)
            if entry.file_size > _LARGEST_MANIFEST:
                raise KeyError(MANIFEST)
            found: dict[str, Any] = json.loads(packed.read(entry))
        if found.pop("format") != FORMAT:
            raise KeyError("format")
        files = {name: (int(size), str(digest)) for name, (size, digest) in found["files"].items()}
        manifest = Manifest(**found | {"files": files})
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no backup {archive}.") from error
    except _NO_ARCHIVE as error:
        raise InvalidInput(
            f"{archive} is not a whole backup of this program; give a file that "
            "`python -m server.backup create` has written."
        ) from error
    for name in manifest.files:
        _require_plain(name, archive)
    return manifest


def unpacked(archive: Path, into: Path | None = None) -> Iterator[Path]:
    """Compare every file of ``archive`` with its manifest, and write it below ``into``, if given.

    Yields:
        The path inside the home, of each file that was right.

    Raises:
        InvalidInput: naming the first file that is missing, too much or damaged.
    """
    manifest = read_manifest(archive)
    with zipfile.ZipFile(archive) as packed:
        if sorted(packed.namelist()) != sorted([*manifest.files, MANIFEST]):
            raise InvalidInput(f"The backup {archive} does not hold the files that it names.")
        for name, expected in manifest.files.items():
            target = None if into is None else into / name
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
            if _copied(packed, name, target) != expected:
                raise InvalidInput(f"In the backup {archive} the file {name} is damaged.")
            yield Path(name)


def _write(tree: Path, partial: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    with (
        os.fdopen(descriptor, "w+b") as file,
        zipfile.ZipFile(file, "w", allowZip64=True) as packed,
    ):
        for path in sorted(each for each in tree.rglob("*") if each.is_file()):
            name = path.relative_to(tree).as_posix()
            entry = zipfile.ZipInfo(name)
            small = path.suffix.lower() in _SMALLER_WHEN_PACKED
            entry.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
            with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as target:
                yield name, _copy(source, target)


def _copied(packed: zipfile.ZipFile, name: str, target: Path | None) -> tuple[int, str] | None:
    """Length and SHA-256 of an entry; None when it cannot be read."""
    try:
        with packed.open(name) as source:
            if target is None:
                return _copy(source, None)
            with target.open("xb") as file:
                found = _copy(source, file)
                file.flush()
                os.fsync(file.fileno())
                return found
    except _DAMAGED:
        return None


def _copy(source: IO[bytes], target: IO[bytes] | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return size, digest.hexdigest()


def _require_plain(name: str, archive: Path) -> None:
    path = PurePosixPath(name)
    odd = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts
    if odd or str(path) != name:
        raise InvalidInput(f"The backup {archive} holds a file that cannot be placed: {name!r}.")


def link_or_copy(source: Path, target: Path) -> None:
    """``target`` with the content of ``source``; no bytes where the disk knows hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # never written through: it may be a link itself
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)


_BINARY = getattr(os, "O_BINARY", 0) if sys.platform == "win32" else 0
