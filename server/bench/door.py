"""How the load gets in: what each client must know to connect, and where it will stand."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from server.bench.cases import Case
from server.bots.floor import Floor, Point, Shelf
from server.errors import GalleriaError

HTTP_TIMEOUT_S = 30.0
SHOPPERS_MAX = 4
WALL_M = 0.8


class Door(Protocol):
    """Gives out what `server.bench.load` needs for one client."""

    async def ticket(self, number: int) -> dict[str, Any]:
        """The specification of the client with this number; numbers may grow beyond the case."""


class YardstickDoor:
    """The yardstick asks for nothing; its rooms are paths."""

    def __init__(self, case: Case, port: int) -> None:
        self._case = case
        self._port = port

    async def ticket(self, number: int) -> dict[str, Any]:
        place = number % self._case.clients
        return {
            "number": number,
            "host": "127.0.0.1",
            "port": self._port,
            "path": f"/{place % self._case.rooms}",
            "token": "",
            "avatar_id": number + 1,
            "place": (place % 20 - 10.0, place // 20 % 20 - 10.0),
            "phase": place / self._case.clients,
            "others": self._case.avatars - 1,
            "shop": None,
        }


class GalleriaDoor:
    """A guest's token and a seat over HTTP, as for any shopper."""

    def __init__(self, case: Case, http: httpx.AsyncClient, layout: Mapping[str, Any]) -> None:
        floor = Floor(layout)
        self._case = case
        self._http = http
        self._places = spread_places(floor, layout["size_m"], case.avatars) if case.spread else []
        # They shop at shelves that are not each other's, so that nobody takes their product.
        apart = max(1, len(floor.shelves) // SHOPPERS_MAX)
        self._shelves: list[Shelf] = list(floor.shelves[::apart])[:SHOPPERS_MAX]

    async def ticket(self, number: int) -> dict[str, Any]:
        case = self._case
        place = number % case.clients
        guest = await self._post("/session/guest", {"name": f"Load {number}"}, {})
        headers = {"Authorization": f"Bearer {guest['token']}"}
        # Which room is the server's to say: when one is full, it opens the next.
        seat = await self._post("/seats", {}, headers)
        url = urlsplit(seat["socket_url"])
        shelf = self._shelves[place] if number < len(self._shelves) else None
        return {
            "number": number,
            "host": url.hostname,
            "port": url.port or 80,
            "path": url.path,
            "token": guest["token"],
            "seat_token": seat["seat_token"],
            "name": f"Load {number}",
            "place": shelf.stand if shelf else self._places[place] if self._places else None,
            "phase": place / case.clients,
            "others": case.avatars - 1,
            "shop": {"slot_id": shelf.slot_id, "skus": shelf.skus} if shelf else None,
        }

    async def _post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """A call that must work; what the server refuses with ends the bench."""
        response = await self._http.post(path, json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        if response.is_error:
            raise GalleriaError(str(answer.get("code", path)), str(answer.get("detail", "")))
        return answer


@asynccontextmanager
async def galleria_door(case: Case, base_url: str) -> AsyncIterator[GalleriaDoor]:
    """The door of a running server."""
    async with httpx.AsyncClient(base_url=base_url, timeout=HTTP_TIMEOUT_S) as http:
        rooms = (await http.get("/rooms")).json()
        layout = (await http.get(f"/rooms/{rooms[0]['room_id']}/layout")).json()
        yield GalleriaDoor(case, http, layout)


def spread_places(floor: Floor, size_m: Sequence[float], count: int) -> list[Point]:
    """So many free points of the floor on a grid, as far apart as there is room for."""
    half_width, half_depth = size_m[0] / 2, size_m[2] / 2
    spacing_m = math.sqrt(4 * half_width * half_depth / count)
    while True:
        columns = int(2 * (half_width - WALL_M) / spacing_m)
        rows = int(2 * (half_depth - WALL_M) / spacing_m)
        points = [
            (-half_width + WALL_M + column * spacing_m, -half_depth + WALL_M + row * spacing_m)
            for column in range(columns + 1)
            for row in range(rows + 1)
        ]
        free = [point for point in points if floor.is_free(point)]
        if len(free) >= count:
            return [free[index * len(free) // count] for index in range(count)]
        spacing_m *= 0.97
