"""The files of an upload by the tus protocol 1.0.0: announced, sent in pieces, gone on with.

Core, creation, creation-with-upload, termination, checksum and expiration. An offset is told when
the bytes before it are safe on the disk.
"""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from server.api.deps import Services, ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.common import Refusal
from server.api.tus_body import receive_piece
from server.api.tus_headers import (
    Capabilities,
    announced_file,
    check_piece,
    check_version,
    checksum,
    http_date,
    number,
    says_piece,
)
from server.api.upload_stream import heard, throw_away
from server.domain.basket import FileState

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (408, 410, 412, 415, 423, 460)
}
router = APIRouter(tags=["uploads"], responses=_REFUSALS)

FILES = "/api/uploads/{basket_id}/files"
FILE = FILES + "/{file_id}"


@router.options(FILES, status_code=204)
def read_tus_capabilities(basket_id: str, services: ServicesDep, _: ResearcherDep) -> Response:
    """Which parts of the protocol are spoken here, and how large a file may be."""
    told = Capabilities(services.baskets.rules.upload.file_bytes)
    return Response(status_code=204, headers=told.headers())


@router.post(FILES, status_code=201)
async def announce_file(
    basket_id: str, request: Request, services: ServicesDep, person: ResearcherDep
) -> Response:
    """Announce a file (`Upload-Length`, `Upload-Metadata` with `filename`), with its first piece or
    without. The same announcement again finds what the first one made."""
    async with heard(request):
        check_version(request)
        record = announced_file(request)
        if request.headers.get("content-length", "0") != "0":
            check_piece(request)
        state = await run_sync(services.basket_files.add, person, basket_id, record)
        if says_piece(request):
            if state.offset == 0:
                held = services.basket_files.piece(
                    person, basket_id, state.id, offset=0, checksum=checksum(request)
                )
                state = await receive_piece(request, held)
            else:
                await throw_away(request)
    place = f"/api/uploads/{basket_id}/files/{state.id}"
    return await _told(services, basket_id, state, 201, {"Location": place})


@router.head(FILE)
def read_offset(
    basket_id: str, file_id: str, request: Request, services: ServicesDep, person: ResearcherDep
) -> Response:
    """How much of a file is safe on the server's disk: where to go on."""
    check_version(request)
    state = services.basket_files.get(person, basket_id, file_id)
    headers = {
        "Upload-Offset": str(state.offset),
        "Upload-Length": str(state.record.size),
        "Upload-Metadata": state.record.metadata,
        "Upload-Expires": http_date(services.baskets.expires_at(basket_id)),
        "Cache-Control": "no-store",
    }
    return Response(status_code=200, headers=headers)


@router.patch(FILE, status_code=204)
async def send_piece(
    basket_id: str, file_id: str, request: Request, services: ServicesDep, person: ResearcherDep
) -> Response:
    """The next piece of a file, from `Upload-Offset` on; what the answer names is safe."""
    async with heard(request):
        check_version(request)
        check_piece(request)
        offset, expected = number(request, "Upload-Offset"), checksum(request)
        held = services.basket_files.piece(
            person, basket_id, file_id, offset=offset, checksum=expected
        )
        state = await receive_piece(request, held)
    return await _told(services, basket_id, state, 204, {})


@router.delete(FILE, status_code=204)
def take_file_back(
    basket_id: str, file_id: str, request: Request, services: ServicesDep, person: ResearcherDep
) -> Response:
    """Take a file back and free its room."""
    check_version(request)
    services.basket_files.remove(person, basket_id, file_id)
    return Response(status_code=204)


async def _told(
    services: Services, basket_id: str, state: FileState, status: int, headers: dict[str, str]
) -> Response:
    expires = await run_sync(services.baskets.expires_at, basket_id)
    told = {"Upload-Offset": str(state.offset), "Upload-Expires": http_date(expires)}
    return Response(status_code=status, headers={**headers, **told})
