"""Archives that tests build, ordinary and hostile."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

Content = Iterable[tuple[str, bytes]]


def zip_of(path: Path, content: Content) -> Path:
    path.write_bytes(zip_bytes(content))
    return path


def zip_bytes(content: Content, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in content:
            # ZipInfo mends names in its constructor; what stands in the file is set afterwards
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, method
            archive.writestr(info, data)
    return buffer.getvalue()


def tar_of(path: Path, content: Content) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix in (".tgz", ".gz") else "w") as archive:
        for name, data in content:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def overlapping_zip(entries: int, size: int) -> bytes:
    """Many directory entries that all point at one compressed block (Fifield 2019)."""
    data = bytes(size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    sizes = struct.pack("<III", zlib.crc32(data), len(packed), size)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes
    block = local + struct.pack("<HH", 5, 0) + b"0.jpg" + packed
    directory = b""
    for number in range(entries):
        name = f"{number}.jpg".encode()
        directory += b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21) + sizes
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<HHHHIIH", 0, 0, entries, entries, len(directory), len(block), 0)
    return block + directory + b"PK\x05\x06" + end
