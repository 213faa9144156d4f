"""Zip and tar seen alike: a row of entries, each with its name, its nature and its bytes.

``zipfile`` and ``tarfile`` only read here; where anything is written is decided in ``unpack``.
What they raise for damaged archives becomes one sentence.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from server.domain.errors import DermaScanError, UnsafeArchive, UnusableDataset
from server.intake.safe_names import shown
from server.intake.unpack_limits import Budget

CHUNK = 1 << 20
_LARGEST_READ = 16 << 20
_LARGEST_SKIP = 64 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_ENTRY_MARK = b"PK\x01\x02"
_FOLDERS_PER_FILE = 2
_END_MARK = b"PK\x05\x06"
_END_LENGTH = 20
_END_SEARCH = 66_000
_COUNTED_ELSEWHERE = 0xFFFF
_LOCAL_HEADER = 30  # bytes before an entry's name


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive.

    Attributes:
        name: as it stands in the archive; not to be trusted.
        is_file: an ordinary file.
        is_folder: a folder. What is neither is a link, a device or the like.
        chunks: reads the content, at most 1 MiB at a time; only while it is the current entry.
    """

    name: str
    is_file: bool
    is_folder: bool
    chunks: Callable[[], Iterator[bytes]]


def read_entries(archive: Path, name: str, budget: Budget) -> Iterator[Entry]:
    """The entries of ``archive`` one after another; it is found out what kind of archive it is.

    Args:
        name: what sentences call it.

    Raises:
        UnsafeArchive: encrypted, overlapping, or packed in an unusual way.
        UnusableDataset: damaged.
        TooLarge: more entries than allowed.
    """
    with _said(name), archive.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"PK":
        yield from _zip_entries(archive, name, budget)
    else:
        yield from _tar_entries(archive, name, budget, compressed=start[:2] == b"\x1f\x8b")


def announced_entries(archives: list[Path]) -> int | None:
    """How many entries the archives say they have; None when one does not say (any tar).

    Only for showing progress: what an archive says of itself is never relied on.
    """
    total = 0
    for archive in archives:
        with archive.open("rb") as file:
            size = archive.stat().st_size
            file.seek(max(0, size - _END_SEARCH))
            end = file.read()
        at = end.rfind(_END_MARK)
        if at < 0 or len(end) - at < _END_LENGTH:
            return None
        count = int.from_bytes(end[at + 10 : at + 12], "little")
        if count == _COUNTED_ELSEWHERE:
            return None
        total += count
    return total


@contextmanager
def _said(name: str) -> Iterator[None]:
    """Whatever a reader raises inside the block is said as "damaged"."""
    try:
        yield
    except (DermaScanError, MemoryError):
        raise
    except Exception as error:  # the readers raise a dozen kinds for damaged archives
        detail = shown(str(error)) or type(error).__name__
        raise UnusableDataset(
            f"The archive {shown(name)!r} is damaged or is no zip or tar archive ({detail}). "
            "Make it again, or upload it again.",
            file=shown(name),
        ) from error


# --- zip -----------------------------------------------------------------------------------------


def _zip_entries(archive: Path, name: str, budget: Budget) -> Iterator[Entry]:
    with _said(name):
        _count_directory(archive, budget)
        opened = zipfile.ZipFile(archive)
    with opened:
        infos = opened.infolist()
        with _said(name):
            _check_zip(infos, name)
        for info in infos:
            nature = stat.S_IFMT(info.external_attr >> 16)
            is_folder = info.filename.endswith("/")  # is_dir() fails for an empty name
            yield Entry(
                name=info.filename,
                is_file=not is_folder and nature in (0, stat.S_IFREG),
                is_folder=is_folder,
                chunks=partial(_chunks, name, partial(opened.open, info)),
            )


