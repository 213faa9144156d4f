"""Predictions: one image in, as a form or inside JSON; the probability of every class out."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from server.api.deps import Services, ServicesDep
from server.api.door import PersonDep
from server.api.schemas.predictions import (
    ClassProbability,
    ImageAsText,
    Malignancy,
    Prediction,
)
from server.api.upload_stream import heard, receive
from server.domain.errors import InvalidInput
from server.services.predictions import NOTICE, Answer, image_in_text

router = APIRouter(tags=["models"])

_HOW_TO_SEND = (
    "send one photograph as multipart/form-data, such as "
    'curl -F "image=@photo.jpg" "…/api/predict", or as JSON: '
    '{"image": "data:image/jpeg;base64,…"}'
)
_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": {
                "type": "string",
                "format": "binary",
                "contentMediaType": "application/octet-stream",
                "description": "One photograph; the name of the field is free.",
            }
        },
    }
}
_JSON: dict[str, Any] = {"schema": ImageAsText.model_json_schema()}
_ONE_IMAGE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": _FORM, "application/json": _JSON},
    }
}
_ONE_FORM: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": _FORM}}
}


@router.post("/api/predict", openapi_extra=_ONE_IMAGE)
async def predict(
    request: Request,
    services: ServicesDep,
    _: PersonDep,
    model: Annotated[str | None, Query(description="Its name; without one, the newest.")] = None,
) -> Prediction:
    """The probability of every class for one photograph. Nothing of it is kept."""
    return await _predict(request, services, model, as_json=_is_json(request))


@router.post("/api/models/{name}/predict", openapi_extra=_ONE_FORM)
async def predict_with_model(
    name: str, request: Request, services: ServicesDep, _: PersonDep
) -> Prediction:
    """The same by the model of that name."""
    return await _predict(request, services, name, as_json=False)


async def _predict(
    request: Request, services: Services, model: str | None, *, as_json: bool
) -> Prediction:
    async with heard(request):
        name = await run_sync(services.predictions.require_model, model)
        if as_json:
            image = await _from_json(request, services)
        else:
            sink = services.predictions.expect_image()
            await receive(request, sink, _HOW_TO_SEND)
            image = bytes(sink.content)
    return _shown(await run_sync(services.predictions.predict, name, image))


async def _from_json(request: Request, services: Services) -> bytes:
    """The image of a body ``{"image": "data:image/…;base64,…"}``."""
    limit = services.predictions.largest_text
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise services.predictions.too_large()
    except ClientDisconnect:
        raise InvalidInput("The request was cut short before its end; send it again.") from None
    try:
        asked = ImageAsText.model_validate_json(bytes(body))
    except ValidationError as error:
        raise InvalidInput(
            f"The body is no JSON object with the image as text; {_HOW_TO_SEND}.", field="image"
        ) from error
    return await run_sync(image_in_text, asked.image)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind == "application/json"


def _shown(answer: Answer) -> Prediction:
    found = answer.suspicion
    return Prediction(
        model_name=answer.model,
        probabilities=[
            ClassProbability(label=label, probability=probability)
            for label, probability in answer.probabilities
        ],
        malignancy=found
        and Malignancy(
            score=found.score,
            threshold=found.threshold,
            suspicious=found.suspicious,
            classes=found.classes,
            sensitivity=found.sensitivity,
            specificity=found.specificity,
        ),
        notice=NOTICE,
        milliseconds=round(answer.milliseconds, 1),
    )
