"""At a shelf: look, vote, pick up, try to give it to somebody, put back, or into the cart."""

from server.bots.floor import Shelf
from server.bots.motion import Hands
from server.bots.shopper import Shopper

OFFER_RADIUS_M = 3.5
OFFER_TTL_S = 10.0
ADD_CHANCE = 0.35
VOTE_CHANCE = 0.3
STEP_ASIDE_M = 0.35
# People prefer what is near: a shelf so far away is half as likely.
NEAR_M = 8.0


def choose_shelf(me: Shopper) -> Shelf | None:
    """By taste and by distance; what was recommended pulls four times as much."""
    shelves = me.world.floor.shelves
    if not shelves:
        return None
    recommended = set(me.sight.recommended())
    weights = []
    for shelf in shelves:
        taste = me.personality.taste(me.world.departments.get(shelf.product_id, ""))
        near = NEAR_M / (NEAR_M + me.sight.distance_to(shelf.stand))
        weights.append(taste * near * (4.0 if shelf.product_id in recommended else 1.0))
    return me.chance.choices(shelves, weights)[0]


async def browse(me: Shopper) -> None:
    """Go to a shelf and spend some time there."""
    shelf = choose_shelf(me)
    if shelf is None or not await go_to(me, shelf):
        return
    await look(me, shelf)
    if me.chance.random() < VOTE_CHANCE:
        choice = me.chance.choices((1, -1, 0), (6, 2, 1))[0]
        await me.ask("vote", "Vote", product_id=shelf.product_id, choice=choice)
    if me.chance.random() < me.personality.curiosity:
        await pick_up(me, shelf)
    elif me.chance.random() < ADD_CHANCE / 2:
        await add_to_cart(me, shelf)
    await me.gaze("")


async def go_to(me: Shopper, shelf: Shelf) -> bool:
    """Walk before a shelf, each to a place a little beside the others."""
    aside = (me.chance.uniform(-STEP_ASIDE_M, STEP_ASIDE_M) for _ in range(2))
    stand = (shelf.stand[0] + next(aside), shelf.stand[1] + next(aside))
    return await me.walk_to(stand)


async def look(me: Shopper, shelf: Shelf) -> None:
    """Rest the gaze on a product for as long as it interests."""
    me.body.look_at(shelf.position)
    await me.gaze(shelf.product_id)
    await me.pause(me.personality.patience_s * me.chance.uniform(0.5, 1.5))


async def pick_up(me: Shopper, shelf: Shelf) -> None:
    """Take the product into the right hand, inspect it, and let it go again, one way or another."""
    prop_id = me.sight.prop_of(shelf.product_id)
    if prop_id is None:
        return
    answer = await me.ask("grab", "Grab", prop_id=prop_id, hand="right")
    if answer is None:
        return
    me.body.hands = Hands.HOLDING
    await me.pause(me.personality.patience_s * me.chance.uniform(0.4, 1.0))
    if me.chance.random() < me.personality.generosity:
        await offer(me, prop_id, int(answer["epoch"]))
    elif me.chance.random() < ADD_CHANCE:
        await add_to_cart(me, shelf)
    await put_back(me, prop_id)


async def put_back(me: Shopper, prop_id: int) -> None:
    """Put it back if it is still in this hand: somebody may have taken it from us."""
    epoch = me.sight.epoch_of_mine(prop_id)
    me.body.hands = Hands.FREE
    if epoch is not None:
        await me.ask("put back", "PutBack", prop_id=prop_id, epoch=epoch)


async def offer(me: Shopper, prop_id: int, epoch: int) -> None:
    """Hold it out to the nearest person and see what happens."""
    neighbour = me.sight.nearest(OFFER_RADIUS_M)
    if neighbour is None:
        return
    me.body.look_at(me.sight.head_of(neighbour))
    me.body.hands = Hands.OFFERING
    answer = await me.ask(
        "offer", "OfferProp", prop_id=prop_id, epoch=epoch, to_avatar_id=neighbour
    )
    if answer is not None:
        patience = OFFER_TTL_S if me.chance.random() < 0.5 else me.personality.patience_s * 2
        await me.offer_over(int(answer["offer_id"]), patience)
        if me.sight.epoch_of_mine(prop_id) is not None and me.chance.random() < 0.5:
            # Nobody took it in time: take the offer back, as one lowers the arm.
            await me.ask("decline", "DeclineOffer", offer_id=int(answer["offer_id"]))
    me.body.hands = Hands.HOLDING if me.sight.epoch_of_mine(prop_id) is not None else Hands.FREE


async def answer_offer(me: Shopper, offer_id: int, prop_id: int, from_avatar_id: int) -> None:
    """Somebody holds something out: think, then take it or not; now and then just stare."""
    me.body.look_at(me.sight.head_of(from_avatar_id))
    await me.pause(me.chance.uniform(0.4, 2.0))
    mood = me.chance.random()
    if mood < 0.1:
        return
    if mood < 0.1 + 0.9 * me.personality.sociability and me.body.hands is Hands.FREE:
        if await me.ask("accept", "AcceptOffer", offer_id=offer_id) is not None:
            me.body.hands = Hands.HOLDING
            await me.pause(me.personality.patience_s)
            await put_back(me, prop_id)
        return
    await me.ask("decline", "DeclineOffer", offer_id=offer_id)


async def add_to_cart(me: Shopper, shelf: Shelf, action: str = "add to cart") -> bool:
    """One piece of a colour or size that is there, or of any if the shelf looks empty."""
    if not shelf.skus:
        return False
    available = me.sight.available()
    there = [sku for sku in shelf.skus if available.get(sku, 0) > 0]
    sku = me.chance.choice(there or list(shelf.skus))
    return await add_sku(me, sku, action)


async def add_sku(me: Shopper, sku: str, action: str, quantity: int = 0) -> bool:
    """Ask for some of a SKU; a quantity of 0 is drawn."""
    quantity = quantity or me.chance.choices((1, 2, 3), (8, 2, 1))[0]
    return await me.ask(action, "AddToCart", sku=sku, quantity=quantity) is not None
