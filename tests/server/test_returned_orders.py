"""A refund of a whole order reaches the recommender, as far as the purchase is known there."""

import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

from commerce import Commerce
from recommender.interactions import ConsentClass, Interaction, Product, Signal
from recommender.service import RecommenderService
from server.blocks import Blocks
from server.config import Settings
from server.effects import EffectLimits, EffectRunner
from server.feed import CommerceFeed
from server.observe.metrics import Metrics
from server.parties import Parties
from tests.commerce.shops import TurnedClock, bought, open_shop

MUG = "stoneware-mug"
PERSONAL = frozenset({ConsentClass.PERSONAL})


class Told:
    """Shop, recommender and the feed between them; there are no rooms."""

    def __init__(self, shop: Commerce, recommender: RecommenderService, blocks: Blocks) -> None:
        self.shop, self.recommender, self.blocks = shop, recommender, blocks
        self.clock = TurnedClock()
        effects = EffectRunner(
            shop, recommender, Parties(self.clock), self.clock, lambda *_: None, EffectLimits(),
            Metrics(), blocks,
        )  # fmt: skip
        self.feed = CommerceFeed(
            shop,
            recommender,
            effects,
            rooms_with_party=lambda _: (),
            rooms_with_product=lambda _: (),
            submit=lambda *_: None,
            product_names={},
        )

    async def order(self, person: str, *, remembered: bool) -> str:
        """Buy a mug; the order."""
        paid = await bought(self.shop, person)
        if remembered:
            self.recommender.observe(Interaction(person, MUG, Signal.BUY, self.clock(), PERSONAL))
        assert paid.order_id is not None
        return paid.order_id

    async def refund(self, order_id: str, amount_minor: int | None = None) -> None:
        key = f"refund-{order_id}-{amount_minor}"
        await self.shop.refund("staff", order_id, idempotency_key=key, amount_minor=amount_minor)
        await self.shop.reconcile()

    async def tell(self) -> None:
        """Let the feed hear everything and do what follows."""
        stop = self.shop.subscribe(self.feed.consume)
        await self.shop.dispatch()
        stop()
        await self.feed.take_returns()
        await self.recommender.flush()


def returns_in(folder: Path) -> list[tuple[str, str]]:
    url = Settings.load(data_dir=folder).recommender_settings().database_url
    connection = sqlite3.connect(url.partition("///")[2])
    found = connection.execute(
        "SELECT person_id, product_id FROM recommender_interaction WHERE signal = 'return'"
    ).fetchall()
    connection.close()
    return found


async def opened(stack: AsyncExitStack, folder: Path) -> Told:
    shop = await stack.enter_async_context(open_shop(folder, TurnedClock()))
    chosen = Settings.load(data_dir=folder).recommender_settings()
    recommender = await RecommenderService.open(chosen, TurnedClock())
    stack.push_async_callback(recommender.close)
    await recommender.set_catalogue([Product(MUG, "Mug", "", "tableware", "", (), 1_490)])
    blocks = await stack.enter_async_context(Blocks(folder / "blocks", TurnedClock()))
    return Told(shop, recommender, blocks)


async def test_a_refund_of_everything_is_a_return_of_what_is_known(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        told = await opened(stack, tmp_path)
        known = await told.order("ada", remembered=True)
        unknown = await told.order("bert", remembered=False)
        part = await told.order("cleo", remembered=True)
        await told.refund(known)
        await told.refund(unknown)
        await told.refund(part, 100)
        await told.tell()
        assert returns_in(tmp_path) == [("ada", MUG)]
        # News come at least once.
        await told.tell()
        assert returns_in(tmp_path) == [("ada", MUG)]


async def test_an_order_of_before_the_start_is_a_return_too(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        told = await opened(stack, tmp_path)
        order_id = await told.order("ada", remembered=True)
        other = await told.order("bert", remembered=True)
        await told.tell()
    async with AsyncExitStack() as stack:
        told = await opened(stack, tmp_path)
        await told.refund(order_id, 100)
        await told.refund(order_id)
        await told.refund(other, 100)
        await told.tell()
        assert returns_in(tmp_path) == [("ada", MUG)]


async def test_one_order_is_returned_once_however_often_money_went_back(tmp_path: Path) -> None:
    """Of two mugs that were bought one by one, one came back."""
    async with AsyncExitStack() as stack:
        told = await opened(stack, tmp_path)
        order_id = await told.order("ada", remembered=True)
        await told.order("ada", remembered=True)
        await told.refund(order_id, 100)
        await told.refund(order_id)
        await told.tell()
        assert returns_in(tmp_path) == [("ada", MUG)]


async def test_the_returns_of_somebody_erased_are_nobodys(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        told = await opened(stack, tmp_path)
        order_id = await told.order("ada", remembered=True)
        await told.shop.erasures.erase("ada")
        await told.refund(order_id)
        await told.tell()
        assert returns_in(tmp_path) == []
