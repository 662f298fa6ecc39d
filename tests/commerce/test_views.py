"""Views are frozen and become plain JSON."""

import dataclasses
import json
from typing import Any

import pytest

from commerce import Commerce, to_json, views
from tests.commerce.shops import add, bought, locked


async def test_every_view_becomes_json(shop: Commerce) -> None:
    checkout = await bought(shop, "ada")
    shown = (
        await shop.products(),
        await shop.cart_of("ada"),
        await add(shop, "ada"),
        checkout,
        await locked(shop, "bert"),
        await shop.orders("ada"),
        await shop.track(checkout.order_id or ""),
        await shop.audit(),
        await shop.stock(),
    )
    for view in shown:
        assert json.loads(json.dumps(to_json(view))) == to_json(view)
    cart: Any = to_json(shown[2])
    (line,) = cart["lines"]
    assert line["hold_state"] == "held"


def test_all_are_frozen() -> None:
    kinds = [kind for kind in vars(views).values() if dataclasses.is_dataclass(kind)]
    assert len(kinds) > 10
    for kind in kinds:
        assert kind.__dataclass_params__.frozen  # type: ignore[union-attr]


def test_other_values_are_no_views() -> None:
    with pytest.raises(TypeError):
        to_json(object())
    with pytest.raises(TypeError):
        to_json(views.StockView)


def test_report() -> None:
    assert views.AuditReport((), {}).ok
    assert not views.AuditReport(("Something is missing.",), {}).ok
