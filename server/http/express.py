"""The express lane: what a purchase asks for, without the framework's machinery around it.

Finding the route, solving its dependencies and passing eight layers of middleware takes the
framework several times as long as the shop needs for its answer. So the few routes that everybody
waits for are called from here. They are the same routes: endpoint, models, status and errors are
read off them, and there is no second description of anything.

Only a request about which everything is as usual is taken here. Whatever is not (a body that is not
right, another media type, a header that comes twice) goes the whole way through the application,
which has not seen anything of it yet and says in its own words what is wrong.

An answer tells in `Server-Timing` (https://www.w3.org/TR/server-timing/) how long its request
waited at the door, and how long it then took: `door;dur=1.52, till;dur=4.07`, in ms.
"""

import json
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, get_args, get_type_hints

import structlog
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.types import Message, Receive, Scope, Send

from commerce import CommerceError
from server.errors import GalleriaError
from server.http.dependencies import (
    GuestHere,
    OptionalKey,
    RequiredKey,
    ServicesHere,
    optional_key,
    required_key,
)
from server.http.door import Door
from server.http.middleware import COUNTED, log_request, security_headers
from server.http.problems import refusal, status_problem
from server.http.rate_limit import AddressLimiter, network_of
from server.http.request_ids import REQUEST_ID_HEADER, begin_request
from server.services import Services

log = structlog.get_logger(__name__)

Endpoint = Callable[..., Awaitable[BaseModel]]
RawHeaders = list[tuple[bytes, bytes]]

USUAL_MEDIA_TYPES = frozenset({b"application/json", b"application/json; charset=utf-8"})

LENGTH_DIGITS_MAX = 12
"""Of a Content-Length; whatever is longer need not be read as a number."""

_BEARER = b"Bearer "
_READ = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"origin",
        REQUEST_ID_HEADER,
    }
)
"""Headers that make a difference; one that comes twice is not usual."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ID = "[A-Za-z0-9_-]{1,64}"
"""What ids of ours look like; whatever else an address may have is for the application."""


@dataclass(slots=True)
class _Ask:
    """What a request brought along."""

    scope: Scope
    headers: Mapping[bytes, bytes]
    path: Mapping[str, str]
    body: BaseModel | None = None

    def header(self, name: bytes) -> str | None:
        """A header as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def token(self) -> str:
        """What stands behind Bearer."""
        return self.headers[b"authorization"][len(_BEARER) :].strip().decode("latin-1")


Getter = Callable[[_Ask], Any]


class ExpressRoute:
    """A route of the application, ready to be called."""

    def __init__(self, route: APIRoute, services: Services, *, door: bool, holds: bool) -> None:
        """`door`: it waits at the door of the till; `holds`: it goes before others there.

        Raises TypeError when the endpoint asks for what only the application can give.
        """
        self.endpoint: Endpoint = route.endpoint
        self.template = route.path
        (self.method,) = sorted(route.methods or ())
        self.status = route.status_code or HTTPStatus.OK.value
        self.door, self.holds = door, holds
        self.needs_guest = False
        self.body: TypeAdapter[Any] | None = None
        self.body_required = False
        self._answer: TypeAdapter[Any] = TypeAdapter(route.response_model)
        pattern = _PLACEHOLDER.sub(lambda match: f"(?P<{match[1]}>{_ID})", self.template)
        self.pattern = re.compile(pattern) if pattern != self.template else None
        hints = get_type_hints(self.endpoint, include_extras=True)
        hints.pop("return")
        self.getters = {name: self._getter(name, hints[name], services) for name in hints}
        metrics = services.metrics
        self._count = metrics.http_requests
        self._seconds = metrics.http_request_seconds.labels(self.template)
        self._counted: dict[int, Any] = {}

    def _getter(self, name: str, hint: Any, services: Services) -> Getter:
        """Where an argument of the endpoint comes from."""
        if hint == ServicesHere:
            return lambda _ask: services
        if hint == GuestHere:
            self.needs_guest = True
            return lambda ask: services.guests.verify(ask.token)
        if hint == OptionalKey:
            return lambda ask: optional_key(ask.header(b"idempotency-key"))
        if hint == RequiredKey:
            return lambda ask: required_key(ask.header(b"idempotency-key"))
        if hint is Request:
            return lambda ask: Request(ask.scope)
        if f"{{{name}}}" in self.template:
            return lambda ask: ask.path[name]
        models = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)]
        if len(models) == 1 and isinstance(models[0], type) and issubclass(models[0], BaseModel):
            self.body, self.body_required = TypeAdapter(hint), models == [hint]
            return lambda ask: ask.body
        raise TypeError(f"{self.template}: {name} cannot be had on the express lane")

    def read(self, body: bytes, ask: _Ask) -> bool:
        """Read a body as the application would; whether there is nothing wrong with it."""
        value = None
        try:
            if body:
                if ask.headers.get(b"content-type") not in USUAL_MEDIA_TYPES:
                    return False
                value = json.loads(body)
            if value is None:
                return not self.body_required
            if self.body is not None:
                ask.body = self.body.validate_python(value, from_attributes=True)
        # Errors of JSON, of its encoding and of the model are all ValueErrors.
        except (ValueError, RecursionError):
            return False
        return True

    def dump(self, answer: BaseModel) -> bytes:
        """An answer as JSON."""
        return self._answer.dump_json(answer, by_alias=True)

    def note(self, status: int, seconds: float) -> None:
        """Count and log an answer."""
        counted = self._counted.get(status)
        if counted is None:
            counted = self._count.labels(self.method, self.template, str(status))
            self._counted[status] = counted
        counted.inc()
        self._seconds.observe(seconds)
        log_request(self.method, self.template, status, seconds)


