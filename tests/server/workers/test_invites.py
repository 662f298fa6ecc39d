"""Invites open a room for some people and some time."""

import pytest

from server.errors import GalleriaError
from server.workers.invites import InviteLimits, Invites

LIMITS = InviteLimits(ttl_ms=60_000, uses=3, invites_max=2)


class World:
    def __init__(self) -> None:
        self.now_ms = 0
        self.invites = Invites(LIMITS, lambda: self.now_ms)

    def refused(self, code: str, people: int = 1) -> bool:
        with pytest.raises(GalleriaError) as error:
            self.invites.use(code, people)
        return error.value.code == "INVITE_NOT_FOUND"


def test_an_invite_lets_so_many_people_in() -> None:
    world = World()
    invite = world.invites.create("hall")
    assert world.invites.use(invite.code, 2).room_id == "hall"
    assert world.refused(invite.code, 2)
    world.invites.use(invite.code, 1)
    assert world.refused(invite.code)
    world.invites.give_back(invite.code, 1)
    world.invites.use(invite.code, 1)
    assert world.refused("guessed")
    world.invites.give_back("guessed", 1)
    assert world.refused("guessed")


def test_invites_run_out_and_are_limited() -> None:
    world = World()
    first = world.invites.create("hall")
    world.now_ms = 30_000
    world.invites.create("hall")
    with pytest.raises(GalleriaError) as busy:
        world.invites.create("hall")
    assert busy.value.code == "BUSY"
    world.now_ms = first.expires_ms
    assert world.refused(first.code)
    world.invites.create("hall")
