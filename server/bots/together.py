"""Paying together: divide the total, pay one's part, wait for friends, and help them out."""

import uuid
from collections.abc import Mapping
from typing import Any

from server.bots.personality import draw_card
from server.bots.shopper import Shopper

View = dict[str, Any]

SPLIT_CHANCE = 0.5
PLANS = ("equal", "own_lines")
REJECT_CHANCE = 0.15
FRIENDS_LIMIT_S = 8.0
# Reconcile asks a silent gateway again after some seconds.
SETTLED_LIMIT_S = 40.0


def wants_to_split(me: Shopper) -> bool:
    """Whether there is somebody to divide the total with, and we feel like it."""
    return len(me.client.room.party_avatar_ids) > 1 and me.chance.random() < SPLIT_CHANCE


def part_due(me: Shopper) -> View | None:
    """The shared checkout of our party, if there is one of which we still have to pay our part."""
    checkout = me.client.room.checkout
    if checkout is None or not checkout.get("shares"):
        return None
    open_to_pay = checkout["state"] in ("locked", "paying") and checkout["due_minor"] > 0
    return checkout if open_to_pay else None


async def pay_together(me: Shopper, checkout_id: str) -> bool:
    """Divide the total and see it through; whether it was paid. What nobody pays we pay too."""
    divided = await me.ask(
        "split", "SplitCheckout", checkout_id=checkout_id, plan=me.chance.choice(PLANS)
    )
    if divided is None:
        return False
    await me.checkout_when(checkout_id, lambda view: bool(view["shares"]), FRIENDS_LIMIT_S)
    for help_out in (False, True):
        if help_out:
            await _cover_the_rest(me)
        if part_due(me) is not None:
            await pay_part(me)
        over = await me.checkout_when(
            checkout_id,
            lambda view: view["state"] in ("paid", "released"),
            FRIENDS_LIMIT_S / me.world.haste,
        )
        if over is not None:
            return bool(over["state"] == "paid")
    await me.ask("give up", "GiveUpPayment", checkout_id=checkout_id)
    return False


async def _cover_the_rest(me: Shopper) -> None:
    checkout = me.client.room.checkout or {}
    for share in checkout.get("shares", ()):
        others = share["person_id"] != me.client.person_id and not share["covered_by_person_id"]
        if others and share["state"] == "open":
            await me.ask(
                "cover",
                "CoverShare",
                checkout_id=checkout["checkout_id"],
                person_id=share["person_id"],
            )


async def pay_part(me: Shopper) -> None:
    """Pay our part of the shared checkout, with everything that can come in between."""
    checkout = part_due(me)
    if checkout is None:
        return
    checkout_id = str(checkout["checkout_id"])
    paid = await me.ask(
        "pay part",
        "Pay",
        checkout_id=checkout_id,
        expected_total_minor=checkout["part_minor"],
        payment_method=draw_card(me.chance),
        idempotency_key=f"bot-{uuid.uuid4()}",
    )
    if paid is None or paid["state"] != "paying":
        return
    person_id = me.client.person_id
    answered = await me.checkout_when(
        checkout_id, lambda view: _is_clear(view, person_id), SETTLED_LIMIT_S
    )
    if answered is not None and _is_asked(answered, person_id):
        await me.pause(me.chance.uniform(0.5, 2.0))
        await me.ask(
            "confirm",
            "ConfirmPayment",
            checkout_id=checkout_id,
            challenge_id=answered["challenge_id"],
            response="reject" if me.chance.random() < REJECT_CHANCE else "approve",
        )


def _is_asked(view: Mapping[str, Any], person_id: str) -> bool:
    return bool(view["challenge_id"]) and view["challenge_person_id"] == person_id


def _is_clear(view: Mapping[str, Any], person_id: str) -> bool:
    """Whether it is known how our part stands: promised, asked about, or over for all."""
    mine = [share for share in view["shares"] if share["person_id"] == person_id]
    promised = all(share["state"] == "authorised" for share in mine)
    return view["state"] != "paying" or promised or _is_asked(view, person_id)
