"""Table 12: archives and pictures that grow. Memory stays under 200 MB, the disk under the cap."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from server.domain.pixels import MAX_PIXELS
from tests.faults.counts import count
from tests.faults.import_process import Watched, size_of, take_in
from tests.faults.rows import Measured
from tests.integration.test_uploads import jpeg
from tests.unit.intake.archives import overlapping_zip

MB = 1_000_000
MEMORY_CAP = 200 * MB
DISK_CAP = 100 * MB
SIDE = int(MAX_PIXELS**0.5)
ROOM = f"--max-bytes={DISK_CAP}"


def _flat_zip() -> bytes:
    return _zipped("zeros.jpg", bytes(count(150, 1000) * MB))


def _zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        written.writestr(name, content)
    return made.getvalue()


def _nested_zip() -> bytes:
    """As 42.zip: sixteen archives in each archive, in few levels."""
    bomb = _zipped("zeros.jpg", bytes(20 * MB))
    for _ in range(2):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
            for number in range(16):
                written.writestr(f"{number}.zip", bomb)
        bomb = made.getvalue()
    return bomb


def _tgz() -> bytes:
    """A tar of one announced gigabyte of zeros, packed."""
    header = io.BytesIO()
    with tarfile.open(fileobj=header, mode="w") as packed:
        member = tarfile.TarInfo("zeros.jpg")
        packed.addfile(member)
    member.size = count(150, 1000) * MB
    start = member.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(start + bytes(member.size), compresslevel=1)


def _many_entries() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for number in range(count(5_000, 60_000)):
            written.writestr(f"{number}.jpg", b"")
    return made.getvalue()


ARCHIVES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "one entry of zeros": ("bomb.zip", _flat_zip),
    "overlapping entries (Fifield 2019)": ("bomb.zip", lambda: overlapping_zip(500, 4 * MB)),
    "archives in archives (42.zip)": ("bomb.zip", _nested_zip),
    "a packed tar of zeros": ("bomb.tgz", _tgz),
    "absurdly many entries": ("bomb.zip", _many_entries),
}


@pytest.mark.fault(12, "zip bombs", "memory under 200 MB, disk under the cap")
@pytest.mark.parametrize("case", ARCHIVES)
def test_an_archive_that_grows_is_refused_in_little_memory_and_disk(
    tmp_path: Path, case: str, measured: Measured
) -> None:
    name, made = ARCHIVES[case]
    (tmp_path / name).write_bytes(made())
    packed = size_of(tmp_path)
    done = take_in(tmp_path, ROOM, "--max-files=3000")
    assert done.exit_code == 2, done.answer
    assert name in done.answer["error"]["message"]
    _stayed_small(done, packed)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    measured(f"{case}: {done.memory / MB:.0f} MB of memory")


def png(width: int, height: int, colour: int, interlaced: bool = False) -> bytes:
    """A black PNG, made row by row: 2 = RGB, 6 = RGB with alpha."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    channels = {2: 3, 6: 4}[colour]
    packer = zlib.compressobj(1)
    row = bytes(1 + width * channels)
    # the seven passes together have about as many bytes as the picture, and are no longer
    body = b"".join(packer.compress(row) for _ in range(height + interlaced * 9)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, int(interlaced))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _progressive(subsampling: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (SIDE, SIDE)).convert("RGB").save(
        made, "JPEG", progressive=True, subsampling=subsampling
    )
    return made.getvalue()


@pytest.mark.fault(12, "image bombs", "memory under 200 MB")
def test_pictures_just_under_the_pixel_cap_are_read_in_little_memory(
    tmp_path: Path, measured: Measured
) -> None:
    for number in range(count(1, 8)):
        (tmp_path / f"rgb{number}.png").write_bytes(png(SIDE, SIDE, 2))
        (tmp_path / f"alpha{number}.png").write_bytes(png(SIDE, SIDE, 6))
    (tmp_path / "interlaced.png").write_bytes(png(SIDE, SIDE, 6, interlaced=True))
    done = take_in(tmp_path)
    assert len(done.images) == 2 * count(1, 8) + 1
    assert done.memory < MEMORY_CAP
    measured(f"{len(done.images)} pictures of 100 megapixels: {done.memory / MB:.0f} MB")


@pytest.mark.fault(12, "pictures over the cap", "named, memory under 200 MB")
def test_pictures_over_the_cap_and_progressive_giants_are_named_in_little_memory(
    tmp_path: Path,
) -> None:
    (tmp_path / "good.jpg").write_bytes(jpeg((90, 80, 70)))
    (tmp_path / "over.png").write_bytes(png(SIDE * 3, SIDE * 3, 2)[:200_000])
    (tmp_path / "progressive.jpg").write_bytes(_progressive(0))
    done = take_in(tmp_path)
    assert done.images == {"good.jpg"}
    assert done.named >= {"over.png", "progressive.jpg"}
    assert done.memory < MEMORY_CAP


def _stayed_small(done: Watched, packed: int) -> None:
    assert done.memory < MEMORY_CAP
    assert done.disk <= DISK_CAP + packed + MB
