"""A multipart body gives the same files however the network cuts it."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from server.api.upload_stream import receive
from server.domain.errors import InvalidInput

BOUNDARY = b"----cut-here"


@dataclass
class _Kept:
    """A sink that keeps what it is given."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    ended: int = 0

    def check_announced(self, length: int) -> None:
        assert length > 0

    def start_file(self, sent: str) -> None:
        self.files.append((sent, b""))

    def write(self, data: bytes) -> None:
        name, content = self.files[-1]
        self.files[-1] = name, content + data

    def end_file(self) -> None:
        self.ended += 1


def _part(disposition: str, content: bytes) -> bytes:
    head = f"Content-Disposition: form-data; {disposition}\r\nContent-Type: image/jpeg\r\n\r\n"
    return b"--" + BOUNDARY + b"\r\n" + head.encode() + content + b"\r\n"


def _request(chunks: list[bytes], content_type: str, gone: bool = False) -> Request:
    waiting = [*chunks]

    async def next_message() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": True}
        if gone:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"content-type", content_type.encode())],
    }
    return Request(scope, next_message)


def _receive(
    chunks: list[bytes],
    content_type: str = f"multipart/form-data; boundary={BOUNDARY.decode()}",
    gone: bool = False,
) -> tuple[_Kept, dict[str, str]]:
    sink = _Kept()
    fields = anyio.run(receive, _request(chunks, content_type, gone), sink, HOW_TO_SEND)
    return sink, fields


HOW_TO_SEND = "send it as it should be sent"
END = b"--" + BOUNDARY + b"--\r\n"


@given(
    st.lists(st.tuples(st.integers(0, 99), st.binary(max_size=300)), max_size=5),
    st.lists(st.integers(1, 200), max_size=30),
)
def test_the_cuts_of_the_network_change_nothing(
    files: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    body = b"".join(_part(f'name="f"; filename="a/{n}.jpg"', content) for n, content in files)
    body += _part('name="datasetName"', b"HAM") + END
    chunks = []
    for cut in cuts:
        chunks.append(body[:cut])
        body = body[cut:]
    sink, fields = _receive([*chunks, body])
    assert sink.files == [(f"a/{n}.jpg", content) for n, content in files]
    assert sink.ended == len(files)
    assert fields == {"datasetName": "HAM"}


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="files"; filename="a b.jpg"', "a b.jpg"),
        ('name="files"; filename="läsion.jpg"', "läsion.jpg"),
        ("name=files; filename=plain.jpg", "plain.jpg"),
        ("name=f; filename*=UTF-8''l%C3%A4sion.jpg", "läsion.jpg"),
        ("name=f; filename=\"l.jpg\"; filename*=utf-8''l%C3%A4.jpg", "lä.jpg"),
        ('name="f"; filename="a\\"b.jpg"', 'a"b.jpg'),
    ],
)
def test_file_names_are_read_as_clients_write_them(disposition: str, name: str) -> None:
    sink, _ = _receive([_part(disposition, b"x") + END])
    assert sink.files == [(name, b"x")]


def test_an_empty_file_box_is_no_file() -> None:
    sink, fields = _receive([_part('name="files"; filename=""', b"") + END])
    assert (sink.files, fields) == ([], {})


@pytest.mark.parametrize("kept", [1, 40, 120, -len(END), -3])
def test_a_body_that_ends_before_its_end_is_refused(kept: int) -> None:
    whole = _part('name="f"; filename="a.jpg"', b"x" * 200) + END
    with pytest.raises(InvalidInput, match="cut short"):
        _receive([whole[:kept]])


def test_a_client_that_goes_away_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cut short"):
        _receive([_part('name="f"; filename="a.jpg"', b"x" * 200)[:150]], gone=True)


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_what_is_no_form_is_refused_with_how_to_send(content_type: str) -> None:
    with pytest.raises(InvalidInput, match=HOW_TO_SEND):
        _receive([b"{}"], content_type)


@given(st.binary(max_size=400))
def test_rubbish_is_refused_and_never_crashes(rubbish: bytes) -> None:
    with pytest.raises(InvalidInput):
        _receive([rubbish])


def test_a_field_cannot_carry_a_file() -> None:
    with pytest.raises(InvalidInput, match="longer than"):
        _receive([_part('name="datasetName"', b"x" * 100_000) + END])
