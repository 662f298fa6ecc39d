"""Events are listed, and know who hears them."""

from rooms import events
from rooms.events import EVENTS, EVERYONE, Audience, AvatarLeft, Event, Outgoing


def test_the_list_has_every_event() -> None:
    defined = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }
    assert set(EVENTS) == defined
    assert len(EVENTS) == len(defined)


def test_an_event_names_its_hearers() -> None:
    out = Outgoing(EVERYONE, AvatarLeft(3, "left"), (1, 2))
    assert out.audience == Audience()
    assert out.avatar_ids == (1, 2)
