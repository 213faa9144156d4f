"""A small HTTP client for the demo: what the document does with curl, in the standard library."""

from __future__ import annotations

import http.client
import json
import mimetypes
import urllib.parse
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devtools.environment import SetupError

CHUNK = 1 << 20


class Client:
    """Talks JSON to one server; a refusal becomes ``SetupError`` with the server's own sentence."""

    def __init__(self, url: str) -> None:
        address = urllib.parse.urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        content = json.dumps(body or {}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        return self._ask("POST", path, headers, iter([content]))

    def upload(self, path: str, files: list[tuple[str, Path]]) -> Any:
        """Send files (name to show, place on disk) as one multipart form, never whole in memory."""
        boundary = uuid.uuid4().hex
        frames = [(_part_head(boundary, name), file) for name, file in files]
        end = f"--{boundary}--\r\n".encode()
        length = sum(len(head) + file.stat().st_size + 2 for head, file in frames) + len(end)

        def body() -> Iterator[bytes]:
            for head, file in frames:
                yield head
                with file.open("rb") as content:
                    while chunk := content.read(CHUNK):
                        yield chunk
                yield b"\r\n"
            yield end

        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length),
        }
        return self._ask("POST", path, headers, body())

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=1800)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        data = json.loads(content)
        if answer.status >= 400:
            raise SetupError(f"The server refused: {data.get('detail', data)}")
        return data


def _part_head(boundary: str, name: str) -> bytes:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    quoted = name.replace("\\", "/").replace('"', "%22")
    return (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="files"; filename="{quoted}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    ).encode()
