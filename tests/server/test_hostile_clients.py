"""A real shop under attack: forty people walk and shop while others send garbage, floods, halves
of frames and what is not theirs. The forty lose nothing, and nothing grows without end.
"""

import time
from pathlib import Path

import pytest

from server.app import Application
from server.bench.cases import Case
from server.bench.door import galleria_door
from server.bench.hostile import HABITS
from server.bench.measurement import Measurement
from server.bench.process import Cores
from server.bench.realtime import RealtimeSpec, measure_through, mob
from tests.server.running_shop import running_shop

PEOPLE = Case("forty", 40)
SPEC = RealtimeSpec(seconds=2.0, warm_up_s=0.5)
CLOSES = {
    "garbage 4000",
    "no frames 1002",
    "pose flood 4004",
    "request flood 4004",
    "huge frame 4009",
    "slow loris 4001",
    "half frame 4008",
    "wrong ids 4004",
}
"""Of the other two, who jumps is corrected a few times a second and seen where they stand, and who
is deaf is closed as slow (4005), but does not hear of it."""

SOON = {"HELLO_TIMEOUT_MS": 1_000, "IDLE_TIMEOUT_MS": 1_000, "REFUSALS_MAX": 20}
POSES_BYTES_MAX = 32 * 64 + 32
"""A frame of poses of a full room."""


@pytest.fixture(params=["fast", "ordinary"])
def lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GALLERIA_REALTIME__FAST_LANE", str(request.param == "fast").lower())
    for name, limit in SOON.items():
        monkeypatch.setenv(f"GALLERIA_REALTIME__{name}", str(limit))
    return str(request.param)


def bounded_connections(app: Application) -> int:
    """Nobody has more waiting than the limits say; how many connections there are."""
    settings = app.services.settings.realtime
    count = 0
    for protocol in tuple(app.listener.protocols):
        connection = protocol.connection
        if connection is None:
            continue
        count += 1
        assert protocol.unsent_bytes() <= (
            settings.reliable_queue_max_bytes + settings.send_buffer_bytes + POSES_BYTES_MAX
        )
        if connection.session is not None:
            assert connection.session.queued <= settings.reliable_queue_max
    return count


@pytest.mark.loop_slice(2_000)
@pytest.mark.usefixtures("lane")
async def test_forty_people_notice_nothing(tmp_path: Path) -> None:
    async with (
        running_shop(tmp_path) as shop,
        galleria_door(PEOPLE, shop.url) as door,
        mob(door, PEOPLE, len(HABITS), Cores()) as closes,
    ):
        people = await measure_through(door, SPEC, PEOPLE, time.process_time)
        # The people have left; whoever is still here is hostile.
        assert bounded_connections(shop.app) <= len(HABITS)
    assert_unharmed(people)
    # Who breaks the protocol or floods is closed with the code for it, and comes back to the same.
    assert set(closes) >= CLOSES


def assert_unharmed(people: Measurement) -> None:
    assert (people.events_lost, people.corrections, people.closes) == (0, {}, {})
    assert set(people.errors) <= {"SOLD_OUT", "LIMIT_REACHED"}
    assert people.commands > 0
    # Everybody is told of everybody, again and again, however busy the machine is.
    assert people.updates > 40 * 39 * 5
