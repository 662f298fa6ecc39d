"""What a shopper sees: the room model of its client, asked as a person would ask."""

import math
from typing import Any

from server.bots.floor import Point
from server.bots.motion import Body, Vector
from server.client.client import GalleriaClient

View = dict[str, Any]


class Sight:
    """Eyes of a body. Nothing here changes anything."""

    def __init__(self, client: GalleriaClient, body: Body) -> None:
        self._client = client
        self._body = body

    def distance_to(self, point: Point) -> float:
        return math.dist(self._body.position, point)

    def available(self) -> dict[str, int]:
        """What is left of every SKU, as the room says."""
        return {sku: int(view["available"]) for sku, view in self._client.room.stock.items()}

    def recommended(self) -> list[str]:
        """Products recommended to us or to our party."""
        lists = self._client.room.recommendations
        return [str(item["product_id"]) for items in lists.values() for item in items]

    def prop_of(self, product_id: str) -> int | None:
        """The prop of a product, if it stands on its slot."""
        for prop in self._client.room.props.values():
            if prop["product_id"] == product_id and not prop["owner_avatar_id"]:
                return int(prop["prop_id"])
        return None

    def epoch_of_mine(self, prop_id: int) -> int | None:
        """The epoch of a prop in our hand; None when it is not ours."""
        prop = self._client.room.props.get(prop_id)
        if prop is None or prop["owner_avatar_id"] != self._client.avatar_id:
            return None
        return int(prop["epoch"])

    def head_of(self, avatar_id: int) -> Vector | None:
        """Where somebody's head is."""
        pose = self._client.room.pose(avatar_id)
        return None if pose is None else pose.head

    def nearest(self, radius_m: float) -> int | None:
        """The nearest other person within a radius."""
        here, me = self._body.position, self._client.avatar_id
        best: tuple[float, int] | None = None
        for avatar_id, view in self._client.room.avatars.items():
            head = None if avatar_id == me else self.head_of(avatar_id)
            if head is None or view["presence"] != "here":
                continue
            distance = math.dist(here, (head[0], head[2]))
            if distance <= radius_m and (best is None or distance < best[0]):
                best = (distance, avatar_id)
        return None if best is None else best[1]

    def my_lines(self) -> list[View]:
        """Lines of the cart that we put in."""
        cart = self._client.room.cart
        if cart is None:
            return []
        return [line for line in cart["lines"] if line["owner_person_id"] == self._client.person_id]

    def till_is_free(self) -> bool:
        """Whether nobody of the party is paying."""
        cart = self._client.room.cart
        return cart is not None and not cart["checkout_id"]
