"""The OpenAPI document: what FastAPI finds out by itself, and our errors as they really are."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from server.http.error_table import ERRORS
from server.http.problems import PROBLEM_MEDIA_TYPE, Problem

DESCRIPTION = """\
The shop behind the rooms of Galleria, for web pages, phones and back offices. What happens in a
room goes over the game socket at `/ws` (see PROTOCOL.md); both use the same carts and checkouts.

**Signing in.** `POST /session/guest` answers a token; send it as `Authorization: Bearer <token>`.

**Errors** are problem documents (RFC 9457): a stable `code`, a sentence in `detail`, and `data`.

**Money** is an integer of minor units beside an ISO 4217 currency. **Times** are ms since 1970.

**Repeating.** Every action that moves stock or money takes an `Idempotency-Key` header.
"""

_PROBLEM = {"$ref": "#/components/schemas/Problem"}

SIGNED_IN = ("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED")
"""Of routes that need a token."""

STAFF = (*SIGNED_IN, "NOT_ALLOWED")
"""Of routes for hosts."""

STORE = ("STORE_BUSY", "STORE_FULL", "STORE_FAILED", "COMMERCE_CLOSED", "BUSY")
"""Of routes that write into the shop's database: nothing was done, and trying again can work."""

KEYED = ("INVALID_IDEMPOTENCY_KEY", "IDEMPOTENCY_KEY_REUSED")
"""Of routes that take an idempotency key."""

EVERYWHERE: tuple[str, ...] = ("TOO_MANY_REQUESTS", "INTERNAL_ERROR")


def errors(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer these errors."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        row = ERRORS[code]
        response = responses.setdefault(row.status, _response(row.status))
        examples = response["content"][PROBLEM_MEDIA_TYPE]["examples"]
        examples[code] = {"summary": row.meaning, "value": _example(code)}
    return responses


def install_openapi(app: FastAPI, version: str) -> None:
    """Make `app.openapi()` answer our document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title="Galleria", version=version, description=DESCRIPTION, routes=app.routes
            )
            app.openapi_schema = _with_problems(made)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Every operation with the errors that it can always answer, as problem documents."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            always = EVERYWHERE
            if "422" in responses:
                always = (*always, "REQUEST_INVALID")
            for status, response in errors(*always).items():
                kept = responses.get(str(status), {}).get("content", {}).get(PROBLEM_MEDIA_TYPE)
                if kept is None:
                    responses[str(status)] = response
                else:
                    added = response["content"][PROBLEM_MEDIA_TYPE]["examples"]
                    kept["examples"] = {**kept["examples"], **added}
    return document


def _response(status: int) -> dict[str, Any]:
    content = {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM, "examples": {}}}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _example(code: str) -> dict[str, Any]:
    row = ERRORS[code]
    return {
        "type": f"/docs#error-{code}",
        "title": HTTPStatus(row.status).phrase,
        "status": row.status,
        "detail": row.meaning,
        "instance": "request:5f0c1c0a9d6e4a53",
        "code": code,
        "data": {},
    }
