"""No event that names an avatar can be forgotten when somebody is hidden."""

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from rooms.events import EVENTS, Event, OfferMade, PropChanged, SpotlightChanged
from rooms.hiding import TELLS_OF, prop_without_owner
from rooms.types import PropView

MADE_FOR_ITS_READER = {"RoomState", "Recommendations"}
"""Put together for one avatar, without what is hidden from it."""
OF_A_PARTY = {"PartyChanged"}
"""Members of a party are never hidden from each other."""


def names_avatars(hint: Any) -> bool:
    """Whether a value of this type tells which avatar it is about."""
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return any(
            "avatar_id" in field.name or names_avatars(hints[field.name]) for field in fields(hint)
        )
    return any(names_avatars(part) for part in get_args(hint))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event.__name__))
def test_every_event_that_names_an_avatar_has_its_place(event: type[Event]) -> None:
    known = event in TELLS_OF or event.__name__ in MADE_FOR_ITS_READER | OF_A_PARTY
    assert known == names_avatars(event)


def test_a_prop_without_its_owner_is_away() -> None:
    prop = PropView(3, "mug", 4, owner_avatar_id=7, hand="left", epoch=2)
    shown = PropView(3, "mug", 4, owner_avatar_id=0, hand="", epoch=2, away=True)
    assert prop_without_owner(prop) == shown
    about, instead = TELLS_OF[PropChanged]
    assert about(PropChanged(prop)) == 7
    assert instead(PropChanged(prop)) == PropChanged(shown)


def test_what_is_told_instead() -> None:
    about, instead = TELLS_OF[SpotlightChanged]
    assert about(SpotlightChanged("mug", 3)) == 3
    assert instead(SpotlightChanged("mug", 3)) == SpotlightChanged("mug", 0)
    assert TELLS_OF[OfferMade][1](OfferMade(1, 2, 3, 4, 5)) is None
