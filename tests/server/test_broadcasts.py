"""What a party is shown of a checkout tells nobody what a gift costs, what a bank said, or a code.

Real shop, real effects and feed; only the rooms are left out: what would go to them is looked at.
"""

import asyncio
import itertools
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce import CartView, Commerce, CommerceError, OrderPaid, StoreBusyError
from commerce.payment import NOT_FOR_OTHERS, PUBLIC_FAILURES
from commerce.payments.test_cards import ASKS, DECLINES, PAYS
from recommender.service import RecommenderService
from rooms import commands
from rooms.basket import Checkout
from rooms.commands import Command
from rooms.effects import AnswerChallenge, PersonEffect, StartPayment
from server.blocks import Blocks
from server.config import Settings
from server.effects import EffectLimits, EffectRunner
from server.feed import CommerceFeed
from server.observe.metrics import Metrics
from server.parties import Parties
from tests.commerce.shops import BLUE, BOWL, LAMP, PRICE, TurnedClock, add, lock, open_shop

PEOPLE = ("ada", "bert", "cleo")
GOODS = dict(zip(PEOPLE, (BLUE, BOWL, LAMP), strict=True))
TOTAL_MINOR = sum(PRICE[sku] for sku in GOODS.values())
ROOM = "grand-hall"
NOT_A_BANKS = {"", NOT_FOR_OTHERS.code, *PUBLIC_FAILURES}
TOLD_LIMIT_S = 10.0

_numbers = itertools.count(1)


@dataclass
class Party:
    """Three people with one cart, each with one thing in it, which may be a gift."""

    names: dict[str, str]
    gifts: dict[str, str]
    secrets: set[str] = field(default_factory=set)

    def price_of_gifts(self, receivers: set[str]) -> dict[str, int]:
        """What gifts for these people cost, by who gives them."""
        return {giver: PRICE[GOODS[giver]] for giver, to in self.gifts.items() if to in receivers}


class Watched:
    """Effects and feed of a shop; `told` is what rooms would be told."""

    def __init__(self, shop: Commerce, recommender: RecommenderService, blocks: Blocks) -> None:
        self.shop = shop
        self.told: list[Command] = []
        self.order_told = asyncio.Event()
        clock = TurnedClock()
        parties = Parties(clock)
        self.effects = EffectRunner(
            shop, recommender, parties, clock, self._submit, EffectLimits(), Metrics(), blocks
        )
        self.feed = CommerceFeed(
            shop,
            recommender,
            self.effects,
            rooms_with_party=lambda _party_id: (ROOM,),
            rooms_with_product=lambda _product_id: (),
            submit=self._submit,
            product_names={},
        )

    def _submit(self, _room_id: str, command: Command) -> None:
        self.told.append(command)
        if isinstance(command, commands.OrderPaid):
            self.order_told.set()

    async def do(self, effect: PersonEffect) -> None:
        """Perform an effect and everything that comes of it."""
        self.effects.run(ROOM, effect)
        await self.effects.drain()

    async def feed_order(self) -> None:
        """Let the feed tell of a paid order."""
        paid = list[OrderPaid]()
        stop = [
            self.shop.subscribe(self.feed.consume),
            self.shop.subscribe(lambda e: paid.append(e) if isinstance(e, OrderPaid) else None),
        ]
        await self.shop.dispatch()
        for leave in stop:
            leave()
        if paid:
            async with asyncio.timeout(TOLD_LIMIT_S):
                feeding = asyncio.create_task(self.feed.run())
                await self.order_told.wait()
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


def numbers_in(value: Any) -> set[int]:
    """Every whole number in a value."""
    if isinstance(value, dict):
        return set().union(*(numbers_in(entry) for entry in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(numbers_in(entry) for entry in value))
    return {value} if isinstance(value, int) and not isinstance(value, bool) else set()


def check_public(party: Party, told: list[Command]) -> None:
    """Nothing in what everybody gets tells a price of a gift, a bank's word or a secret."""
    gifts = party.price_of_gifts(set(party.names.values()))
    rest_minor = TOTAL_MINOR - sum(gifts.values())
    for command in told:
        if isinstance(command, commands.CheckoutUpdated):
            check_shown(party, command.checkout, gifts, rest_minor)
            assert command.checkout.failure_code in NOT_A_BANKS
            assert "EUR" not in command.checkout.challenge_text
            for own in command.own:
                check_own(party, own.person_id, own.checkout)
        if isinstance(command, commands.OrderPaid):
            assert command.total_minor == rest_minor
        if isinstance(command, commands.CheckoutUpdated | commands.OrderPaid):
            text = repr(command)
            assert not [secret for secret in party.secrets if secret in text]
            assert "http" not in text


def check_own(party: Party, person_id: str, shown: Checkout) -> None:
    """What one person gets beside that tells them nothing of gifts for them."""
    gifts = party.price_of_gifts({person_id})
    check_shown(party, shown, gifts, TOTAL_MINOR - sum(gifts.values()))
    if shown.failure_person_id != person_id:
        assert shown.failure_code in NOT_A_BANKS
    if shown.challenge_person_id != person_id:
        assert "EUR" not in shown.challenge_text


def check_shown(party: Party, shown: Checkout, gifts: dict[str, int], rest_minor: int) -> None:
    assert shown.total_minor == rest_minor
    for share in shown.shares:
        payer = share.covered_by_person_id or share.person_id
        if payer in {party.names[giver] for giver in gifts}:
            assert share.amount_minor == -1
    if gifts:
        assert not numbers_in(asdict(shown)) & {*gifts.values(), rest_minor + sum(gifts.values())}


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(("pay", "decline", "challenge", "approve", "reject", "code", "give up")),
    ),
    max_size=8,
)
GIFTS = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), max_size=2).map(
    lambda gifts: {giver: to for giver, to in gifts.items() if giver != to}
)
PLANS = st.sampled_from((None, "own_lines", "equal"))


