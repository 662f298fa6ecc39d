"""Coming and going: parties with friends, lost connections, a walk outside, and the rush for the
last piece."""

import asyncio
import time
from contextlib import suppress

from server.bots.motion import Hands
from server.bots.shelf import add_sku, go_to, look
from server.bots.shopper import Shopper

STAY_OUT_S = (0.5, 3.0)


async def meet_friends(me: Shopper) -> None:
    """Open the group's party, or join it by the code that a friend has told."""
    friends, number = me.world.friends, me.number
    if friends.alone(number):
        return
    code = friends.code(number)
    if not code:
        created = await me.ask("create party", "CreateParty")
        if created is not None:
            me.in_party = True
            friends.tell(number, str(created["party_code"]))
        return
    if await me.ask("join party", "JoinParty", code=code) is not None:
        me.in_party = True
    elif friends.code(number) == code:
        # It is full or gone; the next one to meet friends opens a new one.
        friends.tell(number, "")


async def go_alone(me: Shopper) -> None:
    """Leave the party; one's own lines come along."""
    if await me.ask("leave party", "LeaveParty") is not None:
        me.in_party = False


async def lose_connection(me: Shopper) -> None:
    """Drop the socket in the middle of things and take the session up again."""
    await me.drop()


async def step_out(me: Shopper) -> None:
    """Say goodbye to the room, and come back a little later with the same cart."""
    me.body.stop()
    me.body.hands = Hands.FREE
    if not await me.leave():
        return
    await asyncio.sleep(me.chance.uniform(*STAY_OUT_S))
    await me.enter()


async def wander(me: Shopper) -> None:
    """Stroll to another department."""
    waypoints = me.world.floor.waypoints
    if waypoints:
        x, z = me.chance.choice(waypoints)
        await me.walk_to((x + me.chance.uniform(-1.2, 1.2), z + me.chance.uniform(-1.2, 1.2)))
        await me.pause(me.personality.patience_s)


async def join_rush(me: Shopper) -> bool:
    """Run for the last piece if there is a call: everybody reaches for it at the same moment."""
    call = me.world.rush.look(time.monotonic(), me.sight.available())
    if call is None or call.sku in me.rushed_for:
        return False
    me.rushed_for.add(call.sku)
    shelf = me.world.by_sku.get(call.sku)
    if shelf is None or me.chance.random() < 0.3:
        return False
    # Whoever is still on the way then reaches for it on the phone while walking.
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.1, call.due_s - time.monotonic())):
            if await go_to(me, shelf):
                await look(me, shelf)
    await asyncio.sleep(max(0.0, call.due_s - time.monotonic()))
    await add_sku(me, call.sku, "race for the last", quantity=1)
    return True
