"""At the till: lock, pay with a card that works or does not, try again, give up, think again;
now and then the party divides the total."""

import uuid
from typing import Any

from server.bots.personality import CARD_SUCCESS, draw_card
from server.bots.shopper import Shopper
from server.bots.together import pay_together, wants_to_split

TRIES_MAX = 3
UNLOCK_CHANCE = 0.1
REJECT_CHANCE = 0.15
CHALLENGE_LIMIT_S = 5.0
# Reconcile asks a silent gateway again after some seconds.
SETTLED_LIMIT_S = 40.0
ANY_TOTAL = -1


async def check_out(me: Shopper) -> None:
    """Lock the cart and pay it, with everything that can come in between."""
    locked = await me.ask("lock", "LockCheckout", expected_total_minor=ANY_TOTAL)
    if locked is None:
        return
    checkout_id, total_minor = str(locked["checkout_id"]), int(locked["total_minor"])
    await me.pause(me.chance.uniform(0.5, 2.0))
    if me.chance.random() < UNLOCK_CHANCE:
        await me.ask("unlock", "UnlockCheckout", checkout_id=checkout_id)
        return
    if wants_to_split(me):
        if await pay_together(me, checkout_id):
            me.world.tally.done("buy")
        else:
            await me.ask("unlock", "UnlockCheckout", checkout_id=checkout_id)
        return
    for attempt in range(TRIES_MAX):
        # After a declined card people take the one that works.
        card = draw_card(me.chance) if attempt == 0 else CARD_SUCCESS
        state = await _pay(me, checkout_id, total_minor, card)
        if state != "locked":
            return
        await me.pause(me.chance.uniform(0.5, 1.5))
    await me.ask("unlock", "UnlockCheckout", checkout_id=checkout_id)


async def _pay(me: Shopper, checkout_id: str, total_minor: int, card: str) -> str:
    """One try; the state of the checkout after it, or "gone"."""
    paid = await me.ask(
        "pay",
        "Pay",
        checkout_id=checkout_id,
        expected_total_minor=total_minor,
        payment_method=card,
        idempotency_key=f"bot-{uuid.uuid4()}",
    )
    if paid is None:
        return "gone"
    state = str(paid["state"])
    if state == "paying":
        state = await _finish(me, checkout_id)
    if state == "paid":
        me.world.tally.done("buy")
    return state


async def _finish(me: Shopper, checkout_id: str) -> str:
    """Answer the bank's question, or wait until a silent gateway has been asked again."""
    checkout = await me.checkout_when(
        checkout_id, lambda view: bool(view["challenge_id"] or view["in_doubt"]), CHALLENGE_LIMIT_S
    )
    if checkout is not None and checkout["challenge_id"] and checkout["state"] == "paying":
        await me.pause(me.chance.uniform(0.5, 2.0))
        rejects = me.chance.random() < REJECT_CHANCE
        confirmed = await me.ask(
            "confirm",
            "ConfirmPayment",
            checkout_id=checkout_id,
            challenge_id=checkout["challenge_id"],
            response="reject" if rejects else "approve",
        )
        if confirmed is None:
            return "gone"
        if confirmed["state"] != "paying":
            return str(confirmed["state"])
    settled = await me.checkout_when(checkout_id, _is_settled, SETTLED_LIMIT_S)
    if settled is None:
        me.world.tally.surprise(f"payment not settled in {SETTLED_LIMIT_S:.0f} s")
        return "gone"
    return str(settled["state"])


def _is_settled(view: dict[str, Any]) -> bool:
    return bool(view["state"] != "paying")


async def change_mind(me: Shopper) -> None:
    """Take one of one's own lines out of the cart again."""
    lines = me.sight.my_lines()
    if lines:
        await me.ask("remove line", "RemoveFromCart", line_id=me.chance.choice(lines)["line_id"])
