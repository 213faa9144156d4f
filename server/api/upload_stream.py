"""A multipart body read as it arrives: files go straight to their place, memory stays flat.

Starlette's own form reader spools every file to the system's temporary folder and stops at 1,000
files; here the parser of ``python-multipart`` is driven by hand. Parsing and writing happen in a
worker thread, a mebibyte at a time, so that a slow disk never holds up other requests.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import unquote

from anyio.to_thread import run_sync
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from server.domain.errors import DermaScanError, InvalidInput

_PIECE = 1024**2
_PATIENCE = 64 * 1024**2
_MAX_FIELD_BYTES = 4096
_MAX_FIELDS = 100
_EXTENDED_NAME = re.compile(rb"filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)


class FileSink(Protocol):
    """Where files go as they arrive; it may refuse at any time."""

    def check_announced(self, length: int) -> None: ...

    def start_file(self, sent: str) -> None: ...

    def write(self, data: bytes) -> None: ...

    def end_file(self) -> None: ...


async def receive(request: Request, sink: FileSink, how_to_send: str) -> dict[str, str]:
    """Read the whole body of ``request`` into ``sink``; returns its plain form fields.

    Args:
        how_to_send: what to do instead, for a body that is no form; ends the refusal's sentence.

    Raises:
        InvalidInput: the body is not multipart, damaged, or ends before its end.
        DermaScanError: as the sink says.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        sink.check_announced(int(length))
    reader = _Reader(_boundary(request, how_to_send), sink, how_to_send)
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _PIECE:
                piece, waiting = waiting, bytearray()
                await run_sync(reader.feed, bytes(piece))
        await run_sync(reader.feed, bytes(waiting))
    except ClientDisconnect:
        raise _cut_short() from None
    reader.check_end()
    return reader.fields


@asynccontextmanager
async def heard(request: Request) -> AsyncIterator[None]:
    """See to it that a refusal inside the block is heard.

    A browser that is still sending does not look at the answer, and shows a broken connection in
    its place: so what it sends is read on for a while and thrown away. (Who asked to be told before
    sending, as curl does, is told at once.)
    """
    try:
        yield
    except DermaScanError:
        if "expect" not in request.headers:
            await throw_away(request)
        raise


async def throw_away(request: Request) -> None:
    """Read on for a while what nobody wants, so that the sender comes to read the answer."""
    left = _PATIENCE
    try:
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return
    except (ClientDisconnect, RuntimeError):  # gone, or read to its end already
        return


def _boundary(request: Request, how_to_send: str) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise InvalidInput(
            f"The upload holds no files in a form that is understood: {how_to_send}."
        )
    return boundary


def _cut_short() -> InvalidInput:
    return InvalidInput("The upload was cut short before its end; nothing was kept. Send it again.")


class _Reader:
    """The parser's callbacks: one part after another, headers first."""

    def __init__(self, boundary: bytes, sink: FileSink, how_to_send: str) -> None:
        self.fields: dict[str, str] = {}
        self._sink = sink
        self._how_to_send = how_to_send
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._field: str | None = None
        self._field_value = b""
        self._in_file = False
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name_goes_on,
                    "on_header_value": self._header_value_goes_on,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise self._damaged(error) from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise self._damaged(error) from error

    def check_end(self) -> None:
        if not self._ended:
            raise _cut_short()

    def _part_begins(self) -> None:
        self._disposition = b""

    def _header_name_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        file_name = _file_name(self._disposition, options)
        self._in_file = bool(file_name)
        self._field = None
        if file_name:
            self._sink.start_file(file_name)
        elif file_name is None:
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
            self._field_value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._sink.write(data[start:end])
        elif self._field is not None:
            self._field_value += data[start:end]
            if len(self._field_value) > _MAX_FIELD_BYTES:
                raise InvalidInput(
                    f"The form field {self._field[:80]!r} is longer than {_MAX_FIELD_BYTES} bytes; "
                    "files need a file name.",
                    field=self._field[:80],
                )

    def _part_ends(self) -> None:
        if self._in_file:
            self._sink.end_file()
        elif self._field is not None:
            if len(self.fields) >= _MAX_FIELDS:
                raise InvalidInput(f"The form has more than {_MAX_FIELDS} fields.")
            self.fields[self._field] = self._field_value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._ended = True

    def _damaged(self, error: FormParserError) -> InvalidInput:
        return InvalidInput(f"The upload's form is damaged ({error}); {self._how_to_send}.")


def _file_name(disposition: bytes, options: dict[bytes, bytes]) -> str | None:
    """None = a plain field; empty = a file box in which nothing was chosen."""
    extended = _EXTENDED_NAME.search(disposition)  # as older Python clients send odd letters
    if extended:
        return unquote(extended.group(1).decode("latin-1"), encoding="utf-8", errors="replace")
    name = options.get(b"filename")
    if name is None:
        return None
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("latin-1")
