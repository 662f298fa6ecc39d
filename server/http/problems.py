"""Every HTTP error as a problem document (RFC 9457): `application/problem+json`.

Besides the members of the standard there are `code` (stable, upper snake case, for programs) and
`data` (what the code is about). `detail` is a sentence for a person. `type` is a relative reference
into the list of errors at `/docs`. Nothing a request carried is repeated here but names of fields.
"""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from commerce import CommerceError
from server.errors import GalleriaError
from server.http.request_ids import current_request_id
from server.observe.metrics import Metrics

log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"

STATUS_CODES = {
    400: ("BAD_REQUEST", "The request could not be understood."),
    401: ("TOKEN_MISSING", "Get a token first: POST /session/guest."),
    403: ("NOT_ALLOWED", "This is not allowed for you."),
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not answer this method; see Allow."),
    406: ("NOT_ACCEPTABLE", "This cannot be answered in the form you ask for."),
    413: ("BODY_TOO_LARGE", "The request body is larger than this server takes."),
    415: ("MEDIA_TYPE_UNKNOWN", "Send a JSON body with Content-Type: application/json."),
    416: ("RANGE_NOT_SATISFIABLE", "The file is shorter than the range you ask for."),
    422: ("REQUEST_INVALID", "Some fields of the request are not right."),
    429: ("TOO_MANY_REQUESTS", "Too many requests from your address; wait a moment."),
    500: ("INTERNAL_ERROR", "Something went wrong here. It is noted; please try again."),
    503: ("UNAVAILABLE", "The server cannot answer just now; try again in a moment."),
}
"""Code and sentence of errors that have only a status."""

RETRY_AFTER_S = 1
"""What a client should wait after a 503, unless the error says better."""


class FieldProblem(BaseModel):
    """One field of a request that is not right."""

    field: str = Field(
        description="Where it is, such as `body.quantity`.", examples=["body.quantity"]
    )
    problem: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """An error, for programs (`code`, `data`) and for people (`title`, `detail`)."""

    type: str = Field(examples=["/docs#error-SOLD_OUT"])
    title: str = Field(description="Name of the HTTP status.", examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["The last one has just been taken."])
    instance: str = Field(
        description="Id of this request; quote it when you report the error.",
        examples=["request:5f0c1c0a9d6e4a53"],
    )
    code: str = Field(examples=["SOLD_OUT"])
    data: dict[str, Any] = Field(examples=[{"sku": "MUG-1", "available": 0}])


def problem_response(
    code: str,
    detail: str,
    status: int,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response; never stored by caches."""
    status = int(status)
    body = {
        "type": f"/docs#error-{code}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": f"request:{current_request_id()}",
        "code": code,
        "data": dict(data or {}),
    }
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    if status == HTTPStatus.UNAUTHORIZED:
        all_headers.setdefault("WWW-Authenticate", "Bearer")
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        wait_ms = (data or {}).get("retry_after_ms", RETRY_AFTER_S * 1_000)
        all_headers.setdefault("Retry-After", str(math.ceil(wait_ms / 1_000)))
    content = json.dumps(body, ensure_ascii=False, default=str)
    return Response(content, status, all_headers, PROBLEM_MEDIA_TYPE)


def status_problem(
    status: int,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document for an error that is known by its status alone."""
    code, detail = STATUS_CODES.get(status, (_title(status).upper().replace(" ", "_"), ""))
    return problem_response(code, detail or f"{_title(status)}.", status, data, headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(GalleriaError, _typed_error)
    app.add_exception_handler(CommerceError, _typed_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


def field_problems(errors: list[Any]) -> list[dict[str, str]]:
    """Pydantic's findings without the values that were sent."""
    return [
        {"field": ".".join(str(part) for part in entry["loc"]), "problem": _sentence(entry["msg"])}
        for entry in errors
    ]


async def _typed_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GalleriaError | CommerceError):
        raise error
    return refusal(request.app.state.services.metrics, error)


def refusal(metrics: Metrics, error: GalleriaError | CommerceError) -> Response:
    """The answer to a request that was refused; it is counted and, if need be, logged."""
    note_problem(metrics, error)
    return problem_response(error.code, error.message, error.http_status, error.data)


def note_problem(metrics: Metrics, error: GalleriaError | CommerceError) -> None:
    """Count a refusal by its code, and log it when it is our fault or looks like an attack."""
    metrics.count_problem(error.code)
    metrics.suspicions.note(error.code)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", code=error.code)


async def _validation_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = list(error.errors())
    if any(entry["type"] == "json_invalid" for entry in found):
        return problem_response("BODY_NOT_JSON", "The body is not JSON.", HTTPStatus.BAD_REQUEST)
    problems = field_problems(found)
    return status_problem(HTTPStatus.UNPROCESSABLE_ENTITY, {"problems": problems})


async def _http_exception(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return status_problem(error.status_code, headers=error.headers)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
