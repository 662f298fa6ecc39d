"""The shop over HTTP, as clients see it; answers are JSON as the server's OpenAPI describes."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from server.client.errors import ConnectionLost, HttpProblem

Json = dict[str, Any]

TIMEOUT_S = 30.0
"""A payment with a slow gateway takes seconds; longer than this is an outage."""


class ShopHttp:
    """HTTP calls of one or many shoppers; each call takes the token of whom it is for.

    Every call may raise HttpProblem (the server said no) or ConnectionLost (CONNECT_FAILED).
    """

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(base_url=self.base_url, timeout=timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @property
    def socket_url(self) -> str:
        """Where the game socket of this server is."""
        return self.base_url.replace("http", "ws", 1) + "/ws"

    # --- who you are, and the way in ------------------------------------------------------------

    async def guest(self, name: str) -> Json:
        """Come in as a guest: token, person_id, name, role, expires_ms."""
        return await self._object("POST", "/session/guest", body={"name": name})

    async def host(self, name: str, host_key: str) -> Json:
        """Come in as staff; the same answer with the role "host"."""
        body = {"name": name, "host_key": host_key}
        return await self._object("POST", "/session/host", body=body)

    async def erase_me(self, token: str, *, forfeit: bool = False) -> Json:
        """Have everything forgotten that the shop knows about you; `forfeit` gives store credit up.
        Asked again, the answer is the same; the token is good for nothing else any more."""
        return await self._object("DELETE", "/me?forfeit=true" if forfeit else "/me", token)

    async def rooms(self) -> list[Json]:
        """The rooms that are open."""
        return await self._list("/rooms")

    async def layout(self, room_id: str) -> Json:
        """Zones, fixtures, slots, spawns and placements of a room."""
        return await self._object("GET", f"/rooms/{room_id}/layout")

    async def reserve_seat(
        self, token: str, *, room_id: str | None = None, invite: str | None = None
    ) -> Json:
        """Keep a seat for some seconds: seat_token, room_id, expires_ms, socket_url."""
        body = {
            name: value
            for name, value in (("room_id", room_id), ("invite", invite))
            if value is not None
        }
        return await self._object("POST", "/seats", token, body)

    async def create_invite(self, token: str, room_id: str) -> Json:
        """A code that opens this room to friends."""
        return await self._object("POST", f"/rooms/{room_id}/invites", token, {})

    # --- goods ----------------------------------------------------------------------------------

    async def manifest(self) -> Json:
        """Meshes and pictures of all products."""
        return await self._object("GET", "/assets/manifest.json")

    async def products(
        self, *, page: int = 1, size: int = 50, department: str | None = None
    ) -> list[Json]:
        """A page of the catalogue."""
        query = {"page": page, "size": size, "department": department}
        return await self._list("/products", query=query)

    async def product(self, product_id: str) -> Json:
        """One product with its variants."""
        return await self._object("GET", f"/products/{product_id}")

    async def search(self, term: str, *, limit: int = 20) -> list[Json]:
        """Products that fit some words."""
        return await self._list("/search", query={"term": term, "limit": limit})

    async def recommendations(self, token: str, *, scope: str = "you") -> list[Json]:
        """Ranked products with reasons; scope "you" or "party"."""
        return await self._list("/recommendations", token, {"scope": scope})

    # --- cart, checkout, orders -----------------------------------------------------------------

    async def cart(self, token: str) -> Json:
        """Your cart."""
        return await self._object("GET", "/cart", token)

    async def add_item(self, token: str, sku: str, quantity: int = 1) -> Json:
        """Put a SKU into your cart and hold it."""
        body = {"sku": sku, "quantity": quantity}
        return await self._object("POST", "/cart/items", token, body)

    async def set_quantity(self, token: str, line_id: str, quantity: int) -> Json:
        """Change a line."""
        return await self._object("PUT", f"/cart/items/{line_id}", token, {"quantity": quantity})

    async def remove_item(self, token: str, line_id: str) -> Json:
        """Take a line out."""
        return await self._object("DELETE", f"/cart/items/{line_id}", token)

    async def lock_checkout(self, token: str, expected_total_minor: int | None = None) -> Json:
        """Freeze the cart for payment."""
        body = (
            {} if expected_total_minor is None else {"expected_total_minor": expected_total_minor}
        )
        return await self._object("POST", "/checkout", token, body)

    async def checkout(self, token: str, checkout_id: str) -> Json:
        """A checkout as it is now."""
        return await self._object("GET", f"/checkout/{checkout_id}", token)

    async def unlock_checkout(self, token: str, checkout_id: str) -> Json:
        """Give the lock back."""
        return await self._object("DELETE", f"/checkout/{checkout_id}", token)

    async def pay(
        self,
        token: str,
        checkout_id: str,
        payment_method: str,
        expected_total_minor: int,
        idempotency_key: str,
    ) -> Json:
        """Pay; the same key gets the same answer and never a second charge."""
        body = {"payment_method": payment_method, "expected_total_minor": expected_total_minor}
        headers = {"Idempotency-Key": idempotency_key}
        path = f"/checkout/{checkout_id}/payment"
        return await self._object("POST", path, token, body, headers)

    async def confirm_payment(
        self, token: str, checkout_id: str, challenge_id: str, response: str
    ) -> Json:
        """Answer a payment challenge: "approve" or "reject"."""
        path = f"/checkout/{checkout_id}/payment/confirmation"
        body = {"challenge_id": challenge_id, "response": response}
        return await self._object("POST", path, token, body)

    async def orders(self, token: str) -> list[Json]:
        """Your orders, newest first."""
        return await self._list("/orders", token)

    async def order(self, token: str, order_id: str) -> Json:
        """One of your orders."""
        return await self._object("GET", f"/orders/{order_id}", token)

    async def track(self, order_id: str) -> Json:
        """Where an order is; needs no token."""
        return await self._object("GET", f"/track/{order_id}")

    # --- the call -------------------------------------------------------------------------------

    async def _object(
        self,
        method: str,
        path: str,
        token: str = "",
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        answer = await self._call(method, path, token, body=body, headers=headers)
        return answer if isinstance(answer, dict) else {}

    async def _list(
        self, path: str, token: str = "", query: Mapping[str, object] | None = None
    ) -> list[Json]:
        answer = await self._call("GET", path, token, query=query)
        return answer if isinstance(answer, list) else []

    async def _call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        body: Json | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        all_headers = dict(headers or {})
        if token:
            all_headers["Authorization"] = f"Bearer {token}"
        asked = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            response = await self._client.request(
                method, path, json=body, params=asked, headers=all_headers
            )
        except httpx.TransportError as error:
            raise ConnectionLost(
                "CONNECT_FAILED", f"The shop at {self.base_url} does not answer.", {}
            ) from error
        if response.is_success:
            return response.json() if response.content else None
        raise _problem(response)


def _problem(response: httpx.Response) -> HttpProblem:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {}
    return HttpProblem(
        str(document.get("code", f"HTTP_{response.status_code}")),
        str(document.get("detail", response.reason_phrase)),
        dict(document.get("data") or {}),
        status=response.status_code,
    )
