"""Imports: asked for, looked at from any tab, cancelled, taken off the list."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.api.datasets import result_of_upload
from server.api.deps import Services, ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.common import Done, Refusal
from server.api.schemas.datasets import UploadResult
from server.api.schemas.imports import ImportDetail, ImportList, ImportListed, ImportStep
from server.domain.dataset_import import DatasetImport
from server.domain.errors import NotFound

_GONE: dict[int | str, dict[str, Any]] = {410: {"model": Refusal}}
router = APIRouter(tags=["imports"])


@router.post("/api/uploads/{basket_id}/import", status_code=202, responses=_GONE)
def begin_import(basket_id: str, services: ServicesDep, person: ResearcherDep) -> ImportListed:
    """Everything has arrived: unpack and check it in the background.

    Asked again, it answers with the same import; after a failure or a cancellation it begins a
    new one."""
    return ImportListed(**_shape(services, services.import_jobs.begin(person, basket_id)))


@router.get("/api/imports")
def list_imports(services: ServicesDep, person: ResearcherDep) -> ImportList:
    """Your imports, the latest first."""
    mine = services.import_jobs.mine(person)
    return ImportList(imports=[ImportListed(**_shape(services, each)) for each in mine])


@router.get("/api/imports/{import_id}")
def read_import(import_id: str, services: ServicesDep, person: ResearcherDep) -> ImportDetail:
    """One import: how far it is, or what it brought."""
    return _detail(services, services.import_jobs.get(person, import_id))


@router.post("/api/imports/{import_id}/cancel")
def cancel_import(import_id: str, services: ServicesDep, person: ResearcherDep) -> ImportDetail:
    """End an import and leave nothing of it; what was uploaded stays and can be imported again.

    An import that is over stays as it is."""
    return _detail(services, services.import_jobs.cancel(person, import_id))


@router.delete("/api/imports/{import_id}")
def dismiss_import(import_id: str, services: ServicesDep, person: ResearcherDep) -> Done:
    """Take an import that is over off the list."""
    services.import_jobs.dismiss(person, import_id)
    return Done(message="The import was taken off the list.")


def _detail(services: Services, record: DatasetImport) -> ImportDetail:
    return ImportDetail(**_shape(services, record), result=_result(services, record))


def _result(services: Services, record: DatasetImport) -> UploadResult | None:
    if record.result is None:
        return None
    try:
        return result_of_upload(services, record.result)
    except NotFound:
        return None


def _shape(services: Services, record: DatasetImport) -> dict[str, Any]:
    progress, fault = services.import_jobs.progress(record.id), record.fault
    return {
        "id": record.id,
        "upload_id": record.upload,
        "dataset_name": record.dataset,
        "state": record.state.value,
        "cancel_requested": record.cancel_requested,
        "progress": ImportStep(
            step="unpacking" if progress.step == "unpacking" else "checking",
            done=progress.done,
            total=progress.total,
            seconds_left=progress.seconds_left,
        )
        if progress
        else None,
        "refusal": Refusal(detail=fault.message, code=fault.code, where=fault.where)
        if fault
        else None,
        "attempts": record.attempts,
        "created_at": record.created_at,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
    }
