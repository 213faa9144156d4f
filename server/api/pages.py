"""The built page: its files, and ``index.html`` for every address that the page itself routes."""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_WORTH_COMPRESSING = (".js", ".css", ".svg")

# A Windows registry may call scripts plain text, and a browser told not to sniff refuses those.
mimetypes.add_type("text/javascript", ".js")

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>DermaScan</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>DermaScan is running</h1>
<p>The API answers under <code>/api</code>; <a href="/docs">/docs</a> lists it.</p>
<p>The page has not been built yet. In the project's folder run <code>npm install</code> and
<code>npm run build</code>, then load this page again; or, while developing,
<code>npm run dev</code> and open <a href="http://localhost:5173">http://localhost:5173</a>.</p>
</body></html>
"""


class _OutsideApi(Convertor[str]):
    """Any path that is not the API's, so that an unknown one there stays an API's refusal."""

    regex = "(?!api(?:/|$)).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("page", _OutsideApi())


def page_router(dist: Path) -> APIRouter:
    """Routes for everything outside ``/api``; must be included last.

    Args:
        dist: the folder that ``npm run build`` fills. It may appear while the server runs.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route("/{path:page}", methods=["GET", "HEAD"])
    def page(path: str, request: Request) -> Response:
        file = _inside(dist, path)
        if file is not None:
            cache = _FOR_EVER if path.startswith("assets/") else _ASK_FIRST
            takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
            if takes_gzip and file.suffix in _WORTH_COMPRESSING:
                return _compressed(file, cache)
            return FileResponse(file, headers={"Cache-Control": cache})
        if path.startswith("assets/"):
            raise HTTPException(404)
        index = dist / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        return FileResponse(index, headers={"Cache-Control": _ASK_FIRST})

    return router


def _compressed(file: Path, cache: str) -> Response:
    headers = {"Cache-Control": cache, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(_gzipped(file, file.stat().st_mtime_ns), headers=headers, media_type=kind)


@lru_cache(maxsize=256)
def _gzipped(file: Path, _changed_at: int) -> bytes:
    """Compressed once for each build; the time of the last change is part of the key."""
    return gzip.compress(file.read_bytes(), mtime=0)


def _inside(dist: Path, path: str) -> Path | None:
    """The file of that address, if it lies in ``dist``."""
    try:
        file = (dist / path).resolve()
        return file if file.is_relative_to(dist.resolve()) and file.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None
