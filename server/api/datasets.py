"""Datasets: upload, list, look at, delete."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response

from server.api.dataset_shapes import (
    listed,
    listed_unread,
    no_image_was_used,
    summary,
    unread,
    upload_result,
)
from server.api.deps import Services, ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.common import Done
from server.api.schemas.datasets import DatasetList, DatasetSummary, UploadResult
from server.api.upload_stream import heard, receive
from server.domain.basket import Imported
from server.services.thumbnails import Thumbnail

router = APIRouter(tags=["datasets"])

NAME = "datasetName"
_HOW_TO_SEND = (
    "send the files as multipart/form-data, such as "
    'curl -F "files=@images.zip" "…/api/upload-dataset?datasetName=HAM10000"'
)
_MANY_FILES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {
                                "type": "string",
                                "format": "binary",
                                "contentMediaType": "application/octet-stream",
                            },
                            "description": "Images, CSV tables, archives (.zip, .tar, .tgz); any "
                            "number, under any field name. Folders inside a file name are kept.",
                        },
                        NAME: {
                            "type": "string",
                            "description": "Instead of the query parameter.",
                        },
                    },
                }
            }
        },
    }
}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}},
    304: {"description": "The browser's copy is still right."},
}


@router.post("/api/upload-dataset", openapi_extra=_MANY_FILES)
async def upload_dataset(
    request: Request,
    services: ServicesDep,
    _: ResearcherDep,
    in_query: Annotated[
        str | None, Query(alias=NAME, description="Name of the dataset, new or to be added to.")
    ] = None,
) -> UploadResult:
    """Take images, tables and archives in, as a new dataset or added to an old one."""
    async with heard(request):
        upload = await run_sync(services.imports.begin, in_query)
        try:
            fields = await receive(request, upload, _HOW_TO_SEND)
            done = await run_sync(services.imports.take_in, upload, fields.get(NAME))
        finally:
            with anyio.CancelScope(shield=True):
                await run_sync(upload.discard)
    return await run_sync(result_of_upload, services, done)


@router.post("/api/sample-dataset")
def draw_sample_dataset(services: ServicesDep, _: ResearcherDep) -> UploadResult:
    """Draw the sample set, for trying the program out: no photographs, no patients."""
    done = services.imports.draw_sample()
    drawn = f"Drew {done.images_added} pictures" if done.images_added else "It was there already"
    return _result(services, done, f"{drawn}; the set is for trying the program only")


@router.get("/api/datasets")
def list_datasets(services: ServicesDep, _: ResearcherDep) -> DatasetList:
    """Every dataset, by name."""
    found = services.datasets.by_name()
    return DatasetList(
        datasets=[
            listed(known) if known else listed_unread(services.datasets.folder(name))
            for name, known in found.items()
        ]
    )


@router.get("/api/datasets/{name}")
def read_dataset(name: str, services: ServicesDep, _: ResearcherDep) -> DatasetSummary:
    """One dataset: its classes, image sizes, and everything that is wrong with it."""
    known = services.datasets.get(name)
    return summary(known) if known else unread(services.datasets.folder(name))


@router.get("/api/datasets/{name}/thumbnail", response_class=Response, responses=_JPEG)
def read_thumbnail(
    name: str, image_id: str, request: Request, services: ServicesDep, _: ResearcherDep
) -> Response:
    """One image as a small JPEG (at most 256 × 256 pixels, no EXIF)."""
    return _picture(services.datasets.thumbnail(name, image_id), request)


@router.get("/api/datasets/{name}/picture", response_class=Response, responses=_JPEG)
def read_picture(
    name: str, image_id: str, request: Request, services: ServicesDep, _: ResearcherDep
) -> Response:
    """One image as a large JPEG (at most 1024 × 1024 pixels, no EXIF)."""
    return _picture(services.datasets.picture(name, image_id), request)


@router.delete("/api/datasets/{name}")
def delete_dataset(name: str, services: ServicesDep, _: ResearcherDep) -> Done:
    """Remove a dataset and all its files."""
    services.datasets.delete(name)
    return Done(message=f"The dataset {name} was deleted.")


def _picture(found: Thumbnail, request: Request) -> Response:
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "private, no-cache"}
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.jpeg, media_type="image/jpeg", headers=headers)


def result_of_upload(services: Services, done: Imported) -> UploadResult:
    """What an upload brought, in the document's words."""
    known = services.datasets.get(done.name)
    assert known is not None  # it was written down a moment ago
    message = f"Uploaded {len(done.files_saved)} file(s)"
    if no_image_was_used(done, known):
        message += "; no image in them could be used, see the problems"
    return upload_result(done, known, message)


def _result(services: Services, done: Imported, message: str) -> UploadResult:
    known = services.datasets.get(done.name)
    assert known is not None  # it was written down a moment ago
    return upload_result(done, known, message)
