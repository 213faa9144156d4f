"""Trained models: list, report, downloads, prediction, delete."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from server.api.deps import ServicesDep
from server.api.door import PersonDep, ResearcherDep
from server.api.schemas.common import Done
from server.api.schemas.models import (
    Headline,
    ModelComparison,
    ModelFile,
    ModelList,
    ModelListed,
    ModelReport,
)
from server.services.models import Model
from server.store.files import shown_path
from server.store.model_files import ENDINGS

router = APIRouter(tags=["models"])

_CONTENT_TYPES = {
    "h5": "application/x-hdf5",
    "onnx": "application/octet-stream",
    "metadata": "application/json",
    "history": "application/json",
    "report": "application/json",
    "report_html": "text/html; charset=utf-8",
    "card": "text/markdown; charset=utf-8",
    "card_json": "application/json",
    "test_predictions": "text/csv; charset=utf-8",
    "test_truth": "text/csv; charset=utf-8",
}
_REPORT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    )
)
"""A report shows words from the data, such as class names; were they hostile, nothing would run."""


@router.get("/api/models")
def list_models(services: ServicesDep, _: PersonDep) -> ModelList:
    """Every trained model, newest first."""
    return ModelList(
        models=[ModelListed(**_listed(model)) for model in services.models.newest_first()]
    )


@router.get("/api/models/{name}")
def read_model(name: str, services: ServicesDep, _: PersonDep) -> ModelReport:
    """One model, whole: its metrics, every setting, its history and its files."""
    model = services.models.get(name)
    return ModelReport(
        **_listed(model),
        files=[
            ModelFile(
                kind=kind,
                file=path.name,
                bytes=path.stat().st_size,
                url=f"/api/models/{model.name}/files/{kind}",
            )
            for kind, path in model.files.items()
            if path.exists()
        ],
        first_line=model.first_line,
        metadata=model.metadata,
        history=services.models.history(name),
        report=services.models.report(name),
        report_url=(f"/api/models/{model.name}/report" if "report_html" in model.files else None),
    )


@router.get("/api/models/{name}/report", response_class=FileResponse)
def read_model_report(name: str, services: ServicesDep, _: PersonDep) -> FileResponse:
    """The report as a page of its own: no script, nothing from outside, shown in a sandbox."""
    path = services.models.file(name, "report_html")
    return FileResponse(
        path,
        media_type=_CONTENT_TYPES["report_html"],
        headers={"Content-Security-Policy": _REPORT_POLICY},
    )


@router.get("/api/compare-models")
def compare_models(
    services: ServicesDep,
    _: PersonDep,
    a: Annotated[list[str], Query(description="Models of side A; several are several seeds.")],
    b: Annotated[list[str], Query(description="Models of side B.")],
) -> ModelComparison:
    """Which of two models is better, on the lesions that both were tested on and neither saw."""
    return ModelComparison.model_validate(services.comparisons.compare(a, b))


@router.get("/api/models/{name}/files/{kind}", response_class=FileResponse)
def download_model_file(
    name: str,
    kind: Annotated[
        str, Path(description="Which file.", json_schema_extra={"enum": list(ENDINGS)})
    ],
    services: ServicesDep,
    _: PersonDep,
) -> FileResponse:
    """One file of a model, under its real name."""
    path = services.models.file(name, kind)
    return FileResponse(path, media_type=_CONTENT_TYPES[kind], filename=path.name)


@router.delete("/api/models/{name}")
def delete_model(name: str, services: ServicesDep, _: ResearcherDep) -> Done:
    """Remove a model and all its files."""
    services.models.delete(name)
    return Done(message=f"The model {name} was deleted.")


def _listed(model: Model) -> dict[str, Any]:
    folder = model.files["metadata"].parent
    return {
        "name": model.name,
        "model_path": shown_path(folder / f"{model.name}.h5"),
        "metadata_path": shown_path(model.files["metadata"]),
        "architecture": model.architecture,
        "dataset_name": model.dataset_name,
        "dataset_version": model.dataset_version,
        "is_sample": model.is_sample,
        "classes": model.classes,
        "epochs": model.epochs,
        "weights_sentence": model.weights_sentence,
        "headline": Headline(**asdict(model.headline)),
        "baseline": Headline(**asdict(model.baseline)),
        "test_images": model.test_images,
        "test_lesions": model.test_lesions,
        "bytes": model.size,
        "has_report": "report" in model.files,
        "created_at": model.created_at,
        "job_id": model.job_id,
    }
