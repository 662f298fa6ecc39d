"""The HTTP side of the server: routers, errors, limits, and the order in which they stand."""

import asyncio
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from server.http import (
    assets,
    carts,
    checkouts,
    coupons,
    credit,
    docs,
    drops,
    gifts,
    hand_offs,
    orders,
    payments,
    people,
    phone_page,
    products,
    recommendations,
    refunds,
    regions,
    rooms,
    sessions,
    stock,
    system,
    webhooks,
)
from server.http.caching import EncodedDocuments
from server.http.express import Express, ExpressRoutes
from server.http.middleware import BodyLimit, RateLimit, RequestLog, SecurityHeaders
from server.http.openapi import install_openapi
from server.http.page import PAGE_FOLDER, page_router
from server.http.problems import install_problem_handlers
from server.http.rate_limit import AddressLimiter
from server.services import Services

CORS_MAX_AGE_S = 600

EXPRESS = ExpressRoutes(
    holds=frozenset({carts.add_line, carts.change_line, carts.remove_line}),
    others=frozenset(
        {
            carts.show_cart,
            checkouts.lock_cart,
            checkouts.show_checkout,
            checkouts.unlock_cart,
            checkouts.pay,
            checkouts.confirm_payment,
        }
    ),
    doorless=frozenset({sessions.open_guest_session, system.show_health}),
)
"""What everybody who buys waits for."""

EXPOSED_HEADERS = ("ETag", "Link", "Retry-After", "X-Request-Id", "X-Total-Count")


class ShopInterface(FastAPI):
    """The application, with an express lane in front of it when there is one."""

    express: Express | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.express is not None and scope["type"] == "http":
            remaining = await self.express.take(scope, receive, send)
            if remaining is None:
                return
            receive = remaining
        await super().__call__(scope, receive, send)


def create_http(services: Services, page_folder: Path = PAGE_FOLDER) -> ShopInterface:
    """The FastAPI application over these services; it starts and closes nothing itself."""
    limiter = _limiter(services)
    app = ShopInterface(
        title="Galleria",
        version=_version(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(services, limiter),
        # One slash more is another address; a redirect would lose the body of a POST.
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.documents = EncodedDocuments()
    install_problem_handlers(app)
    install_openapi(app, _version())
    for module in (
        sessions,
        rooms,
        products,
        carts,
        coupons,
        checkouts,
        payments,
        gifts,
        hand_offs,
        phone_page,
        credit,
        orders,
        drops,
        refunds,
        stock,
        regions,
        webhooks,
        recommendations,
        people,
        assets,
        system,
        docs,
    ):
        app.include_router(module.router)
    app.include_router(page_router(page_folder))
    app.express = Express(
        services,
        (carts.router, checkouts.router, sessions.router, system.router),
        EXPRESS,
        limiter,
        secure=_is_secure(services),
    )
    return app


async def open_http(services: Services, page_folder: Path = PAGE_FOLDER) -> ShopInterface:
    """`create_http`, with all its routes made.

    FastAPI makes the routes of a router when the first request comes by; the rooms of a server that
    is open already would wait for that, for several ticks. So something is looked for now that is
    nowhere, one router at a time.
    """
    await asyncio.sleep(0)
    app = create_http(services, page_folder)
    for route in app.routes:
        await asyncio.sleep(0)
        route.matches({"type": "http", "method": "GET", "path": "//", "root_path": ""})
    await asyncio.sleep(0)
    return app


def _limiter(services: Services) -> AddressLimiter:
    limits = services.settings.http
    return AddressLimiter(
        limits.requests_per_second, limits.requests_burst, limits.addresses_max, services.clock
    )


def _is_secure(services: Services) -> bool:
    return (services.settings.listen.public_url or "").startswith("https:")


def _middleware(services: Services, limiter: AddressLimiter) -> list[Middleware]:
    """What stands around the routers, the outermost first."""
    listen, limits = services.settings.listen, services.settings.http
    stack = [
        Middleware(RequestLog, metrics=services.metrics),
        Middleware(SecurityHeaders, secure=_is_secure(services)),
        Middleware(RateLimit, limiter=limiter, metrics=services.metrics),
        Middleware(BodyLimit, body_max_bytes=limits.body_max_bytes, metrics=services.metrics),
    ]
    if listen.allowed_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(listen.allowed_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=list(EXPOSED_HEADERS),
            max_age=CORS_MAX_AGE_S,
        )
        # Around the limits, so that a page may read why it was refused.
        stack.insert(2, cors)
    return stack


def _version() -> str:
    try:
        return version("galleria")
    except PackageNotFoundError:
        return "0"
