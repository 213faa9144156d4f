"""The headers of the tus protocol, 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from fastapi import Request

from server.domain.basket import FileRecord
from server.domain.errors import DermaScanError
from server.services.basket_files import CHECKSUMS, Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
PIECE = "application/offset+octet-stream"
_MAX_METADATA = 8192
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadHeader(DermaScanError):
    """A header of the protocol is missing or cannot be understood."""

    code = "bad_header"


class WrongVersion(DermaScanError):
    """The sender speaks another version of the protocol."""

    code = "wrong_version"


class WrongContentType(DermaScanError):
    """The body is not declared as a piece of a file."""

    code = "wrong_content_type"


class CutShort(DermaScanError):
    """The sender went away or fell silent in the middle of a piece."""

    code = "cut_short"


def check_version(request: Request) -> None:
    """Raises:
    WrongVersion: the request does not say that it speaks version 1.0.0.
    """
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongVersion(
            f"This address speaks the tus protocol in version {VERSION}: send the header "
            f"Tus-Resumable: {VERSION}."
        )


def says_piece(request: Request) -> bool:
    """Whether the body is declared as a piece of a file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == PIECE


def check_piece(request: Request) -> None:
    """Raises:
    WrongContentType: the body is declared as something else.
    """
    if not says_piece(request):
        raise WrongContentType(f"Send the piece with the header Content-Type: {PIECE}.")


def number(request: Request, name: str) -> int:
    """A header that is a number of bytes.

    Raises:
        BadHeader: it is missing, or no such number.
    """
    text = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadHeader(f"The header {name} must be a number of bytes, not {text[:40]!r}.")
    return int(text)


def announced_file(request: Request) -> FileRecord:
    """What a creation says of its file.

    Raises:
        BadHeader: the sentence names the header.
    """
    if "upload-defer-length" in request.headers:
        raise BadHeader("The size must be known from the start: send the header Upload-Length.")
    size = number(request, "Upload-Length")
    header = request.headers.get("upload-metadata", "")
    told = metadata(header)
    path = told.get("filename", "")
    if not path:
        raise BadHeader(
            "The header Upload-Metadata must hold the file's name: filename, a space, and the "
            "name in base64."
        )
    sha256 = told.get("sha256") or None
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise BadHeader("The sha256 in Upload-Metadata must be 64 hexadecimal digits, in base64.")
    return FileRecord(path, size, told.get("modified") or None, sha256, header)


def metadata(header: str) -> dict[str, str]:
    """The pairs of an ``Upload-Metadata`` header: a key, a space, a value in base64; commas.

    Raises:
        BadHeader: it is too long, a key comes twice, or a value is not base64 of UTF-8.
    """
    if len(header) > _MAX_METADATA:
        raise BadHeader(f"The header Upload-Metadata is longer than {_MAX_METADATA} characters.")
    told: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise BadHeader(
                f"The value of {key[:40]!r} in Upload-Metadata is not base64 of UTF-8 text."
            ) from None
        if key in told:
            raise BadHeader(f"The key {key[:40]!r} comes twice in Upload-Metadata.")
        told[key] = text
    return told


def checksum(request: Request) -> Checksum | None:
    """What the body must hash to; None = not said.

    Raises:
        BadHeader: an unknown algorithm, or no digest of it.
    """
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise BadHeader(
            f"The checksum {algorithm[:40]!r} is not known here; known are {', '.join(CHECKSUMS)}."
        )
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadHeader("The digest in Upload-Checksum is not base64.") from None
    return Checksum(algorithm, digest)


def http_date(moment: datetime) -> str:
    """A time as HTTP writes it: ``Wed, 25 Jun 2026 16:00:00 GMT``."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What ``OPTIONS`` tells."""

    max_size: int

    def headers(self) -> dict[str, str]:
        return {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(self.max_size),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        }
