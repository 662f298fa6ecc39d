"""Whatever is asked in whatever order, the laws of the room hold, and a recording replays it."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rooms.news import T
from tests.rooms.simulation import Shell, action

ACTIONS = 400


def opened() -> Shell:
    """A room with a party of two, one of them a host, and somebody alone."""
    shell = Shell()
    for avatar_id, party in ((1, "duo"), (2, "duo"), (3, "party-of-3")):
        shell.play(("enter", avatar_id, f"p{avatar_id}", party, ("session",), avatar_id == 1))
    return shell


@pytest.mark.parametrize("seed", range(12))
def test_the_laws_hold_for_long_and_a_recording_replays(seed: int) -> None:
    lots, shell = random.Random(seed), opened()
    for _ in range(ACTIONS):
        shell.play(action(lots.choice))
    shell.finish()
    shell.replay()


@given(st.data())
def test_the_laws_hold_for_any_short_story(data: st.DataObject) -> None:
    """The same, in the hands of a tool that shortens a failing story to its essence."""

    def pick(choices: Sequence[T], /) -> T:
        return data.draw(st.sampled_from(choices))

    shell = opened()
    for _ in range(data.draw(st.integers(1, 12))):
        shell.play(action(pick))
    shell.finish()
    shell.replay()
