"""Every refusal leaves as one JSON shape with one clear sentence; tracebacks stay in the log."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from server.api.schemas.common import Refusal
from server.api.tus_headers import BadHeader, CutShort, WrongContentType, WrongVersion
from server.domain import errors

log = structlog.get_logger(__name__)

STATUS: dict[type[errors.DermaScanError], int] = {
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.Busy: 423,
    errors.InvalidInput: 422,
    errors.ChecksumMismatch: 460,
    errors.TooLarge: 413,
    errors.StorageFull: 507,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.TooManyRequests: 429,
    errors.WeightsUnavailable: 422,
    errors.OutOfMemory: 507,
    errors.LeaseLost: 409,
    BadHeader: 400,
    CutShort: 408,
    WrongVersion: 412,
    WrongContentType: 415,
}

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (400, 401, 403, 404, 409, 422, 429)
}
"""What every router declares, so that the generated client knows the shape of a refusal."""

REFUSALS_FOR_ROOM: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (413, 507)
}
"""What the routers declare beside it that take something in or write something down."""


_SEND_JSON = "Send the settings as a JSON object with the header Content-Type: application/json."


def install_error_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every error as a ``Refusal``."""
    app.add_exception_handler(errors.DermaScanError, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def refusal(
    status: int, detail: str, code: str, where: Mapping[str, str | int] | None = None
) -> JSONResponse:
    """One refusal as a response."""
    body = Refusal(detail=detail, code=code, where=dict(where or {}))
    return JSONResponse(body.model_dump(), status_code=status)


def status_of(error: errors.DermaScanError) -> int:
    """The HTTP status of a domain error: its own, or that of its nearest parent."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.DermaScanError)
    answer = refusal(status_of(error), error.message, error.code, error.where)
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.where["retry_after"])
    return answer


async def _not_valid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    first = faults[0]
    of_whole_body = tuple(first["loc"]) == ("body",)
    if of_whole_body and not _says_json(request):
        return refusal(422, _SEND_JSON, "invalid_input")
    sentence = "; ".join(_sentence(fault) for fault in faults[:3])
    names_a_field = first["type"] != "json_invalid" and not of_whole_body
    where = {"field": _field(first["loc"])} if names_a_field else {}
    return refusal(422, f"{sentence}.", "invalid_input", where)


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return refusal(404, f"There is nothing at {path}; /docs lists what there is.", "not_found")
    if error.status_code == 405:
        answer = refusal(405, f"{path} does not take {request.method}.", "method_not_allowed")
    else:
        answer = refusal(error.status_code, str(error.detail), "http_error")
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return refusal(507, "The server's disk is full; make room and try again.", "storage_full")
    log.error("unexpected error", method=request.method, path=request.url.path, exc_info=error)
    return refusal(
        500, "Something went wrong inside the server; its log says what.", "internal_error"
    )


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return "The body is not valid JSON"
    field = _field(fault["loc"])
    if fault["type"] == "missing":
        return f"{field} is missing"
    if fault["type"] == "extra_forbidden":
        return f"{field} is not a field of this request"
    expected = str(fault["msg"])
    expected = expected[:1].lower() + expected[1:]
    return f"{field} is wrong: {expected}, not {_shown(fault.get('input'))}"


def _field(location: Sequence[str | int]) -> str:
    parts = [str(part) for part in location if part not in ("body", "query", "path", "form")]
    return ".".join(parts) or "The body"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
