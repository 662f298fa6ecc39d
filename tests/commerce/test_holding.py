"""The decisions of a batch: whatever is asked in whatever order, the sums stay right."""

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from commerce.cart import Cart
from commerce.catalog import Catalogue, product_from
from commerce.errors import CommerceError, IdempotencyKeyReusedError, SoldOutError
from commerce.holding import AddLine, Bench, HoldRequest, SetQuantity, Stock
from tests.commerce.shops import BLUE, BOWL, LAMP, LAST, STOCK, counted_ids, seeds, settings_in

CATALOGUE = Catalogue(tuple(product_from(seed) for seed in seeds()))
SETTINGS = settings_in(Path("var"), quantity_per_person_max=12, lines_per_person_max=3)
TTL_MS, CAP_MS = SETTINGS.light_hold_ttl_ms, SETTINGS.light_hold_cap_ms
PEOPLE = ("ada", "bert", "cleo")


def bench() -> Bench:
    """Ada and Bert share a cart, Cleo has her own."""
    return Bench(
        catalogue=CATALOGUE,
        settings=SETTINGS,
        now_ms=1_000,
        new_id=counted_ids(),
        carts={
            "party-1": Cart("party-1", 1, None, None, ["ada", "bert"]),
            "cart-c": Cart("cart-c", 1, "cleo", None, ["cleo"]),
        },
        cart_of={"ada": "party-1", "bert": "party-1", "cleo": "cart-c"},
        stock={sku: Stock(count, 0) for sku, count in STOCK.items()},
        answered={},
        bought={},
        admitted={},
        alternatives=lambda sku: [BLUE] if sku == LAST else [],
    )


def adding(person: str, sku: str, quantity: int = 1, key: str = "k") -> AddLine:
    return AddLine(person, f"add:{person}", key, f"{sku}*{quantity}", quantity, sku)


def setting(person: str, line_id: str, quantity: int, key: str = "s") -> SetQuantity:
    return SetQuantity(person, f"set:{person}", key, f"{line_id}={quantity}", quantity, line_id)


wishes = st.lists(
    st.tuples(
        st.sampled_from(("add", "set", "time")),
        st.sampled_from(PEOPLE),
        st.sampled_from((BLUE, LAST, BOWL, LAMP)),
        st.integers(1, 12),
        st.integers(0, 3),
    ),
    max_size=40,
)


@given(wishes)
@examples(max_examples=60)
def test_sums_stay_right(asked: list[tuple[str, str, str, int, int]]) -> None:
    table = bench()
    for number, (what, person, sku, quantity, pick) in enumerate(asked):
        if what == "time":
            table.now_ms += quantity * 60_000
            continue
        lines = list(table.carts[table.cart_of[person]].lines)
        request: HoldRequest = adding(person, sku, quantity, f"k{number}")
        if what == "set" and lines:
            request = setting(person, lines[pick % len(lines)], quantity, f"k{number}")
        before = copy.deepcopy((table.carts, table.stock, table.deltas, table.holds_changed))
        try:
            table.decide(request)
        except CommerceError:
            assert before == (table.carts, table.stock, table.deltas, table.holds_changed)
        check(table)


def check(table: Bench) -> None:
    held: dict[str, int] = dict.fromkeys(STOCK, 0)
    for cart in table.carts.values():
        for line in cart.lines.values():
            assert line.hold is not None
            assert line.hold.quantity == line.quantity
            assert line.hold.expires_ms <= min(table.now_ms + TTL_MS, line.hold.cap_ms)
            held[line.sku] += line.quantity
    for sku, stock in table.stock.items():
        assert stock.held == held[sku] == table.deltas.get(sku, 0)
        assert 0 <= stock.held <= stock.on_hand
    for person in PEOPLE:
        own = table.carts[table.cart_of[person]].owned_by(person)
        assert sum(line.quantity for line in own) <= SETTINGS.quantity_per_person_max
        assert len(own) <= SETTINGS.lines_per_person_max


