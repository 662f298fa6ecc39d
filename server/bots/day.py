"""A bot's day: what to do next, again and again, until the store closes."""

import asyncio
from collections.abc import Awaitable, Callable

from server.bots.outings import (
    go_alone,
    join_rush,
    lose_connection,
    meet_friends,
    step_out,
    wander,
)
from server.bots.shelf import answer_offer, browse
from server.bots.shopper import Shopper
from server.bots.till import change_mind, check_out
from server.bots.together import part_due, pay_part

Act = Callable[[Shopper], Awaitable[None]]
LINES_FULL = 4
FULL_ROOM_PAUSE_S = 5.0


async def spend_day(me: Shopper) -> None:
    """Come in, shop, go. An outcome that must not happen ends this bot's day and is reported."""
    try:
        if not await me.arrive():
            return
        while not me.world.closing.is_set():
            if not me.inside and not await me.enter():
                await me.pause(FULL_ROOM_PAUSE_S)
                continue
            offer = me.next_offer()
            if offer is not None:
                await answer_offer(me, *offer)
            elif not await join_rush(me):
                await _choose(me)(me)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - one bot's trouble is a finding, not the end of the run
        me.world.tally.surprise(f"{type(error).__name__}: {error}")
    finally:
        await me.go_home()


def _choose(me: Shopper) -> Act:
    """The next act, by chance and character."""
    who = me.personality
    lines = len(me.sight.my_lines())
    acts: list[tuple[Act, float]] = [
        (browse, 6.0),
        (wander, 0.6),
        (check_out, 1.2 * min(lines, LINES_FULL) if me.sight.till_is_free() else 0.0),
        (pay_part, 20.0 if part_due(me) is not None else 0.0),
        (change_mind, who.thrift if lines else 0.0),
        (lose_connection, who.carelessness * 3),
        (step_out, who.carelessness),
        (go_alone if me.in_party else meet_friends, 0.15 if me.in_party else who.sociability * 5),
    ]
    return me.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
