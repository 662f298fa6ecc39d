"""Everything somebody can do in a room, by name and with types.

Each method sends one request and returns its answer; RequestRefused when the room says no. What a
request does is described with its message in MESSAGES.md.
"""

import secrets
from collections.abc import Sequence

from server.client.actions_together import Answer, TogetherActions
from server.client.errors import ClientError

ANY_TOTAL = -1


class Actions(TogetherActions):
    """The verbs of a client; they need only a way to send a request, and the room model."""

    # --- presence -------------------------------------------------------------------------------

    async def teleport(self, position: Sequence[float], yaw_degrees: float) -> None:
        """Jump to a free point of the floor, metres."""
        await self.request("Teleport", position=list(position), yaw_degrees=float(yaw_degrees))

    async def set_consent(self, classes: Sequence[str]) -> None:
        """Change what may leave the room about you."""
        await self.request("SetConsent", classes=list(classes))

    # --- safety ---------------------------------------------------------------------------------

    async def block(self, avatar_id: int) -> str:
        """Never meet somebody again, in any room; their person id, for `unblock`."""
        name = self.room.avatars.get(avatar_id, {}).get("name", "")
        answer = await self.request("Block", other_avatar_id=avatar_id)
        person_id = str(answer["person_id"])
        self.room.blocked[person_id] = name
        return person_id

    async def unblock(self, person_id: str) -> None:
        """Take a block back."""
        await self.request("Unblock", person_id=person_id)
        self.room.blocked.pop(person_id, None)

    async def mute(self, avatar_id: int) -> None:
        """Do not hear somebody on this visit."""
        await self.request("Mute", other_avatar_id=avatar_id)
        self.room.muted_avatar_ids.add(avatar_id)

    async def unmute(self, avatar_id: int) -> None:
        """Hear them again."""
        await self.request("Unmute", other_avatar_id=avatar_id)
        self.room.muted_avatar_ids.discard(avatar_id)

    async def set_personal_space(self, radius_m: float) -> None:
        """The radius of your bubble, metres; 0: none."""
        await self.request("SetPersonalSpace", radius_m=float(radius_m))
        self.room.personal_space_m = float(radius_m)

    async def retreat(self) -> Answer:
        """Be away from people at once: position and yaw_degrees to go to."""
        return await self.request("Retreat")

    # --- party ----------------------------------------------------------------------------------

    async def create_party(self) -> str:
        """Open a party; its code for friends."""
        return str((await self.request("CreateParty"))["party_code"])

    async def join_party(self, code: str) -> str:
        """Join a party by its code; its id."""
        return str((await self.request("JoinParty", code=code))["party_id"])

    async def leave_party(self) -> None:
        """Go on alone."""
        await self.request("LeaveParty")

    async def vote(self, product_id: str, choice: int) -> None:
        """-1 no, 0 take back, 1 yes."""
        await self.request("Vote", product_id=product_id, choice=choice)

    # --- props ----------------------------------------------------------------------------------

    async def grab(self, prop_id: int, hand: str = "right") -> int:
        """Pick a product up; your ownership epoch."""
        return int((await self.request("Grab", prop_id=prop_id, hand=hand))["epoch"])

    async def put_back(self, prop_id: int, epoch: int | None = None) -> None:
        """Put it back on its slot. The epoch is the one the room model knows, unless given."""
        await self.request("PutBack", prop_id=prop_id, epoch=self._epoch(prop_id, epoch))

    async def offer(self, prop_id: int, to_avatar_id: int, epoch: int | None = None) -> int:
        """Hold a product out to somebody; the id of the offer."""
        answer = await self.request(
            "OfferProp",
            prop_id=prop_id,
            epoch=self._epoch(prop_id, epoch),
            to_avatar_id=to_avatar_id,
        )
        return int(answer["offer_id"])

    async def accept(self, offer_id: int) -> Answer:
        """Take what is held out to you: prop_id and epoch."""
        return await self.request("AcceptOffer", offer_id=offer_id)

    async def decline(self, offer_id: int) -> None:
        """Do not take it, or take your own offer back."""
        await self.request("DeclineOffer", offer_id=offer_id)

    # --- shopping -------------------------------------------------------------------------------

    async def add_to_cart(self, sku: str, quantity: int = 1) -> int:
        """Put a SKU into the party's cart; the version of the cart that has it."""
        answer = await self.request("AddToCart", sku=sku, quantity=quantity)
        return int(answer["cart_version"])

    async def set_quantity(self, line_id: str, quantity: int) -> int:
        """Change a line; the version of the cart."""
        answer = await self.request("SetQuantity", line_id=line_id, quantity=quantity)
        return int(answer["cart_version"])

    async def remove_from_cart(self, line_id: str) -> int:
        """Remove a line; the version of the cart."""
        return int((await self.request("RemoveFromCart", line_id=line_id))["cart_version"])

    async def lock(self, expected_total_minor: int = ANY_TOTAL) -> Answer:
        """Lock the checkout: checkout_id, total_minor, currency, expires_ms."""
        return await self.request("LockCheckout", expected_total_minor=expected_total_minor)

    async def unlock(self, checkout_id: str | None = None) -> None:
        """Give the lock back."""
        await self.request("UnlockCheckout", checkout_id=self._checkout_id(checkout_id))

    async def pay(
        self,
        payment_method: str,
        *,
        checkout_id: str | None = None,
        expected_total_minor: int | None = None,
        idempotency_key: str | None = None,
        amount_minor: int = 0,
    ) -> Answer:
        """Pay the locked checkout, or your part of it: state and order_id. The total is what you
        pay in all, as the room told it, unless given; `amount_minor` is how much of it with this
        method (0: all that is due).

        Every call without a key is an attempt of its own. To ask again about an attempt whose
        answer was lost, pass its key: one key is charged once.
        """
        if expected_total_minor is None:
            checkout = self.room.checkout or {}
            seen = "part_minor" if "part_minor" in checkout else "total_minor"
            expected_total_minor = int(checkout.get(seen, 0))
        return await self.request(
            "Pay",
            checkout_id=self._checkout_id(checkout_id),
            expected_total_minor=expected_total_minor,
            payment_method=payment_method,
            idempotency_key=idempotency_key or secrets.token_hex(16),
            amount_minor=amount_minor,
        )

    async def confirm_payment(
        self, response: str, *, checkout_id: str | None = None, challenge_id: str | None = None
    ) -> Answer:
        """Answer the open payment challenge with "approve" or "reject": state and order_id."""
        if challenge_id is None:
            challenge_id = str((self.room.checkout or {}).get("challenge_id", ""))
        return await self.request(
            "ConfirmPayment",
            checkout_id=self._checkout_id(checkout_id),
            challenge_id=challenge_id,
            response=response,
        )

    # --- staff ----------------------------------------------------------------------------------

    async def spotlight(self, product_id: str) -> None:
        """Pin a product for all; empty: none. Hosts only."""
        await self.request("Spotlight", product_id=product_id)

    async def gather(self) -> int:
        """Invite all around you; how many got a spot. Hosts only."""
        return int((await self.request("Gather"))["invited"])

    def _epoch(self, prop_id: int, epoch: int | None) -> int:
        if epoch is not None:
            return epoch
        prop = self.room.props.get(prop_id)
        if prop is None:
            raise ClientError("PROP_NOT_FOUND", "This room has no such prop.", {"prop_id": prop_id})
        return int(prop["epoch"])
