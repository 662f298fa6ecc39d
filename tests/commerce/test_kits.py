"""Kits: what is in them is summed before anything is asked of the stock."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from commerce.cart import Cart, check_limits
from commerce.catalog import Catalogue, check_kits, product_from
from commerce.errors import CommerceError, ConflictError, InvalidRequestError
from commerce.holding import AddLine, Bench, HoldRequest, SetQuantity, Stock
from commerce.kits import COMPONENTS_MAX, NO_KITS, PIECES_MAX, Kits
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    STOCK,
    counted_ids,
    product,
    seeds,
    settings_in,
    sku_seed,
)

SET, PAIR = "SET-TABLE", "SET-PAIR"
KITS = Kits({SET: {BLUE: 2, BOWL: 1}, PAIR: {BLUE: 2, LAST: 1}})
KIT_SEEDS = (
    product(
        "table-set",
        "Table set",
        "tableware",
        SET,
        skus=(sku_seed(SET, stock=0, components={BLUE: 2, BOWL: 1}),),
    ),
    product(
        "mug-pair",
        "Pair of mugs",
        "tableware",
        PAIR,
        skus=(sku_seed(PAIR, stock=0, components={BLUE: 2, LAST: 1}),),
    ),
)
CATALOGUE = Catalogue(tuple(product_from(seed) for seed in (*seeds(), *KIT_SEEDS)))
SETTINGS = settings_in(Path("var"), quantity_per_person_max=30)


def test_what_is_in_a_kit() -> None:
    assert CATALOGUE.kits == KITS
    assert KITS.pieces(BLUE, 3) == {BLUE: 3}
    assert KITS.pieces(SET, 3) == {BLUE: 6, BOWL: 3}
    assert KITS.counted(SET, 2) == {SET: 2, BLUE: 4, BOWL: 2}
    assert KITS.unpacked({SET: 1, PAIR: 1, BLUE: 1}) == {BLUE: 5, BOWL: 1, LAST: 1}
    assert (KITS.size(SET), KITS.size(BLUE)) == (3, 1)
    assert KITS.concerned({BLUE}) == [PAIR, SET]
    assert KITS.concerned({LAST}) == [PAIR]
    assert KITS.available(SET, {BLUE: 5, BOWL: 9}) == 2
    assert KITS.available(SET, {BLUE: 5}) == 0
    assert not NO_KITS
    assert NO_KITS.concerned({BLUE}) == []


@given(st.dictionaries(st.sampled_from((SET, PAIR, BLUE, BOWL, LAST)), st.integers(0, 9)))
def test_unpacking_keeps_every_piece(quantities: dict[str, int]) -> None:
    pieces = KITS.unpacked(quantities)
    assert sum(pieces.values()) == sum(KITS.size(sku) * n for sku, n in quantities.items())
    assert not pieces.keys() & KITS.components.keys()


def bench() -> Bench:
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
        alternatives=lambda _sku: [],
    )


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(("ada", "bert", "cleo")),
            st.sampled_from((SET, PAIR, BLUE, BOWL, LAST)),
            st.integers(1, 6),
            st.integers(0, 3),
        ),
        max_size=30,
    )
)
@examples(max_examples=80)
def test_nobody_holds_a_piece_twice(asked: list[tuple[bool, str, str, int, int]]) -> None:
    table = bench()
    for number, (sets, person, sku, quantity, pick) in enumerate(asked):
        lines = list(table.carts[table.cart_of[person]].lines)
        request: HoldRequest = AddLine(person, "a", f"k{number}", "", quantity, sku)
        if sets and lines:
            line_id = lines[pick % len(lines)]
            request = SetQuantity(person, "s", f"k{number}", "", quantity, line_id)
        before = {name: stock.held for name, stock in table.stock.items()}
        try:
            table.decide(request)
        except CommerceError:
            assert before == {name: stock.held for name, stock in table.stock.items()}
        held: dict[str, int] = {}
        for cart in table.carts.values():
            for line in cart.lines.values():
                assert line.hold is not None
                held[line.sku] = held.get(line.sku, 0) + line.hold.quantity
        pieces = KITS.unpacked(held)
        for name, stock in table.stock.items():
            assert stock.held == pieces.get(name, 0) == table.deltas.get(name, 0)
            assert 0 <= stock.held <= stock.on_hand


def test_pieces_count_against_hoarding() -> None:
    cart = Cart("cart-c", 1, "cleo", None, ["cleo"])
    check_limits(cart, "cleo", None, 10, SETTINGS, KITS, SET)
    with pytest.raises(ConflictError) as raised:
        check_limits(
            cart, "cleo", None, 10, settings_in(Path("var"), quantity_per_person_max=29), KITS, SET
        )
    assert raised.value.data == {"limit": "quantity_per_person_max", "maximum": 29}


@pytest.mark.parametrize(
    ("components", "stock", "said"),
    [
        ({BLUE: 0}, 0, "from 1 up"),
        ({BLUE: 1.5}, 0, "from 1 up"),
        ({BLUE: True}, 0, "from 1 up"),
        ({BLUE: PIECES_MAX + 1}, 0, "at most"),
        ({f"SKU-{n}": 1 for n in range(COMPONENTS_MAX + 1)}, 0, "at most"),
        ({BLUE: 1}, 3, "no stock of its own"),
    ],
)
def test_kits_that_cannot_be(components: dict[str, int], stock: int, said: str) -> None:
    seed = product(
        "kit", "Kit", "tableware", skus=(sku_seed("KIT", stock=stock, components=components),)
    )
    with pytest.raises(InvalidRequestError, match=said) as raised:
        product_from(seed)
    assert raised.value.code == "SEED_INVALID"


@pytest.mark.parametrize(
    ("sku", "components", "said"),
    [
        ("KIT", {"NOTHING": 1}, "is no SKU"),
        ("KIT", {SET: 1}, "is a kit itself"),
        ("KIT", {"KIT": 1}, "is a kit itself"),
        (SET, {BLUE: 3, BOWL: 1}, "cannot change"),
        (SET, {}, "cannot change"),
        (BLUE, {BOWL: 1}, "cannot change"),
    ],
)
def test_kits_that_do_not_fit(sku: str, components: dict[str, int], said: str) -> None:
    seed = product("kit", "Kit", "tableware", skus=(sku_seed(sku, stock=0, components=components),))
    with pytest.raises(InvalidRequestError, match=said):
        check_kits([product_from(seed)], CATALOGUE)
    check_kits(CATALOGUE.products, CATALOGUE)
