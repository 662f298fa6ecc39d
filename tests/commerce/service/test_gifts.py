"""Gifts: who gives pays, who receives agrees and does not see the price."""

import pytest

from commerce import CheckoutState, Commerce, CommerceError
from tests.commerce.service.parties import pay_part
from tests.commerce.shops import BLUE, BOWL, add, lock


async def given(shop: Commerce) -> str:
    """Ada and Bert share a cart; Ada offers Bert her bowl. The line."""
    await shop.join_cart("party-1", "ada")
    await shop.join_cart("party-1", "bert")
    cart = await add(shop, "ada", BOWL)
    await add(shop, "bert", BLUE)
    line_id = cart.lines[0].line_id
    await shop.offer_gift("ada", line_id, receiver_id="bert")
    return line_id


async def test_accepted_paid_and_hidden(shop: Commerce) -> None:
    line_id = await given(shop)
    (offer,) = await shop.gifts_for("bert")
    assert (offer.line_id, offer.giver_id) == (line_id, "ada")
    assert await shop.gifts_of_lines(["unknown", line_id]) == (offer,)
    with pytest.raises(CommerceError) as raised:
        await lock(shop, "ada")
    problems = raised.value.data["problems"]
    assert [problem["code"] for problem in problems] == ["GIFT_NOT_ACCEPTED"]  # type: ignore[union-attr,index,call-overload]
    await shop.answer_gift("bert", line_id, accept=True)
    assert [gift.accepted for gift in await shop.gifts_of_lines([line_id])] == [True]
    view = await lock(shop, "bert")
    assert [(share.person_id, share.amount_minor) for share in view.shares] == [
        ("ada", None),
        ("bert", 1_490),
    ]
    assert (view.total_minor, view.due_minor) == (1_490, 1_490)
    gift = next(line for line in view.lines if line.gift_for)
    assert (gift.price_hidden, gift.unit_price_minor, gift.gift_for) == (True, 0, "bert")
    full = await shop.checkout("ada", view.id)
    assert (full.total_minor, full.due_minor) == (4_490, 3_000)
    assert (await shop.public_checkout(view.id)).total_minor == 1_490, "the room is for both"
    with pytest.raises(CommerceError) as raised:
        await shop.cover("bert", view.id, for_person_id="ada")
    assert raised.value.code == "NOT_ALLOWED"
    await pay_part(shop, "bert", view.id)
    assert (await pay_part_of_giver(shop, view.id)).state is CheckoutState.PAID
    (seen,) = await shop.orders("bert")
    assert (seen.total_minor, [p.payer_id for p in seen.payments]) == (1_490, ["bert"])
    (order,) = await shop.orders("ada")
    assert order.total_minor == 4_490


async def pay_part_of_giver(shop: Commerce, checkout_id: str):  # type: ignore[no-untyped-def]
    return await pay_part(shop, "ada", checkout_id)


async def test_declined_or_taken_back(shop: Commerce) -> None:
    line_id = await given(shop)
    await shop.answer_gift("bert", line_id, accept=False)
    assert await shop.gifts_for("bert") == ()
    await shop.offer_gift("ada", line_id, receiver_id="bert")
    await shop.offer_gift("ada", line_id, receiver_id=None)
    view = await lock(shop, "ada")
    assert view.shares == ()
    assert not any(line.gift_for for line in view.lines)


async def test_refused(shop: Commerce) -> None:
    line_id = await given(shop)
    for person, receiver, code in (
        ("bert", "ada", "NOT_ALLOWED"),
        ("mallory", "ada", "LINE_NOT_FOUND"),
        ("ada", "ada", "INVALID_RECEIVER"),
        ("ada", "mallory", "INVALID_RECEIVER"),
    ):
        with pytest.raises(CommerceError) as raised:
            await shop.offer_gift(person, line_id, receiver_id=receiver)
        assert raised.value.code == code
    for person in ("ada", "mallory"):
        with pytest.raises(CommerceError) as raised:
            await shop.answer_gift(person, line_id, accept=True)
        assert raised.value.code == "GIFT_NOT_FOUND"
    await shop.answer_gift("bert", line_id, accept=True)
    await lock(shop, "ada")
    for doing in (
        shop.answer_gift("bert", line_id, accept=False),
        shop.offer_gift("ada", line_id, receiver_id=None),
    ):
        with pytest.raises(CommerceError) as raised:
            await doing
        assert raised.value.code == "CART_LOCKED"


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("to_id", ["bert", "cleo"])
async def test_a_gift_that_is_passed_on_is_none(shop: Commerce, to_id: str, answered: bool) -> None:
    line_id = await given(shop)
    await shop.join_cart("party-1", "cleo")
    if answered:
        await shop.answer_gift("bert", line_id, accept=True)
    await shop.pass_line("bert", line_id, to_id)
    assert await shop.gifts_of_lines([line_id]) == ()
    assert await shop.gifts_for("bert") == ()
    view = await lock(shop, to_id)
    assert (view.shares, view.total_minor) == ((), 4_490)
    assert not any(line.gift_for or line.price_hidden for line in view.lines)


async def test_a_gift_that_becomes_a_part_of_a_line_is_none(shop: Commerce) -> None:
    line_id = await given(shop)
    await shop.answer_gift("bert", line_id, accept=True)
    lines = (await add(shop, "bert", BOWL)).lines
    other = next(line for line in lines if (line.sku, line.owner_id) == (BOWL, "bert"))
    await shop.pass_line("bert", other.line_id, "ada")
    assert await shop.gifts_of_lines([line_id, other.line_id]) == (), (
        "one bowl was agreed to, not two"
    )
    assert (await lock(shop, "bert")).shares == ()


async def test_a_gift_stays_with_the_party(shop: Commerce) -> None:
    line_id = await given(shop)
    await shop.leave_cart("ada")
    assert await shop.gifts_for("bert") == ()
    assert (await lock(shop, "ada")).total_minor == 3_000, "nobody is left to accept it"
    assert await shop.gifts_of_lines([line_id]) == ()


async def test_a_gift_is_not_offered_without_its_line(shop: Commerce) -> None:
    line_id = await given(shop)
    await shop.remove_line("ada", line_id)
    assert await shop.gifts_for("bert") == ()
