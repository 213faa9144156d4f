"""Uploads that take their time: begun, looked at, finished, discarded.

Their files come by the tus protocol (``api/tus.py``).
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.api.datasets import result_of_upload
from server.api.deps import ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.common import Done, Refusal
from server.api.schemas.datasets import UploadResult
from server.api.schemas.uploads import (
    UnfinishedUpload,
    UnfinishedUploadDetail,
    UnfinishedUploads,
    UploadBegin,
    UploadedFile,
    UploadPhase,
)
from server.services.baskets import BasketState

_GONE: dict[int | str, dict[str, Any]] = {410: {"model": Refusal}}
router = APIRouter(tags=["uploads"], responses=_GONE)


@router.post("/api/uploads", status_code=201)
def begin_upload(
    begin: UploadBegin, services: ServicesDep, person: ResearcherDep
) -> UnfinishedUpload:
    """Begin an upload of several files to one dataset; it shows there when it is whole."""
    state = services.baskets.begin(person, begin.dataset_name, begin.files, begin.bytes)
    return UnfinishedUpload(**_shape(state))


@router.get("/api/uploads")
def list_uploads(services: ServicesDep, person: ResearcherDep) -> UnfinishedUploads:
    """Your unfinished uploads, the latest first."""
    mine = services.baskets.mine(person)
    return UnfinishedUploads(uploads=[UnfinishedUpload(**_shape(state)) for state in mine])


@router.get("/api/uploads/{basket_id}")
def read_upload(
    basket_id: str, services: ServicesDep, person: ResearcherDep
) -> UnfinishedUploadDetail:
    """One upload with its files: what is here, and where each goes on."""
    state = services.baskets.get(person, basket_id)
    files = services.baskets.files(person, basket_id)
    return UnfinishedUploadDetail(
        **_shape(state),
        announced=[
            UploadedFile(
                path=file.record.path,
                bytes=file.record.size,
                bytes_arrived=file.offset,
                modified=file.record.modified,
                url=f"{_tus_url(basket_id)}/{file.id}",
            )
            for file in files
        ],
    )


@router.post("/api/uploads/{basket_id}/finish")
def finish_upload(basket_id: str, services: ServicesDep, person: ResearcherDep) -> UploadResult:
    """Everything has arrived: unpack it, check every image, make it part of the dataset.

    When the answer is lost, ask again: it is the same one."""
    return result_of_upload(services, services.import_jobs.finish(person, basket_id))


@router.delete("/api/uploads/{basket_id}")
def discard_upload(basket_id: str, services: ServicesDep, person: ResearcherDep) -> Done:
    """Throw an unfinished upload away and free its room."""
    services.baskets.discard(person, basket_id)
    return Done(message="The upload was discarded.")


def _tus_url(basket_id: str) -> str:
    return f"/api/uploads/{basket_id}/files"


def _phase(state: BasketState) -> UploadPhase:
    if state.basket.imported is not None:
        return "imported"
    if state.being_read:
        return "being_read"
    return "arrived" if state.is_whole else "arriving"


def _shape(state: BasketState) -> dict[str, Any]:
    basket = state.basket
    return {
        "id": basket.id,
        "dataset_name": basket.dataset,
        "phase": _phase(state),
        "files": basket.files,
        "bytes": basket.size,
        "files_arrived": state.tally.whole,
        "bytes_arrived": state.tally.arrived,
        "tus_url": _tus_url(basket.id),
        "created_at": basket.created_at,
        "last_active_at": basket.last_active,
        "expires_at": state.expires_at,
    }
