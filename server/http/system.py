"""`/healthz`, `/readyz`, `/metrics`: for those who run the server."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from commerce import CommerceError
from server.errors import GalleriaError
from server.http.dependencies import ServicesHere
from server.observe.metrics import CONTENT_TYPE
from server.services import Services
from server.workers.expositions import joined

router = APIRouter(tags=["System"])

PROBE_PERSON = "person-readyz"
"""Nobody: asking for their orders costs one indexed read and proves that the database answers."""


class Health(BaseModel):
    """The process is alive."""

    status: str = Field(examples=["ok"])


class Check(BaseModel):
    """One thing that must be right before shoppers are sent here."""

    ok: bool
    detail: str = Field(description="What was seen, for people.")


class Readiness(BaseModel):
    """Whether shoppers can be sent here."""

    ready: bool
    checks: dict[str, Check]


@router.get("/healthz")
async def show_health() -> Health:
    """Whether the process is alive. It says nothing of what it depends on; see `/readyz`."""
    return Health(status="ok")


@router.get(
    "/readyz",
    responses={503: {"model": Readiness, "description": "Do not send shoppers here."}},
)
async def show_readiness(services: ServicesHere) -> JSONResponse:
    """Whether shoppers can be sent here: database, beat of the rooms, not closing, rooms open."""
    checks: dict[str, Callable[[Services], Awaitable[Check]]] = {
        "database": _database,
        "tick": _tick,
        "draining": _draining,
        "rooms": _rooms,
    }
    seen = {name: await check(services) for name, check in checks.items()}
    answer = Readiness(ready=all(check.ok for check in seen.values()), checks=seen)
    return JSONResponse(answer.model_dump(), 200 if answer.ready else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
async def show_metrics(services: ServicesHere) -> Response:
    """The numbers of this process in the text format of Prometheus.

    With several workers those of all, whichever of them is asked; each has the label `worker`.
    """
    body = exposition_of(services)
    if services.link is not None:
        body = joined(await services.link.expositions())
    return Response(body, media_type=CONTENT_TYPE)


def exposition_of(services: Services) -> bytes:
    """The numbers of this process."""
    metrics, link = services.metrics, services.link
    summaries = services.registry.summaries()
    metrics.workers.set(1 if link is None else len(link.at_work.workers))
    metrics.worker_restarts.set(0 if link is None else link.at_work.restarts)
    metrics.rooms.set(len(summaries))
    # Rooms that have ended are not shown with what they were last.
    metrics.avatars.clear()
    metrics.seats_reserved.clear()
    for summary in summaries:
        metrics.avatars.labels(summary.room_id).set(summary.population)
        metrics.seats_reserved.labels(summary.room_id).set(summary.reserved)
    metrics.show_recommender(services.recommender.numbers())
    return metrics.exposition()


async def _database(services: Services) -> Check:
    timeout_ms = services.settings.http.ready_timeout_ms
    try:
        async with asyncio.timeout(timeout_ms / 1_000):
            await services.commerce.orders(PROBE_PERSON)
    except TimeoutError:
        return Check(ok=False, detail=f"no answer within {timeout_ms} ms")
    except CommerceError as error:
        return Check(ok=False, detail=error.code)
    return Check(ok=True, detail="answers")


async def _tick(services: Services) -> Check:
    if services.last_tick_ms == 0:
        return Check(ok=False, detail="not started")
    age_ms = services.clock() - services.last_tick_ms
    ok = age_ms <= services.settings.realtime.tick_stall_ms
    return Check(ok=ok, detail=f"last beat {age_ms} ms ago")


async def _draining(services: Services) -> Check:
    closing = services.draining
    return Check(ok=not closing, detail="closing" if closing else "open")


async def _rooms(services: Services) -> Check:
    try:
        rooms = len(await services.directory.rooms())
    except GalleriaError as error:
        return Check(ok=False, detail=error.code)
    detail = f"{rooms} open"
    if services.link is not None:
        workers = services.settings.workers.count
        detail += f", {len(services.link.at_work.workers)} of {workers} workers"
    return Check(ok=rooms > 0, detail=detail)
