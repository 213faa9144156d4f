"""What goes around every request and answer of the tus protocol, refusals included.

Plain ASGI: a body passes through untouched.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.tus_headers import VERSION

_TUS_PATH = re.compile(r"/api/uploads/[^/]+/files(/[^/]+)?")
_MEANT = ("PATCH", "DELETE", "HEAD")


class TusEnvelope:
    """Names the protocol's version in every answer.

    A ``POST`` with ``X-HTTP-Method-Override`` is taken for what it means: some proxies let neither
    PATCH nor DELETE through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _TUS_PATH.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        meant = Headers(scope=scope).get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and meant in _MEANT:
            scope = {**scope, "method": meant}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = VERSION
                if message["status"] == 412:
                    headers["Tus-Version"] = VERSION
            await send(message)

        await self._app(scope, receive, send_with_headers)