def test_the_first_gets_the_last_one() -> None:
    table = bench()
    table.decide(adding("cleo", LAST))
    with pytest.raises(SoldOutError) as raised:
        table.decide(adding("ada", LAST))
    assert raised.value.data == {"sku": LAST, "available": 0, "alternatives": [BLUE]}


def test_an_own_hold_is_not_in_the_way() -> None:
    table = bench()
    cart = table.decide(adding("ada", BOWL, 3))
    (line,) = cart.lines.values()
    table.decide(setting("ada", line.line_id, 5))
    assert table.stock[BOWL].available == 0
    table.decide(setting("ada", line.line_id, 2, "back"))
    assert (table.stock[BOWL].held, table.deltas[BOWL]) == (2, 2)


def test_more_of_the_same_is_one_line_for_its_owner() -> None:
    table = bench()
    for key in ("1", "2"):
        cart = table.decide(adding("ada", BLUE, 2, key))
    table.decide(adding("bert", BLUE, 1))
    assert [(line.owner_id, line.quantity) for line in cart.lines.values()] == [
        ("ada", 4),
        ("bert", 1),
    ]


def test_who_changes_a_line_of_a_friend_contributes() -> None:
    table = bench()
    (line,) = table.decide(adding("ada", BLUE)).lines.values()
    table.decide(setting("bert", line.line_id, 2))
    table.decide(setting("bert", line.line_id, 3, "again"))
    table.decide(setting("ada", line.line_id, 4))
    assert (line.owner_id, line.contributor_ids) == ("ada", ("bert",))
    with pytest.raises(CommerceError) as raised:
        table.decide(setting("cleo", line.line_id, 1))
    assert raised.value.code == "LINE_NOT_FOUND"


def test_a_key_works_once() -> None:
    table = bench()
    table.decide(adding("ada", BLUE))
    table.decide(adding("ada", BLUE))
    assert table.stock[BLUE].held == 1
    assert len(table.keys_used) == 1
    with pytest.raises(IdempotencyKeyReusedError):
        table.decide(adding("ada", BLUE, 2))
    table.decide(adding("bert", BLUE))
    assert table.stock[BLUE].held == 2


def test_what_one_does_renews_ones_own_holds_up_to_the_cap() -> None:
    table = bench()
    (mine,) = table.decide(adding("ada", BLUE)).lines.values()
    theirs = list(table.decide(adding("bert", BLUE)).lines.values())[1]
    for number in range(8):
        table.now_ms += TTL_MS // 2
        assert mine.hold is not None
        assert theirs.hold is not None
        table.decide(adding("ada", BOWL if number % 2 else LAMP, 1, f"r{number}"))
        assert mine.hold.expires_ms == min(table.now_ms + TTL_MS, 1_000 + CAP_MS)
        assert theirs.hold.expires_ms == 1_000 + TTL_MS
        if mine.hold.expires_ms == 1_000 + CAP_MS:
            break
    else:
        pytest.fail("the cap was never reached")


def test_a_hold_that_ran_out_is_taken_anew() -> None:
    table = bench()
    (line,) = table.decide(adding("ada", LAST)).lines.values()
    table.now_ms += CAP_MS + 1
    table.decide(setting("ada", line.line_id, 1))
    assert line.hold is not None
    assert line.hold.expires_ms == table.now_ms + TTL_MS
    assert line.hold.cap_ms == table.now_ms + CAP_MS
    assert table.stock[LAST].held == 1


def test_refusals() -> None:
    table = bench()
    table.carts["party-1"].checkout_id = "checkout-1"
    for request, code in (
        (adding("ada", BLUE), "CART_LOCKED"),
        (adding("cleo", "NOTHING"), "SKU_NOT_FOUND"),
        (adding("cleo", BLUE, 11), "LIMIT_REACHED"),
        (setting("cleo", "nothing", 1), "LINE_NOT_FOUND"),
    ):
        with pytest.raises(CommerceError) as raised:
            table.decide(request)
        assert raised.value.code == code
    assert not table.deltas
    assert not table.keys_used
