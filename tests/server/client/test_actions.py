"""Every verb sends a good frame of the table, and reads its answer."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from server.client.actions import Actions
from server.client.errors import ClientError
from server.client.room import RoomModel
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.vectors import example_body


class Recorder(Actions):
    """Sends nowhere; every request is checked by the server's own reader."""

    def __init__(self) -> None:
        self.room = RoomModel()
        self.room.props = {7: {"prop_id": 7, "epoch": 3}}
        self.room.checkout = {"checkout_id": "checkout-1", "challenge_id": "question-1"}
        self.sent: list[tuple[str, Any]] = []

    async def request(self, name: str, /, **fields: Any) -> dict[str, Any]:
        message = BY_NAME[name]
        frame = codec.decode(codec.encode(message.number, 1, fields))
        self.sent.append((name, frame.body))
        return example_body(message.answer)


Verb = Callable[[Recorder], Awaitable[Any]]
VERBS: list[tuple[str, Verb]] = [
    ("Teleport", lambda c: c.teleport((1, 0, 2), 90)),
    ("SetConsent", lambda c: c.set_consent(["session"])),
    ("Block", lambda c: c.block(2)),
    ("Unblock", lambda c: c.unblock("person-2")),
    ("Mute", lambda c: c.mute(2)),
    ("Unmute", lambda c: c.unmute(2)),
    ("SetPersonalSpace", lambda c: c.set_personal_space(1.5)),
    ("Retreat", lambda c: c.retreat()),
    ("CreateParty", lambda c: c.create_party()),
    ("JoinParty", lambda c: c.join_party("K7QPXM")),
    ("LeaveParty", lambda c: c.leave_party()),
    ("Vote", lambda c: c.vote("mug", -1)),
    ("Grab", lambda c: c.grab(7)),
    ("PutBack", lambda c: c.put_back(7)),
    ("OfferProp", lambda c: c.offer(7, 2)),
    ("AcceptOffer", lambda c: c.accept(4)),
    ("DeclineOffer", lambda c: c.decline(4)),
    ("AddToCart", lambda c: c.add_to_cart("MUG", 2)),
    ("SetQuantity", lambda c: c.set_quantity("line-1", 0)),
    ("RemoveFromCart", lambda c: c.remove_from_cart("line-1")),
    ("LockCheckout", lambda c: c.lock()),
    ("UnlockCheckout", lambda c: c.unlock()),
    ("Pay", lambda c: c.pay("test:0000000000000001")),
    ("ConfirmPayment", lambda c: c.confirm_payment("approve")),
    ("SplitCheckout", lambda c: c.split("custom", {"person-1": 400, "person-2": 500})),
    ("CoverShare", lambda c: c.cover("person-2")),
    ("GiveUpPayment", lambda c: c.give_up()),
    ("RequestHandOff", lambda c: c.hand_off()),
    ("OfferGift", lambda c: c.offer_gift("line-1", "person-2")),
    ("AnswerGift", lambda c: c.answer_gift("line-1", accept=True)),
    ("PassHold", lambda c: c.pass_hold("line-1", "person-2")),
    ("JoinLine", lambda c: c.join_line("MUG")),
    ("LeaveLine", lambda c: c.leave_line("MUG")),
    ("Spotlight", lambda c: c.spotlight("mug")),
    ("Gather", lambda c: c.gather()),
]


@pytest.mark.parametrize(("name", "verb"), VERBS, ids=[name for name, _ in VERBS])
async def test_every_verb_is_a_good_request(name: str, verb: Verb) -> None:
    client = Recorder()
    await verb(client)
    assert [sent for sent, _ in client.sent] == [name]


def test_every_request_has_its_verb() -> None:
    spoken = {name for name, _ in VERBS} | {"Join", "Leave"}  # these two are the client's own
    assert spoken == {m.name for m in BY_NAME.values() if str(m.delivery) == "request"}


async def test_what_is_known_need_not_be_said() -> None:
    client = Recorder()
    await client.put_back(7)
    await client.pay("test:0000000000000001", idempotency_key="mine")
    await client.confirm_payment("reject")
    bodies = [body for _, body in client.sent]
    assert bodies[0]["epoch"] == 3
    assert (bodies[1]["checkout_id"], bodies[1]["idempotency_key"]) == ("checkout-1", "mine")
    assert bodies[2]["challenge_id"] == "question-1"


async def test_ones_part_is_paid_unless_said_otherwise() -> None:
    client = Recorder()
    client.room.checkout = {"checkout_id": "c", "total_minor": 900, "part_minor": 300}
    await client.pay("test:0000000000000001", amount_minor=100)
    await client.split("custom", {"person-1": 400, "person-2": 500})
    bodies = [body for _, body in client.sent]
    assert (bodies[0]["expected_total_minor"], bodies[0]["amount_minor"]) == (300, 100)
    assert bodies[1]["person_ids"] == ["person-1", "person-2"]
    assert bodies[1]["amounts_minor"] == [400, 500]


async def test_two_attempts_have_two_keys() -> None:
    client = Recorder()
    await client.pay("test:0000000000000001")
    await client.pay("test:0000000000000001")
    assert client.sent[0][1]["idempotency_key"] != client.sent[1][1]["idempotency_key"]


async def test_what_is_not_known_is_said_plainly() -> None:
    client = Recorder()
    client.room.checkout = None
    with pytest.raises(ClientError, match="CHECKOUT_NOT_FOUND"):
        await client.unlock()
    with pytest.raises(ClientError, match="PROP_NOT_FOUND"):
        await client.put_back(99)
    assert client.sent == []


async def test_the_model_knows_what_one_has_asked_for_oneself() -> None:
    client = Recorder()
    client.room.avatars = {2: {"avatar_id": 2, "name": "Bob"}}
    person_id = await client.block(2)
    assert client.room.blocked == {person_id: "Bob"}
    await client.unblock(person_id)
    await client.mute(2)
    await client.set_personal_space(1)
    assert client.room.blocked == {}
    assert client.room.muted_avatar_ids == {2}
    assert client.room.personal_space_m == 1.0
    await client.unmute(2)
    assert client.room.muted_avatar_ids == set()
