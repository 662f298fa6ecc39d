"""A shop on a real port, and people who talk to it by HTTP."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx

from commerce.payments.test_cards import PAYS
from server.app import Application
from tests.server.running_shop import MUG, running_shop

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading those of the machine takes a client 20 ms, and there is no TLS here."""


@dataclass
class OpenShop:
    """A running server; clients that are let in are closed with it."""

    app: Application
    url: str
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def enter(
        self, name: str, role: Literal["shopper", "host", ""] = "shopper"
    ) -> httpx.AsyncClient:
        """Somebody with a token; "" as role: somebody without one."""
        headers = {}
        if role:
            token = self.app.services.guests.issue(name, role).token
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(base_url=self.url, headers=headers, verify=NO_AUTHORITIES)
        return await self.closing.enter_async_context(client)

    async def party(self, *names: str) -> list[httpx.AsyncClient]:
        """People who share a cart with one mug of each."""
        clients = [await self.enter(name) for name in names]
        for client in clients:
            await self.app.services.commerce.join_cart("party-1", await person_of(client))
            added = await client.post("/cart/items", json={"sku": MUG})
            assert added.status_code == 201, added.text
        return clients


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[OpenShop]:
    """Open the small store, with the settings of the environment."""
    async with AsyncExitStack() as closing, running_shop(folder) as shop:
        yield OpenShop(shop.app, shop.url, closing)
        await closing.aclose()


async def person_of(client: httpx.AsyncClient) -> str:
    """The id of whoever this is, alone in their cart or the last who came."""
    return str((await client.get("/cart")).json()["members"][-1])


async def locked(client: httpx.AsyncClient, sku: str = MUG) -> dict[str, Any]:
    """A checkout of one piece."""
    response = await client.post("/buy-now", json={"sku": sku})
    assert response.status_code == 201, response.text
    checkout: dict[str, Any] = response.json()
    return checkout


async def pay(
    client: httpx.AsyncClient, checkout: dict[str, Any], key: str, method: str = PAYS
) -> dict[str, Any]:
    """Pay what is due."""
    response = await client.post(
        f"/checkout/{checkout['id']}/payment",
        json={"payment_method": method, "expected_total_minor": checkout["due_minor"]},
        headers={"Idempotency-Key": key},
    )
    assert response.status_code == 200, response.text
    paid: dict[str, Any] = response.json()
    return paid