def _count_directory(archive: Path, budget: Budget) -> None:
    """Refuse a zip with too many entries before ``zipfile`` reads all of them into memory."""
    # every entry of the directory begins with this mark
    most = budget.limits.files * (1 + _FOLDERS_PER_FILE)
    size = archive.stat().st_size
    with archive.open("rb") as file:
        at = _directory_start(file, size)
        file.seek(at)
        count, tail = 0, b""
        while chunk := file.read(CHUNK):
            block = tail + chunk
            count += block.count(_ENTRY_MARK)
            tail = block[-len(_ENTRY_MARK) + 1 :]
            if count > most:
                raise budget.too_many()


def _directory_start(file: IO[bytes], size: int) -> int:
    """Where the directory begins, by the last end record; 0 when that cannot be told."""
    file.seek(max(0, size - _END_SEARCH))
    end = file.read()
    at = end.rfind(_END_MARK)
    if at < 0 or len(end) - at < _END_LENGTH:
        return 0
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    start = size - len(end) + at - length
    return start if length != 0xFFFFFFFF and start > 0 else 0


def _check_zip(infos: list[zipfile.ZipInfo], name: str) -> None:
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise UnsafeArchive(
            f"The archive {shown(name)!r} is protected by a password. Unpack it yourself and "
            "upload it without one.",
            file=shown(name),
        )
    if any(info.compress_type not in _METHODS for info in infos):
        raise UnsafeArchive(
            f"The archive {shown(name)!r} is packed with an unusual method. Make it again as an "
            "ordinary zip (Deflate), or as .tgz.",
            file=shown(name),
        )
    end = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise UnsafeArchive(
                f"The entries of the archive {shown(name)!r} lie over each other, as only harmful "
                "archives do. Make it again.",
                file=shown(name),
            )
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


# --- tar -----------------------------------------------------------------------------------------


def _tar_entries(archive: Path, name: str, budget: Budget, *, compressed: bool) -> Iterator[Entry]:
    with _said(name):
        raw = cast(IO[bytes], gzip.GzipFile(archive)) if compressed else archive.open("rb")
    with raw:
        reader = _CarefulReader(raw, name, budget)
        with _said(name):
            opened = tarfile.open(fileobj=cast(IO[bytes], reader), mode="r:")  # noqa: SIM115
        with opened:
            while (member := _next_member(opened, name)) is not None:
                yield Entry(
                    name=member.name,
                    is_file=member.isreg(),
                    is_folder=member.isdir(),
                    chunks=partial(_chunks, name, partial(_open_member, opened, member)),
                )


def _next_member(opened: tarfile.TarFile, name: str) -> tarfile.TarInfo | None:
    with _said(name):
        member = opened.next()
    opened.members = []  # type: ignore[attr-defined]  # else every header stays in memory
    return member


def _open_member(opened: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = opened.extractfile(member)
    if content is None:
        raise tarfile.ReadError("an entry has no content")
    return content


class _CarefulReader:
    """What ``tarfile`` reads from: no huge header at once, and no endless skipping.

    A header may announce gigabytes of name, which ``tarfile`` would read into memory; and what is
    skipped has to be unpacked all the same.
    """

    def __init__(self, raw: IO[bytes], name: str, budget: Budget) -> None:
        self._raw = raw
        self._name = name
        self._budget = budget

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise UnsafeArchive(
                f"The archive {shown(self._name)!r} has a name or header of more than "
                f"{_LARGEST_READ >> 20} MB, as only harmful archives do. Make it again.",
                file=shown(self._name),
            )
        return self._raw.read(size)

    def tell(self) -> int:
        return self._raw.tell()

    def seek(self, position: int) -> int:
        at = self._raw.tell()
        while at + _LARGEST_SKIP < position:
            self._budget.pass_over(_LARGEST_SKIP)
            at = self._raw.seek(at + _LARGEST_SKIP)
        self._budget.pass_over(max(0, position - at))
        return self._raw.seek(position)


# --- both ----------------------------------------------------------------------------------------


def _chunks(name: str, open_entry: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    with _said(name):
        content = open_entry()
    with content:
        while True:
            with _said(name):
                chunk = content.read(CHUNK)
            if not chunk:
                return
            yield chunk
