"""Small pictures of a dataset's images, made when first asked for and kept beside the manifest."""

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
_QUALITY = 82
_AT_ONCE = 2

_making = threading.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG of at most 256 × 256 pixels without EXIF, and a tag that changes with its image."""

    jpeg: bytes
    tag: str


def thumbnail(folder: Path, path: str) -> Thumbnail:
    """The thumbnail of the image at ``path`` (relative to the dataset's ``folder``).

    Raises:
        NotFound: the file is gone.
        InvalidInput: it can no longer be read as an image.
    """
    source = _inside(folder, path)
    try:
        status = source.stat()
    except OSError as error:
        raise _gone(path) from error
    tag = hashlib.sha256(
        f"{path}|{status.st_size}|{status.st_mtime_ns}".encode("utf-8", "surrogateescape")
    ).hexdigest()[:32]
    kept = folder / OWN_FOLDER / "thumbnails" / f"{tag}.jpg"
    try:
        return Thumbnail(kept.read_bytes(), tag)
    except OSError:
        with _making:
            made = Thumbnail(_make(source, path), tag)
    _keep(kept, made.jpeg)
    return made


def _inside(folder: Path, path: str) -> Path:
    # the manifest may have come with a folder that somebody placed here by hand
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise _gone(path)
    return folder / pure


def _make(source: Path, path: str) -> bytes:
    try:
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidInput(f"The image {path!r} is too large for a thumbnail.", file=path)
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = upright_rgb(image)
            upright.thumbnail((SIDE, SIDE))
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
