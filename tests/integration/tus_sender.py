"""A plain sender of the tus protocol for tests: every header can be got wrong on purpose."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import httpx

Files = list[tuple[str, bytes]]
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream"}


def in_base64(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return base64.b64encode(raw).decode()


def metadata(**told: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{key} {in_base64(told[key])}" for key in told)}


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = hashlib.new(algorithm, data).digest()
    return {"Upload-Checksum": f"{algorithm} {in_base64(digest)}"}


@dataclass(frozen=True)
class Sender:
    """Sends to one server; ``http`` may be a browser of the house or a client of a real one."""

    http: httpx.Client

    def begin(self, dataset: str, files: Files) -> str:
        """Begin an upload for exactly these files; returns its id."""
        answer = self.try_begin(dataset, len(files), sum(len(data) for _, data in files))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def try_begin(self, dataset: str, files: int, size: int) -> httpx.Response:
        body = {"dataset_name": dataset, "files": files, "bytes": size}
        return self.http.post("/api/uploads", json=body)

    def try_announce(
        self, upload: str, name: str, size: int, data: bytes = b"", **more: Any
    ) -> httpx.Response:
        told = metadata(filename=name, **more)
        headers = {**TUS, "Upload-Length": str(size), **told, **(PIECE if data else {})}
        return self.http.post(f"/api/uploads/{upload}/files", headers=headers, content=data)

    def announce(self, upload: str, name: str, size: int, **more: Any) -> str:
        """Announce one file; returns where its pieces go."""
        answer = self.try_announce(upload, name, size, **more)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def patch(self, place: str, offset: int, data: Any, **more: str) -> httpx.Response:
        headers = {**TUS, **PIECE, "Upload-Offset": str(offset), **more}
        return self.http.patch(place, headers=headers, content=data)

    def offset(self, place: str) -> int:
        answer = self.http.head(place, headers=TUS)
        assert answer.status_code == 200, answer.headers
        return int(answer.headers["Upload-Offset"])

    def send(self, upload: str, files: Files) -> None:
        """Send all of these files, each with its announcement."""
        for name, data in files:
            answer = self.try_announce(upload, name, len(data), data)
            assert answer.status_code == 201, answer.text
            assert answer.headers["Upload-Offset"] == str(len(data))

    def finish(self, upload: str) -> httpx.Response:
        return self.http.post(f"/api/uploads/{upload}/finish")
