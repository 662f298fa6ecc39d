"""Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13)."""

import re

from starlette.requests import Request
from starlette.responses import Response

IMMUTABLE = "public, max-age=31536000, immutable"
"""For what is named by its own hash: it can never change (RFC 8246)."""

REVALIDATE = "no-cache"
"""May be kept, but must be asked for again each time; costs a 304 without a body."""

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def is_known(request: Request, tag: str) -> bool:
    """Whether the client already has the entity with this tag (If-None-Match, weak comparison)."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or tag in _TAG.findall(given)


def not_modified(tag: str, cache_control: str) -> Response:
    """304: go on with what you have."""
    return Response(status_code=304, headers={"ETag": f'"{tag}"', "Cache-Control": cache_control})


def conditional(
    request: Request, body: bytes, media_type: str, tag: str, cache_control: str
) -> Response:
    """The body with its tag, or 304 when the client has it."""
    if is_known(request, tag):
        return not_modified(tag, cache_control)
    headers = {"ETag": f'"{tag}"', "Cache-Control": cache_control}
    return Response(body, 200, headers, media_type)
