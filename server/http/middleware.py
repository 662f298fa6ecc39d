"""What happens to every request, whatever it asks for: id, log, numbers, limits, headers.

Plain ASGI, no wrapper that reads a response before it is sent: an asset of 2 MB passes through in
pieces. `create_http` puts these around the routers in the order in which they stand here.
"""

import logging
import math
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.problems import status_problem
from server.http.rate_limit import AddressLimiter, network_of
from server.http.request_ids import REQUEST_ID_HEADER, begin_request
from server.observe.metrics import Metrics

log = structlog.get_logger(__name__)

UNMATCHED = "unmatched"

QUIET_ROUTES = frozenset(
    {"/healthz", "/readyz", "/metrics", "/assets/{name}", "/page-assets/{path}"}
)
"""Asked for so often that they are logged only at "debug"."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
"""Others share one label in the metrics: a client may invent any number of methods."""

API_POLICY = "default-src 'none'; frame-ancestors 'none'"

COUNTED = "galleria.counted"
"""In the scope of a request that the limit of its address has let through already."""

_levels = logging.getLogger(__name__)


class RequestLog:
    """Gives each request an id, logs its outcome and counts it; turns a crash into a plain 500.

    Logged are the route template and not the address: addresses carry order ids and search terms.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = begin_request(dict(scope["headers"]).get(REQUEST_ID_HEADER))
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request_crashed", route=_route(scope))
                if status:
                    # Too late for an error: the server closes the connection on a broken answer.
                    raise
                response = status_problem(HTTPStatus.INTERNAL_SERVER_ERROR)
                await response(scope, receive, send_with_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._metrics.observe_request(method, route, status, seconds)
        log_request(method, route, status, seconds)


def log_request(method: str, route: str, status: int, seconds: float) -> None:
    """Log an answered request; `route` is its template."""
    quiet = route in QUIET_ROUTES or status == HTTPStatus.TOO_MANY_REQUESTS
    # Asked here, because an entry that nobody will see costs as much as half an answer.
    if _levels.isEnabledFor(logging.DEBUG if quiet else logging.INFO):
        write = log.debug if quiet else log.info
        write("request", method=method, route=route, status=status, took_ms=round(seconds * 1e3, 2))


def security_headers(*, secure: bool) -> Mapping[str, str]:
    """Headers that every answer has, unless its route has set its own; `secure`: over HTTPS."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        # The address of the page may carry a host key or an invite.
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": API_POLICY,
        # What has no policy of its own is somebody's cart or order.
        "Cache-Control": "no-store",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class SecurityHeaders:
    """Adds `security_headers`."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = security_headers(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class RateLimit:
    """Refuses requests of an address that makes too many, with 429 and Retry-After."""

    def __init__(self, app: ASGIApp, limiter: AddressLimiter, metrics: Metrics) -> None:
        self._app = app
        self._limiter = limiter
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and COUNTED not in scope:
            client = scope.get("client")
            wait_ms = self._limiter.wait_ms(network_of(client[0] if client else None))
            if wait_ms:
                self._metrics.http_refused.labels("rate").inc()
                response = status_problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    {"retry_after_ms": wait_ms},
                    {"Retry-After": str(math.ceil(wait_ms / 1_000))},
                )
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses request bodies that are too large, announced or not, with 413."""

    def __init__(self, app: ASGIApp, body_max_bytes: int, metrics: Metrics) -> None:
        self._app = app
        self._body_max_bytes = body_max_bytes
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._body_max_bytes:
            self._metrics.http_refused.labels("body_size").inc()
            response = status_problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"body_max_bytes": self._body_max_bytes}
            )
            await response(scope, receive, send)
            return
        taken_bytes = 0

        async def receive_within_limit() -> Message:
            nonlocal taken_bytes
            message = await receive()
            taken_bytes += len(message.get("body", b""))
            if taken_bytes > self._body_max_bytes:
                self._metrics.http_refused.labels("body_size").inc()
                # Raised where the body is read, so the route never starts its work.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, receive_within_limit, send)


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", UNMATCHED))
