"""Effects keep what pays out of sight."""

import dataclasses

from rooms import effects
from rooms.effects import Effect, PersonEffect

KINDS = [
    kind
    for kind in vars(effects).values()
    if isinstance(kind, type) and issubclass(kind, Effect) and kind is not Effect
]


def test_what_pays_is_private() -> None:
    private = {
        (kind.__name__, field.name)
        for kind in KINDS
        for field in dataclasses.fields(kind)
        if field.metadata.get("private")
    }
    assert private == {("StartPayment", "payment_method"), ("AnswerChallenge", "response")}


def test_who_asked_comes_first() -> None:
    for kind in KINDS:
        if issubclass(kind, PersonEffect):
            names = [field.name for field in dataclasses.fields(kind)]
            assert names[:4] == ["avatar_id", "request_id", "person_id", "party_id"]
