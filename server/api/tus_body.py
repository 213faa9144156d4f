"""A piece of a file read as it arrives, a mebibyte at a time, and written in worker threads.

Memory stays flat, and a slow disk never holds up other requests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

import anyio
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.requests import ClientDisconnect

from server.api.tus_headers import CutShort
from server.domain.basket import FileState
from server.services.basket_files import Piece

_AT_ONCE = 1024**2
_SILENCE_SECONDS = 30.0


async def receive_piece(request: Request, held: AbstractContextManager[Piece]) -> FileState:
    """Read the body of ``request`` into the piece that ``held`` opens; what arrived is then safe.

    Raises:
        CutShort: the sender went away or fell silent; what had come is kept unless it had to be
            checked as a whole.
        DermaScanError: as the piece says.
    """
    async with _entered(held) as piece:
        length = request.headers.get("content-length", "")
        if length.isdecimal():
            piece.check_announced(int(length))
        try:
            async for data in _a_mebibyte_at_a_time(request):
                await run_sync(piece.write, data)
        except (ClientDisconnect, TimeoutError):
            with anyio.CancelScope(shield=True):
                await run_sync(piece.cut_short)
            raise CutShort(
                "The piece was cut short; ask for the offset (HEAD) and go on from there."
            ) from None
        with anyio.CancelScope(shield=True):
            state = await run_sync(piece.end)
    return state


@asynccontextmanager
async def _entered(held: AbstractContextManager[Piece]) -> AsyncIterator[Piece]:
    """A context manager that waits for the disk, entered and left in worker threads."""
    piece = await run_sync(held.__enter__)
    try:
        yield piece
    finally:
        with anyio.CancelScope(shield=True):
            await run_sync(held.__exit__, None, None, None)


async def _a_mebibyte_at_a_time(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises:
        ClientDisconnect: the sender is gone.
        TimeoutError: it has been silent for too long; it may be gone without a word.
    """
    waiting = bytearray()
    stream = aiter(request.stream())
    while True:
        try:
            with anyio.fail_after(_SILENCE_SECONDS):
                waiting += await anext(stream)
        except StopAsyncIteration:
            break
        if len(waiting) >= _AT_ONCE:
            piece, waiting = waiting, bytearray()
            yield bytes(piece)
    if waiting:
        yield bytes(waiting)
