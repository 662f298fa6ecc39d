"""Paying together is asked of commerce; what is for one person goes to them alone."""

import pytest

from rooms.commands import Command, Pay, RequestFailed
from rooms.commands_together import (
    ChallengeReady,
    CoverShare,
    GiveUpPayment,
    HandOffReady,
    PassHold,
    RequestHandOff,
    SplitCheckout,
)
from rooms.effects import (
    CallOffPayment,
    ChangeCover,
    DivideCheckout,
    Effect,
    MakeHandOff,
    PassLine,
    StartPayment,
)
from rooms.events import Answer, ChallengeUrl, Error
from tests.rooms.hall import Hall, heard

ASKER = (1, 5, "p1", "duo")
PEOPLE, AMOUNTS = ("p1", "p2"), (490, 1_000)


def duo() -> Hall:
    hall = Hall()
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2, party_id="duo", party_code="CODE42")
    return hall


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        (
            SplitCheckout(1, 5, "c", "custom", PEOPLE, AMOUNTS),
            DivideCheckout(*ASKER, "c", "custom", PEOPLE, AMOUNTS),
        ),
        (SplitCheckout(1, 5, "c", "equal", (), ()), DivideCheckout(*ASKER, "c", "equal", (), ())),
        (CoverShare(1, 5, "c", "p2", True), ChangeCover(*ASKER, "c", "p2", True)),
        (GiveUpPayment(1, 5, "c"), CallOffPayment(*ASKER, "c")),
        (RequestHandOff(1, 5, "c"), MakeHandOff(*ASKER, "c")),
        (PassHold(1, 5, "line", "p2"), PassLine(*ASKER, "line", "p2")),
        (
            Pay(1, 5, "c", 900, "key", "test:1", 400),
            StartPayment(*ASKER, "c", 900, "key", "test:1", 400),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_is_asked_of_commerce(command: Command, effect: Effect) -> None:
    hall = duo()
    step = hall.step(command)
    assert (step.effects, step.events) == ((effect,), ())
    assert hall.step(command).effects == (), "the same request again while it is under way"
    step = hall.step(RequestFailed(1, 5, "NOT_ALLOWED", "Not you.", {"locked_by": "p2"}))
    assert heard(step, 1, Error) == [Error(5, "NOT_ALLOWED", "Not you.", {"locked_by": "p2"})]


@pytest.mark.parametrize(
    ("plan", "people", "amounts"),
    [
        ("custom", PEOPLE, (1,)),
        ("custom", ("p1", "p1"), AMOUNTS),
        ("custom", (), AMOUNTS),
        ("equal", PEOPLE, AMOUNTS),
        ("own_lines", ("p1", "p1"), ()),
    ],
)
def test_amounts_belong_to_people(
    plan: str, people: tuple[str, ...], amounts: tuple[int, ...]
) -> None:
    assert duo().code(SplitCheckout, 1, "c", plan, people, amounts) == "INVALID_SPLIT"


def test_a_code_is_for_the_one_who_asked() -> None:
    hall = duo()
    ready = HandOffReady(1, 5, "K7WQ2M9XTB", "/pay/K7WQ2M9XTB", "/qr.svg", 490, "EUR", 99)
    assert hall.step(ready).events == (), "nobody has asked"
    hall.step(RequestHandOff(1, 5, "c"))
    step = hall.step(ready, ready)
    (answer,) = heard(step, 1, Answer)
    assert answer.request_id == 5
    assert answer.body == {
        "code": "K7WQ2M9XTB",
        "path": "/pay/K7WQ2M9XTB",
        "qr_path": "/qr.svg",
        "amount_minor": 490,
        "currency": "EUR",
        "expires_ms": 99,
    }
    assert len(step.events) == 1
    assert "K7WQ2M9XTB" not in repr(hall.room.park()), "the room does not keep it"


def test_the_banks_page_is_for_the_payer() -> None:
    hall = duo()
    asked = ChallengeReady("p1", "c", "challenge", "https://bank.test/ask", "Look there.", 99)
    step = hall.step(asked)
    url = ChallengeUrl("c", "challenge", "https://bank.test/ask", "Look there.", 99)
    assert heard(step, 1, ChallengeUrl) == [url]
    assert len(step.events) == 1
    assert "bank.test" not in repr(hall.room.park())
    gone = ChallengeReady("p9", "c", "challenge", "https://bank.test/ask", "Look there.", 99)
    assert hall.step(gone).events == ()