@dataclass(frozen=True, slots=True)
class ExpressRoutes:
    """Which endpoints go this way. `holds` and `others` pass the door of the till, `doorless`
    have nothing to do there."""

    holds: frozenset[Endpoint] = field(default_factory=frozenset)
    others: frozenset[Endpoint] = field(default_factory=frozenset)
    doorless: frozenset[Endpoint] = field(default_factory=frozenset)


class Express:
    """Answers the usual requests of some routes."""

    def __init__(
        self,
        services: Services,
        routers: Iterable[APIRouter],
        wanted: ExpressRoutes,
        limiter: AddressLimiter,
        *,
        secure: bool,
    ) -> None:
        """`limiter` is that of the application; `secure` as for `security_headers`."""
        self._services = services
        self._limiter = limiter
        self._body_max_bytes = services.settings.http.body_max_bytes
        # Headers of other origins are the application's to decide.
        self._origins_differ = bool(services.settings.listen.allowed_origins)
        self._headers: RawHeaders = [
            (name.lower().encode(), value.encode())
            for name, value in security_headers(secure=secure).items()
        ]
        self._door = Door(services.settings.door_limits())
        self._fixed: dict[tuple[str, str], ExpressRoute] = {}
        self._patterns: list[ExpressRoute] = []
        every = wanted.holds | wanted.others | wanted.doorless
        for route in (entry for router in routers for entry in router.routes):
            if isinstance(route, APIRoute) and route.endpoint in every:
                made = ExpressRoute(
                    route,
                    services,
                    door=route.endpoint not in wanted.doorless,
                    holds=route.endpoint in wanted.holds,
                )
                if made.pattern is None:
                    self._fixed[made.method, made.template] = made
                else:
                    self._patterns.append(made)

    @property
    def templates(self) -> Sequence[tuple[str, str]]:
        """Methods and addresses of the routes that go this way."""
        return [*self._fixed, *((route.method, route.template) for route in self._patterns)]

    async def take(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a request; None when that is done. When it is for the application: how it is to
        be received there."""
        arrived_s = time.perf_counter()
        found = self._find(scope)
        if found is None:
            return receive
        route, ask = found
        client = scope.get("client")
        if self._limiter.wait_ms(network_of(client[0] if client else None)):
            return receive
        scope[COUNTED] = True
        if route.body is not None:
            taken: list[Message] = []
            body = await self._received(receive, taken)
            if body is None or not route.read(body, ask):
                return _again(taken, receive)
        await self._answer(route, ask, arrived_s, send)
        return None

    def _find(self, scope: Scope) -> tuple[ExpressRoute, _Ask] | None:
        """The route of a request, and what it asks; None when something is not as usual."""
        method, path = scope["method"], scope["path"]
        values: Mapping[str, str] = {}
        route = self._fixed.get((method, path))
        if route is None:
            for entry in self._patterns:
                if entry.method == method and entry.pattern is not None:
                    match = entry.pattern.fullmatch(path)
                    if match is not None:
                        route, values = entry, match.groupdict()
                        break
        if route is None or scope.get("root_path"):
            return None
        headers = self._usual_headers(scope, needs_guest=route.needs_guest)
        return None if headers is None else (route, _Ask(scope, headers, values))

    def _usual_headers(self, scope: Scope, *, needs_guest: bool) -> Mapping[bytes, bytes] | None:
        """The headers that make a difference; None when there is something unusual about one."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _READ:
                if name in headers:
                    return None
                headers[name] = value
        if self._origins_differ and b"origin" in headers:
            return None
        if needs_guest and not headers.get(b"authorization", b"").startswith(_BEARER):
            return None
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > LENGTH_DIGITS_MAX:
            return None
        return headers if int(announced) <= self._body_max_bytes else None

    async def _received(self, receive: Receive, taken: list[Message]) -> bytes | None:
        """The whole body; None when it is too large or the client has gone."""
        body = b""
        while True:
            message = await receive()
            taken.append(message)
            if message["type"] != "http.request":
                return None
            body += bytes(message.get("body", b""))
            if len(body) > self._body_max_bytes:
                return None
            if not message.get("more_body"):
                return body

    async def _answer(self, route: ExpressRoute, ask: _Ask, arrived_s: float, send: Send) -> None:
        request_id = begin_request(ask.headers.get(REQUEST_ID_HEADER))
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        inside_s = arrived_s
        try:
            try:
                if route.door:
                    await self._door.enter(holds=route.holds)
                    inside_s = time.perf_counter()
                answer = await self._asked(route, ask)
                decided_s = time.perf_counter()
                status, body = route.status, route.dump(answer)
                headers: RawHeaders = [
                    (b"content-length", b"%d" % len(body)),
                    (b"content-type", b"application/json"),
                    *self._headers,
                ]
            except Exception as error:  # noqa: BLE001 - every failure has an answer
                decided_s = time.perf_counter()
                status, body, headers = self._failed(route, error)
            headers += [
                (b"x-request-id", request_id.encode()),
                (b"server-timing", _timing(arrived_s, inside_s, decided_s)),
            ]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            route.note(status, time.perf_counter() - arrived_s)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    async def _asked(self, route: ExpressRoute, ask: _Ask) -> BaseModel:
        """Call the endpoint; who came in by the door leaves afterwards."""
        try:
            arguments = {name: getter(ask) for name, getter in route.getters.items()}
            return await route.endpoint(**arguments)
        finally:
            if route.door:
                self._door.leave(holds=route.holds)

    def _failed(self, route: ExpressRoute, error: Exception) -> tuple[int, bytes, RawHeaders]:
        """The answer to a request that was refused or went wrong, as the application has it."""
        if isinstance(error, GalleriaError | CommerceError):
            response = refusal(self._services.metrics, error)
        else:
            log.error("request_crashed", route=route.template, exc_info=error)
            response = status_problem(HTTPStatus.INTERNAL_SERVER_ERROR)
        own = {name for name, _ in response.raw_headers}
        common = (header for header in self._headers if header[0] not in own)
        return response.status_code, bytes(response.body), [*response.raw_headers, *common]


def _timing(arrived_s: float, inside_s: float, decided_s: float) -> bytes:
    return b"door;dur=%.2f, till;dur=%.2f" % (
        (inside_s - arrived_s) * 1_000,
        (decided_s - inside_s) * 1_000,
    )


def _again(taken: Sequence[Message], receive: Receive) -> Receive:
    """Receive what was taken already, then what still comes."""
    waiting = deque(taken)

    async def receive_again() -> Message:
        return waiting.popleft() if waiting else await receive()

    return receive_again
