"""Streams of bytes behind the handshake: what comes of them does not depend on how they are cut,
nor on the lane.

`streams/` keeps those that were written for a reason or found something: hex, a frame a line.
"""

import asyncio
import functools
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.connection_limits import ConnectionLimits
from server.fast_lane import FastLane
from server.session import SessionLimits
from server.wire.vectors import good_vectors
from tests.fuzz import echo_hub
from tests.fuzz.echo_hub import EchoServer, echo_server
from tests.fuzz.mutations import masked, mutated
from tests.server.raw_client import RawClient, message, raw_client

STREAMS = {
    path.stem: bytes.fromhex(path.read_text())
    for path in sorted(Path(__file__).with_name("streams").glob("*.hex"))
}
LIMITS = ConnectionLimits(
    poses_per_second=1e6,
    poses_burst=10**6,
    requests_per_second=1e6,
    requests_burst=10**6,
    bytes_per_second=1e9,
    bytes_burst=10**9,
    drain_timeout_ms=300,
)
QUEUE = SessionLimits(queue_max=5_000, queue_max_bytes=10**7)
LAST_ID = 2**32 - 1
SEEDS = range(24)


@dataclass(frozen=True)
class Outcome:
    """What a stream has brought about. Of poses that came together only the newest counts."""

    executed: tuple[tuple[str, int], ...]
    looks: tuple[str, ...]
    last_pose: bytes
    events: int
    goes_on: bool


def pieces(stream: bytes, cut: str) -> list[bytes]:
    """The stream whole, byte by byte, or cut at places that are the same every time."""
    if cut == "whole":
        return [stream]
    if cut == "bytes":
        return [bytes((byte,)) for byte in stream]
    chance, parts = random.Random(len(stream)), list[bytes]()
    while stream:
        size = chance.randrange(1, 40)
        parts.append(stream[:size])
        stream = stream[size:]
    return parts


async def feed(client: RawClient, stream: bytes, cut: str) -> None:
    for piece in pieces(stream, cut):
        client.send(piece)
        # The other end shares our loop: in one turn it is told, in the next it reads.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def outcome_of(server: EchoServer, name: str, stream: bytes, cut: str) -> Outcome:
    """Send a stream, and see what has become of it once a last request is answered, or the line has
    ended."""
    hub = server.hub
    hub.executed.clear()
    hub.looks.clear()
    hub.poses.clear()
    async with raw_client(server, name) as client:
        session = next(s for s in hub.members.values() if s.person_id == name)
        await feed(client, stream, cut)
        client.send(message("Vote", LAST_ID, {"product_id": "last", "choice": 1}))
        client.finish()
        await client.until_ended()
    await hub.until(lambda: session.connection is None)
    executed = [(kind, head) for _session, kind, head in hub.executed if head != LAST_ID]
    return Outcome(
        tuple(executed),
        tuple(hub.looks),
        hub.poses[-1] if hub.poses else b"",
        session.last_seq,
        len(hub.executed) > len(executed),
    )


async def outcomes_of(
    streams: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[Outcome]]:
    """Of each stream on both lanes, in three cuts."""
    # Without a rest between two reads the fast lane sees every piece on its own.
    monkeypatch.setattr(echo_hub, "FastLane", functools.partial(FastLane, beat_ms=0))
    outcomes: dict[str, list[Outcome]] = {name: [] for name in streams}
    for fast in (True, False):
        monkeypatch.setattr(echo_hub, "FAST_LANE", fast)
        async with echo_server(LIMITS, QUEUE) as server:
            for name, stream in streams.items():
                for cut in ("whole", "pieces", "bytes"):
                    # A look goes to everybody who was ever here; this one shall be alone.
                    server.hub.members.clear()
                    outcomes[name].append(await outcome_of(server, f"{name} {cut}", stream, cut))
    return outcomes


@pytest.mark.parametrize("part", range(4))
async def test_what_is_kept_comes_to_the_same_however_it_is_cut(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = sorted(STREAMS)[part::4]
    for name, outcomes in (
        await outcomes_of({name: STREAMS[name] for name in names}, monkeypatch)
    ).items():
        assert len(set(outcomes)) == 1, (name, outcomes)


@pytest.mark.parametrize("part", range(4))
async def test_changed_frames_come_to_the_same_however_they_are_cut(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [bytes.fromhex(vector["hex"]) for vector in good_vectors()]
    streams = {}
    for seed in SEEDS[part::4]:
        chance = random.Random(seed)
        frames = [masked(mutated(chance, good)) for _ in range(6)]
        stream = bytearray(b"".join(frames))
        for _ in range(seed % 3):
            stream[chance.randrange(len(stream))] ^= 1 << chance.randrange(8)
        streams[f"seed {seed}"] = bytes(stream)
    for name, outcomes in (await outcomes_of(streams, monkeypatch)).items():
        assert len(set(outcomes)) == 1, (name, streams[name].hex(), outcomes)


async def test_what_the_streams_are_for() -> None:
    async with echo_server(LIMITS, QUEUE) as server:
        good = await outcome_of(server, "good", STREAMS["good-mixture"], "whole")
        assert (good.executed, good.looks, good.goes_on) == (
            (("Vote", 1), ("Vote", 2)),
            ("mug", "mug"),
            True,
        )
        assert good.last_pose == bytes(range(32))
        server.hub.members.clear()
        for name in ("unmasked", "reserved-bit", "claims-a-gigabyte", "continuation-of-nothing"):
            ended = await outcome_of(server, name, STREAMS[name], "whole")
            assert (ended.executed, ended.goes_on) == ((("Vote", 1),), False), name
            server.hub.members.clear()


def test_there_is_a_corpus() -> None:
    assert len(STREAMS) >= 30
