"""Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13)."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

IMMUTABLE = "public, max-age=31536000, immutable"
"""For what is named by its own hash: it can never change (RFC 8246)."""

REVALIDATE = "no-cache"
"""May be kept, but must be asked for again each time; costs a 304 without a body."""

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class EncodedDocuments:
    """Large documents that hardly ever change, as bytes with their hash.

    A document is encoded anew when its source is another object than the last time. At most
    `documents_max` are kept; the one asked for longest ago goes.
    """

    def __init__(self, documents_max: int = 64) -> None:
        self._documents_max = documents_max
        self._kept: OrderedDict[str, tuple[object, bytes, str]] = OrderedDict()

    def encoded(self, name: str, source: object, encode: Callable[[], bytes]) -> tuple[bytes, str]:
        """The document made from this source, and the SHA-256 of it in hexadecimal."""
        kept = self._kept.get(name)
        if kept is None or kept[0] is not source:
            body = encode()
            kept = (source, body, hashlib.sha256(body).hexdigest())
            self._kept[name] = kept
            if len(self._kept) > self._documents_max:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        return kept[1], kept[2]


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
