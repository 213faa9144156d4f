"""A server that cannot start says why in a sentence, as every other refusal does.

Starlette hands the web server a whole traceback as the reason; this puts the refusal's own words
in its place.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.errors import DermaScanError


class SaysWhyItDidNotStart:
    """Wraps the application; looks at nothing but its start."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold_back_failures(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_back_failures)
        except DermaScanError as refused:
            await send({"type": "lifespan.startup.failed", "message": refused.message})
        except BaseException:
            for message in failed:
                await send(message)
            raise
