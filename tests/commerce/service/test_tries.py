"""Cards that are tried out: failed tries count for the card too, whoever pays with it."""

from pathlib import Path

import pytest

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.providers import instrument_of
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import DECLINES, PAYS, TestCards, cut_off
from tests.commerce.shops import (
    LEDGER_FILE,
    TurnedClock,
    locked,
    pay,
    place_seeded,
    settings_in,
)

SETTINGS = PaymentSettings(tries_per_card_max=3, tries_per_person_max=2)


async def opened(folder: Path, clock: TurnedClock) -> Commerce:
    await place_seeded(folder)
    cards = await TestCards.open(folder / LEDGER_FILE, silence=cut_off)
    return await Commerce.open(settings_in(folder), clock, gateway=cards, payment=SETTINGS)


async def failure(shop: Commerce, person: str, method: str) -> str:
    """How a try fails: declined, or refused and for what that counted."""
    try:
        view = await pay(shop, person, await locked(shop, person), method, f"{person}-{method}")
    except CommerceError as error:
        return f"{error.code} {error.data['counted']}"
    assert view.last_failure is not None
    return view.last_failure.code


async def test_a_card_that_many_people_try(tmp_path: Path, clock: TurnedClock) -> None:
    shop = await opened(tmp_path, clock)
    for person in ("ada", "bert", "cleo"):
        assert await failure(shop, person, DECLINES) == "INSUFFICIENT_FUNDS"
    assert await failure(shop, "dora", DECLINES) == "TOO_MANY_PAYMENTS card"
    paid = await pay(shop, "emil", await locked(shop, "emil"), PAYS, "emil")
    assert paid.state is CheckoutState.PAID, "another card"
    clock.turn(SETTINGS.tries_window_ms)
    assert await failure(shop, "fred", DECLINES) == "INSUFFICIENT_FUNDS", "a while later"
    await shop.close()


async def test_a_gift_card_however_it_is_written(tmp_path: Path, clock: TurnedClock) -> None:
    shop = await opened(tmp_path, clock)
    card = await shop.issue_gift_card(amount_minor=1, currency="EUR")
    code = card.code
    for person, written in (
        ("ada", code),
        ("bert", code.lower()),
        ("cleo", f"{code[:4]}-{code[4:]}"),
    ):
        assert await failure(shop, person, f"gift:{written}") == "INSUFFICIENT_CREDIT"
    assert await failure(shop, "dora", f"gift:{code}") == "TOO_MANY_PAYMENTS card"
    await shop.close()


@pytest.mark.parametrize(
    ("method", "instrument"),
    [
        ("test:0000000000000002", "test:0000000000000002"),
        ("stripe:pm_1", "stripe:pm_1"),
        ("stripe:save:pm_1", "stripe:pm_1"),
        ("stripe:saved:pm_1", "stripe:pm_1"),
        ("stripe:link", None),
        ("stripe:client", None),
        ("solana:", None),
        ("credit:", None),
    ],
)
def test_what_is_one_card(method: str, instrument: str | None) -> None:
    assert instrument_of(method) == instrument
