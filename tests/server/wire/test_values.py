"""Events of the rooms become maps with the fields of their messages."""

import msgpack

from rooms.basket import Cart
from rooms.events import CartChanged, GatherInvited, PropChanged
from rooms.types import PropView
from server.wire.values import body_of


def test_nested_dataclasses_and_tuples() -> None:
    prop = PropView(prop_id=3, product_id="mug", slot_id=4, owner_avatar_id=0, hand="", epoch=1)
    assert body_of(PropChanged(prop)) == {
        "prop": {
            "prop_id": 3,
            "product_id": "mug",
            "slot_id": 4,
            "owner_avatar_id": 0,
            "hand": "",
            "epoch": 1,
            "away": False,
        }
    }


def test_tuples_become_lists_and_everything_can_be_packed() -> None:
    body = body_of(GatherInvited(1, (1.0, 0.0, 2.0), 90.0))
    assert body["position"] == [1.0, 0.0, 2.0]
    cart = Cart("c", 1, "EUR", 0, (), "")
    assert msgpack.unpackb(msgpack.packb(body_of(CartChanged(cart))))["cart"]["lines"] == []
