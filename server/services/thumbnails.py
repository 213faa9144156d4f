"""What pages show of a dataset's images: written anew, never the file itself.

Small ones are made when first asked for and kept beside the manifest, large ones each time.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from PIL import Image

from server.domain.errors import InvalidInput, NotFound
from server.domain.pixels import FORMATS, MAX_PIXELS, upright_rgb
from server.domain.sent_name import OWN_FOLDER

SIDE = 256
LARGE_SIDE = 1024
_QUALITY = 82
_AT_ONCE = 2

_making = threading.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG without EXIF, and a tag that changes with its image."""

    jpeg: bytes
    tag: str


def thumbnail(folder: Path, path: str) -> Thumbnail:
    """At most 256 × 256 pixels of the image at ``path`` (relative to the dataset's ``folder``).

    Raises:
        NotFound: the file is gone.
        InvalidInput: it can no longer be read as an image.
    """
    source, tag = _source(folder, path)
    kept = folder / OWN_FOLDER / "thumbnails" / f"{tag}.jpg"
    try:
        return Thumbnail(kept.read_bytes(), tag)
    except OSError:
        made = Thumbnail(_make(source, path, SIDE), tag)
    _keep(kept, made.jpeg)
    return made


def large_picture(folder: Path, path: str) -> Thumbnail:
    """The same of at most 1024 × 1024 pixels.

    Raises:
        NotFound, InvalidInput: as ``thumbnail``.
    """
    source, tag = _source(folder, path)
    return Thumbnail(_make(source, path, LARGE_SIDE), tag)


def _source(folder: Path, path: str) -> tuple[Path, str]:
    """The file, and a tag that changes with it."""
    source = _inside(folder, path)
    try:
        status = source.stat()
    except OSError as error:
        raise _gone(path) from error
    seen = f"{path}|{status.st_size}|{status.st_mtime_ns}"
    return source, hashlib.sha256(seen.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _inside(folder: Path, path: str) -> Path:
    # the manifest may have come with a folder that somebody placed here by hand
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise _gone(path)
    return folder / pure


def _make(source: Path, path: str, side: int) -> bytes:
    try:
        with _making, Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidInput(f"The image {path!r} is too large to be shown.", file=path)
            image.draft("RGB", (side * 2, side * 2))
            upright = upright_rgb(image)
            upright.thumbnail((side, side))
            upright.info.clear()
            buffer = io.BytesIO()
            upright.save(buffer, "JPEG", quality=_QUALITY)
            return buffer.getvalue()
    except FileNotFoundError as error:
        raise _gone(path) from error
    except InvalidInput:
        raise
    except Exception as error:  # a damaged file makes Pillow raise almost anything
        raise InvalidInput(
            f"The image {path!r} can no longer be read; upload it again.", file=path
        ) from error


def _keep(target: Path, jpeg: bytes) -> None:
    draft = target.with_name(f"{uuid4().hex}.tmp")
    try:
        # only next to a manifest: a dataset that was deleted meanwhile must not come back
        if target.parent.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            draft.write_bytes(jpeg)
            draft.replace(target)
    except OSError:  # a full disk or a folder that is read only: made again next time
        if os.path.lexists(draft):
            draft.unlink(missing_ok=True)


def _gone(path: str) -> NotFound:
    return NotFound(f"The image {path!r} is not in the dataset's folder any more.", file=path)
