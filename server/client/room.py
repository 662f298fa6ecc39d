"""What a client knows of the room it is in, kept up to date by events. Pure.

Views are the maps of the protocol (`AvatarView`, `PropView`, `Cart`, ... in MESSAGES.md).
"""

from collections.abc import Callable, Mapping
from typing import Any

from server.wire.pose import POSE_BYTES, Pose, records_of_heads, unpack_pose

View = dict[str, Any]

BATCHES_MAX = 64
"""Pose frames kept before they are merged. Reading poses is rare, receiving them is not."""


class RoomModel:
    """The room as the last event left it; empty before `RoomState`."""

    def __init__(self) -> None:
        self.room_id = ""
        self.avatar_id = 0
        self.avatars: dict[int, View] = {}
        self.props: dict[int, View] = {}
        self.stock: dict[str, View] = {}
        self.offers: dict[int, View] = {}
        self.votes: dict[str, View] = {}
        self.party_id = ""
        self.party_code = ""
        self.party_avatar_ids: tuple[int, ...] = ()
        self.members: list[View] = []
        self.gifts: dict[str, View] = {}
        self.places: dict[str, View] = {}
        self.challenge_url: View | None = None
        self.cart: View | None = None
        self.checkout: View | None = None
        self.recommendations: dict[str, list[View]] = {"you": [], "party": []}
        self.display: list[View] = []
        self.spotlight_product_id = ""
        self.orders: list[View] = []
        self.blocked: dict[str, str] = {}
        self.muted_avatar_ids: set[int] = set()
        self.personal_space_m = 0.0
        self.poses_time_ms = 0
        self._records: dict[int, bytes] = {}
        self._batches: list[bytes] = []
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "RoomState": self._room_state,
            "AvatarEntered": self._avatar_entered,
            "AvatarChanged": self._avatar_changed,
            "AvatarLeft": self._avatar_left,
            "PoseRefused": self._pose_refused,
            "PropChanged": self._prop_changed,
            "OfferMade": self._offer_made,
            "OfferEnded": self._offer_ended,
            "PartyChanged": self._party_changed,
            "VotesChanged": self._votes_changed,
            "CartChanged": self._cart_changed,
            "CheckoutChanged": self._checkout_changed,
            "OrderConfirmed": self._order_confirmed,
            "ChallengeUrl": self._challenge_url,
            "GiftOffered": self._gift_offered,
            "GiftAnswered": self._gift_answered,
            "LinePosition": self._line_position,
            "StockChanged": self._stock_changed,
            "Recommendations": self._recommended,
            "SpotlightChanged": self._spotlight_changed,
        }

    def apply(self, name: str, body: Mapping[str, Any]) -> None:
        """Take a reliable event; one that does not change the model is ignored."""
        handler = self._handlers.get(name)
        if handler is not None:
            handler(body)

    def apply_poses(self, time_ms: int, records: bytes) -> None:
        """Take a Poses body. It is only looked into when somebody asks for a pose."""
        self.poses_time_ms = time_ms
        if len(records) >= len(self.avatars) * POSE_BYTES:
            # Everybody moved: nothing that came before is true any more.
            self._batches.clear()
        self._batches.append(records)
        if len(self._batches) >= BATCHES_MAX:
            self._merge()

    def apply_heads(self, time_ms: int, heads: bytes) -> None:
        """Take a Heads body: others who are far away, or out of sight. Of the own party full
        records come, so its heads are left out. ValueError: not whole heads."""
        self._merge()
        self.poses_time_ms = time_ms
        for avatar_id, record in records_of_heads(heads):
            if avatar_id in self.party_avatar_ids:
                continue
            if record:
                self._records[avatar_id] = record
            else:
                self._records.pop(avatar_id, None)

    # --- reading --------------------------------------------------------------------------------

    @property
    def me(self) -> View | None:
        """Your own avatar."""
        return self.avatars.get(self.avatar_id)

    def pose(self, avatar_id: int) -> Pose | None:
        """Where an avatar is; None when it is out of sight. From afar no hands are told."""
        record = self.record(avatar_id)
        return None if record is None else unpack_pose(record)

    def record(self, avatar_id: int) -> bytes | None:
        """The newest 32 bytes of an avatar."""
        self._merge()
        return self._records.get(avatar_id)

    def available(self, sku: str) -> int | None:
        """How many of a SKU can still be bought; None when the room does not sell it."""
        view = self.stock.get(sku)
        return None if view is None else int(view["available"])

    def avatar_named(self, name: str) -> View | None:
        """The first avatar with this name."""
        return next((view for view in self.avatars.values() if view["name"] == name), None)

    def held_by(self, avatar_id: int) -> list[View]:
        """Props in the hands of an avatar."""
        return [view for view in self.props.values() if view["owner_avatar_id"] == avatar_id]

    # --- events ---------------------------------------------------------------------------------

    def _room_state(self, body: Mapping[str, Any]) -> None:
        self.room_id = body["room_id"]
        self.avatar_id = body["avatar_id"]
        self.avatars = {view["avatar_id"]: view for view in body["avatars"]}
        self.props = {view["prop_id"]: view for view in body["props"]}
        self.stock = {view["sku"]: view for view in body["stock"]}
        self.offers = {view["offer_id"]: view for view in body["offers"]}
        self.votes = {view["product_id"]: view for view in body["votes"]}
        self.party_id = body["party_id"]
        self.party_code = body["party_code"]
        self.party_avatar_ids = tuple(
            view["avatar_id"] for view in body["avatars"] if view["party_id"] == self.party_id
        )
        self.members = list(body.get("members", ()))
        self.gifts = {view["line_id"]: view for view in body.get("gifts", ())}
        self.places = {view["sku"]: view for view in body.get("places", ())}
        self.challenge_url = None
        self.cart = body["cart"]
        self.checkout = body["checkout"]
        self.spotlight_product_id = body["spotlight_product_id"]
        self.recommendations = {"you": [], "party": []}
        self.display = []
        self.blocked = {view["person_id"]: view["name"] for view in body.get("blocked", ())}
        self.muted_avatar_ids = set(body.get("muted_avatar_ids", ()))
        self.personal_space_m = float(body.get("personal_space_m", 0.0))
        self._records.clear()
        self._batches = [body["poses"]]

    def _avatar_entered(self, body: Mapping[str, Any]) -> None:
        self._avatar_changed(body)
        if body["pose"]:
            self._batches.append(body["pose"])

    def _avatar_changed(self, body: Mapping[str, Any]) -> None:
        self.avatars[body["avatar"]["avatar_id"]] = body["avatar"]

    def _avatar_left(self, body: Mapping[str, Any]) -> None:
        self._merge()
        self.avatars.pop(body["avatar_id"], None)
        self.muted_avatar_ids.discard(body["avatar_id"])
        self._records.pop(body["avatar_id"], None)

    def _pose_refused(self, body: Mapping[str, Any]) -> None:
        if body["pose"]:
            self._batches.append(body["pose"])

    def _prop_changed(self, body: Mapping[str, Any]) -> None:
        prop = body["prop"]
        known = self.props.get(prop["prop_id"])
        if known is None or prop["epoch"] >= known["epoch"]:
            self.props[prop["prop_id"]] = prop

    def _offer_made(self, body: Mapping[str, Any]) -> None:
        self.offers[body["offer_id"]] = dict(body)

    def _offer_ended(self, body: Mapping[str, Any]) -> None:
        self.offers.pop(body["offer_id"], None)

    def _party_changed(self, body: Mapping[str, Any]) -> None:
        if body["party_id"] != self.party_id:
            # Another party has another cart, another till and other votes; they follow.
            self.cart = self.checkout = self.challenge_url = None
            self.votes, self.gifts, self.display = {}, {}, []
        self.party_id = body["party_id"]
        self.party_code = body["party_code"]
        self.party_avatar_ids = tuple(body["member_avatar_ids"])
        self.members = list(body.get("members", ()))

    def _votes_changed(self, body: Mapping[str, Any]) -> None:
        self.votes[body["tally"]["product_id"]] = body["tally"]

    def _cart_changed(self, body: Mapping[str, Any]) -> None:
        self.cart = _newer(self.cart, body["cart"], "cart_id")

    def _checkout_changed(self, body: Mapping[str, Any]) -> None:
        self.checkout = _newer(self.checkout, body["checkout"], "checkout_id")

    def _order_confirmed(self, body: Mapping[str, Any]) -> None:
        self.orders.append(dict(body))

    def _challenge_url(self, body: Mapping[str, Any]) -> None:
        self.challenge_url = dict(body)

    def _gift_offered(self, body: Mapping[str, Any]) -> None:
        self.gifts[body["gift"]["line_id"]] = body["gift"]

    def _gift_answered(self, body: Mapping[str, Any]) -> None:
        gift = self.gifts.pop(body["line_id"], None)
        if gift is not None and body["outcome"] == "accepted":
            self.gifts[body["line_id"]] = {**gift, "state": "accepted"}

    def _line_position(self, body: Mapping[str, Any]) -> None:
        place = body["place"]
        self.places.pop(place["sku"], None)
        if place["state"] in ("waiting", "admitted"):
            self.places[place["sku"]] = place

    def _stock_changed(self, body: Mapping[str, Any]) -> None:
        stock = body["stock"]
        self.stock[stock["sku"]] = _newer(self.stock.get(stock["sku"]), stock, "sku")

    def _recommended(self, body: Mapping[str, Any]) -> None:
        if body["scope"] == "display":
            pairs = zip(body["items"], body["places"], strict=False)
            self.display = [{**item, **place} for item, place in pairs]
        else:
            self.recommendations[body["scope"]] = list(body["items"])

    def _spotlight_changed(self, body: Mapping[str, Any]) -> None:
        self.spotlight_product_id = body["product_id"]

    def _merge(self) -> None:
        for records in self._batches:
            for at in range(0, len(records), POSE_BYTES):
                record = records[at : at + POSE_BYTES]
                self._records[int.from_bytes(record[:2], "little")] = record
        self._batches.clear()


def _newer(known: View | None, told: View, identity: str) -> View:
    """The newer of two views of one thing; a view of another thing replaces the known one."""
    if known is None or known[identity] != told[identity] or told["version"] >= known["version"]:
        return told
    return known