async def open_party(shop: Commerce, gifts: dict[str, str], plan: str | None) -> tuple[Party, str]:
    """A locked checkout of three people."""
    number = next(_numbers)
    names = {person: f"{person}-{number}" for person in PEOPLE}
    party = Party(names, {giver: names[to] for giver, to in gifts.items()})
    for person, name in names.items():
        await shop.stock_room.restock(GOODS[person], "main", 1, f"arrival-{name}")
        await shop.join_cart(f"party-{number}", name)
        await add(shop, name, GOODS[person])
    lines = {line.owner_id: line.line_id for line in (await shop.cart(f"party-{number}")).lines}
    for giver, to in gifts.items():
        line_id = lines[names[giver]]
        await shop.offer_gift(names[giver], line_id, receiver_id=names[to])
        await shop.answer_gift(names[to], line_id, accept=True)
    checkout = await lock(shop, names["ada"])
    if plan is not None:
        await shop.split(names["ada"], checkout.id, plan=plan)
    return party, checkout.id


async def act(watched: Watched, party: Party, checkout_id: str, person: str, what: str) -> None:
    """One of the things that people do at the till; refusals are part of it."""
    name, shop = party.names[person], watched.shop
    view = await shop.checkout(name, checkout_id)
    if what in ("pay", "decline", "challenge"):
        method = {"pay": PAYS, "decline": DECLINES, "challenge": ASKS}[what]
        parts = [
            share.amount_minor or 0
            for share in view.shares
            if name == (share.covered_by or share.person_id)
        ]
        expected = sum(parts) if view.shares else view.total_minor
        key = f"key-{next(_numbers)}-of-{name}"
        party.secrets |= {method, key}
        await watched.do(StartPayment(1, 1, name, name, checkout_id, expected, key, method))
    elif what in ("approve", "reject"):
        asked = view.challenge.challenge_id if view.challenge else "nothing"
        await watched.do(AnswerChallenge(1, 1, name, name, checkout_id, asked, what))
    else:
        try:
            if what == "code":
                party.secrets.add((await shop.hand_off(name, checkout_id)).code)
            else:
                await shop.give_up(name, checkout_id)
        except CommerceError:
            return
    members = tuple(party.names.values())
    watched.told.append(await watched.effects.together.checkout_updated(checkout_id, members))


async def shop_together(
    shop: Commerce,
    recommender: RecommenderService,
    blocks: Blocks,
    scene: tuple[dict[str, str], str | None, list[tuple[str, str]]],
) -> None:
    gifts, plan, actions = scene
    party, checkout_id = await open_party(shop, gifts, plan)
    watched = Watched(shop, recommender, blocks)
    for person, what in actions:
        await act(watched, party, checkout_id, person, what)
    await watched.feed_order()
    check_public(party, watched.told)
    # The next ones find the till free.
    await shop.reconcile()


async def opened(
    stack: AsyncExitStack, folder: Path
) -> tuple[Commerce, RecommenderService, Blocks]:
    shop = await stack.enter_async_context(open_shop(folder, TurnedClock()))
    chosen = Settings.load(data_dir=folder).recommender_settings()
    recommender = await RecommenderService.open(chosen, TurnedClock())
    stack.push_async_callback(recommender.close)
    blocks = await stack.enter_async_context(Blocks(folder / "blocks", TurnedClock()))
    return shop, recommender, blocks


async def test_an_order_is_told_although_the_database_was_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        shop, recommender, blocks = await opened(stack, tmp_path)
        party, checkout_id = await open_party(shop, {}, None)
        watched = Watched(shop, recommender, blocks)
        await act(watched, party, checkout_id, "ada", "pay")
        cart_of, asked = shop.cart, list[str]()

        async def busy_at_first(cart_id: str) -> CartView:
            asked.append(cart_id)
            if len(asked) == 1:
                raise StoreBusyError
            return await cart_of(cart_id)

        monkeypatch.setattr(shop, "cart", busy_at_first)
        await watched.feed_order()
        assert len(asked) >= 2
        assert any(isinstance(command, commands.OrderPaid) for command in watched.told)


def test_a_party_is_shown_nothing_private(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        parts = runner.run(opened(stack, tmp_path))

        @settings(max_examples=30)
        @given(st.tuples(GIFTS, PLANS, ACTIONS))
        def check(scene: tuple[dict[str, str], str | None, list[tuple[str, str]]]) -> None:
            runner.run(shop_together(*parts, scene))

        try:
            check()
        finally:
            runner.run(stack.aclose())
