"""A shopper: a body, a client, and what the two can do. What to do when is in `server.bots.day`."""

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from server.bots.expectations import is_expected
from server.bots.floor import Point
from server.bots.motion import Body, Hands
from server.bots.personality import Personality
from server.bots.sight import Sight, View
from server.bots.world import World
from server.client.client import GalleriaClient
from server.client.errors import ClientError, ConnectionLost, RequestRefused, TimedOut
from server.client.http import ShopHttp
from server.client.statistics import ClientStatistics
from server.wire.pose import POSE_BYTES, Pose, pack_pose, unpack_pose

Offer = tuple[int, int, int]

WALK_LIMIT_S = 60.0
# Rooms refuse what is quicker than a fast run (6 m/s).
SPEED_MAX_M_S = 4.0
RESUME_LIMIT_S = 20.0
# A pose overtaken by so many others is not looked for any more.
SENT_KEPT = 40
SAMPLE_EVERY = 20
CONSENTED = ("session", "personal", "aggregate")
GOODBYE_LIMIT_S = 3.0


class Shopper:
    """One bot. `number` is its place in the run; everything random comes from `chance`."""

    def __init__(
        self,
        number: int,
        personality: Personality,
        chance: random.Random,
        world: World,
        http: ShopHttp,
    ) -> None:
        self.number = number
        self.personality = personality
        self.chance = chance
        self.world = world
        self.inside = False
        self.in_party = False
        self.rushed_for: set[str] = set()
        self.body = Body(
            position=(0.0, 0.0),
            yaw=0.0,
            height_m=personality.height_m,
            speed_m_s=min(SPEED_MAX_M_S, personality.speed_m_s * world.haste),
            time_s=chance.uniform(0, 10),
        )
        self._http = http
        self._client: GalleriaClient | None = None
        self._arrived = asyncio.Event()
        self._offers: deque[Offer] = deque(maxlen=4)
        self._frames = 0

    # --- coming and going -----------------------------------------------------------------------

    async def arrive(self) -> bool:
        """Open a session; False when the server has no place for it."""
        try:
            client = await GalleriaClient.connect(
                self.world.base_url,
                name=self.personality.name,
                kind=self.personality.kind,
                http=self._http,
                chance=random.Random(self.chance.random()),
                client="galleria-bots",
            )
        except ClientError as error:
            self._refused("join", error)
            return False
        self._client = client
        client.on("Poses", self._on_poses)
        client.on("PoseRefused", self._on_pose_refused)
        client.on("OfferMade", self._on_offer)
        client.on("OrderConfirmed", self._on_order)
        client.on("Error", self._on_stray_error)
        client.on("Fresh", self._on_fresh)
        return True

    async def enter(self) -> bool:
        """Take a seat in the room; False when it is full."""
        consent = CONSENTED if self.personality.consents else ()
        try:
            await self.client.join(room=self.world.room_id, consent=consent)
        except ClientError as error:
            self._refused("join", error)
            return False
        pose = self.client.room.pose(self.client.avatar_id)
        if pose is not None:
            self.body.place((pose.head[0], pose.head[2]), self.chance.uniform(-math.pi, math.pi))
        self.world.sent[self.client.avatar_id] = deque(maxlen=SENT_KEPT)
        self.world.tally.done("join")
        self.world.tally.present += 1
        self.world.tally.peak = max(self.world.tally.peak, self.world.tally.present)
        self.body.hands = Hands.FREE
        self.inside = True
        self.in_party = bool(self.client.room.party_code)
        return True

    async def leave(self) -> bool:
        """Say goodbye to the room; the session stays."""
        if await self.ask("leave", "Leave") is None:
            return False
        self._gone()
        return True

    async def drop(self) -> None:
        """Cut the connection and wait until the session goes on, or a fresh one is there."""
        tally, counts = self.world.tally, self.client.statistics
        resumed, fresh = counts.resumed, counts.fresh
        tally.drops += 1
        self.client.drop()
        try:
            await self.client.until(
                lambda: counts.resumed > resumed or counts.fresh > fresh, RESUME_LIMIT_S, "resume"
            )
        except TimedOut:
            tally.surprise(f"no resume in {RESUME_LIMIT_S:.0f} s")
            return
        if counts.resumed > resumed:
            tally.done("resume")

    async def go_home(self) -> None:
        """Leave politely if there is a connection, and end the client whatever happens."""
        if self._client is None:
            return
        try:
            if self.inside and self.client.online:
                async with asyncio.timeout(GOODBYE_LIMIT_S):
                    await self.client.leave()
        except (ClientError, TimeoutError):
            pass  # the store may have closed before us
        finally:
            self._gone()
            await self.client.close()

    def _gone(self) -> None:
        if self.inside:
            self.inside = False
            self.in_party = False
            self.world.tally.present -= 1
        self._offers.clear()

    # --- talking --------------------------------------------------------------------------------

    @property
    def statistics(self) -> ClientStatistics | None:
        """What the client has counted; None before it arrived."""
        return None if self._client is None else self._client.statistics

    @property
    def sight(self) -> Sight:
        """What this bot sees."""
        return Sight(self.client, self.body)

    @property
    def client(self) -> GalleriaClient:
        if self._client is None:
            raise ConnectionLost("CLOSED", "This bot has not arrived.")
        return self._client

    async def ask(self, action: str, message: str, **fields: Any) -> View | None:
        """Send a request; its answer, or None when it was refused (which is counted)."""
        started, drops = time.perf_counter(), self.client.statistics.drops
        try:
            answer = await self.client.request(message, **fields)
        except RequestRefused as error:
            self._refused(action, error)
            return None
        except ConnectionLost as error:
            if error.code != "SESSION_LOST":
                raise
            # The server answered the resume with a fresh session: come in again.
            self.world.tally.refused(action, error.code, expected=True, message=error.message)
            return None
        if self.client.statistics.drops == drops:
            self.world.tally.requests.add((time.perf_counter() - started) * 1_000)
        self.world.tally.done(action)
        return dict(answer)

    async def gaze(self, product_id: str) -> None:
        """Tell what the gaze rests on; empty: on nothing."""
        if self.inside:
            await self.client.look(product_id)
            self.world.tally.done("look")

    def _refused(self, action: str, error: ClientError) -> None:
        self.world.tally.refused(
            action, error.code, expected=is_expected(action, error.code), message=error.message
        )

    # --- moving ---------------------------------------------------------------------------------

    async def walk_to(self, goal: Point) -> bool:
        """Walk there; False when it takes too long, or the store closes, or we were put out."""
        self._arrived.clear()
        self.body.walk(self.world.floor.way(self.body.position, goal))
        closing = asyncio.ensure_future(self.world.closing.wait())
        arriving = asyncio.ensure_future(self._arrived.wait())
        try:
            await asyncio.wait(
                (closing, arriving), timeout=WALK_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closing.cancel()
            arriving.cancel()
        reached = self._arrived.is_set() and self.inside
        self.body.stop()
        return reached

    async def pause(self, seconds: float) -> None:
        """Stand there for a while (of a person's time), or until the store closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds / self.world.haste):
                await self.world.closing.wait()

    async def step(self, elapsed_s: float) -> None:
        """Move the body on and tell the server where it is; called twenty times a second."""
        if not self.inside:
            return
        body = self.body
        body.step(elapsed_s)
        if body.arrived:
            self._arrived.set()
        stance = body.stance()
        avatar_id = self.client.avatar_id
        record = pack_pose(
            Pose(
                avatar_id,
                stance.head,
                stance.head_rotation,
                stance.left,
                stance.hand_rotation,
                stance.right,
                stance.hand_rotation,
            )
        )
        sent = self.world.sent.get(avatar_id)
        if sent is not None:
            sent.append((record, time.perf_counter()))
        if await self.client.send_pose(record):
            self.world.tally.poses_sent += 1

    # --- waiting --------------------------------------------------------------------------------

    async def checkout_when(
        self, checkout_id: str, ready: Callable[[View], bool], limit_s: float
    ) -> View | None:
        """The checkout once it is as wanted; None when that takes too long."""

        def as_wanted() -> bool:
            view = self.client.room.checkout
            return view is not None and view["checkout_id"] == checkout_id and ready(view)

        try:
            await self.client.until(as_wanted, limit_s, "the checkout")
        except TimedOut:
            return None
        return self.client.room.checkout

    # --- offers ---------------------------------------------------------------------------------

    def next_offer(self) -> Offer | None:
        """Somebody holds something out to us: offer, prop and giver."""
        while self._offers:
            offer = self._offers.popleft()
            if offer[0] in self.client.room.offers:
                return offer
        return None

    async def offer_over(self, offer_id: int, limit_s: float) -> None:
        """Wait until an offer of ours has ended, or for as long as the arm holds."""
        with suppress(TimedOut):
            await self.client.until(
                lambda: offer_id not in self.client.room.offers, limit_s, "the offer"
            )

    # --- hearing --------------------------------------------------------------------------------

    def _on_offer(self, body: Mapping[str, Any]) -> None:
        if body["to_avatar_id"] == self.client.avatar_id:
            self._offers.append((body["offer_id"], body["prop_id"], body["from_avatar_id"]))

    def _on_order(self, body: Mapping[str, Any]) -> None:
        self.world.tally.orders.add(str(body["order_id"]))

    def _on_stray_error(self, body: Mapping[str, Any]) -> None:
        """An Error that answers no request: a pose or a look was wrong."""
        self.world.tally.errors[str(body["code"])] += 1
        self.world.tally.surprise(f"error without a request: {body['code']}: {body['message']}")

    def _on_fresh(self, body: Mapping[str, Any]) -> None:
        """The server did not know our session any more: seat, props and offers are gone."""
        self.world.tally.surprise(f"not resumed: {body['reason']}")
        self._gone()

    def _on_pose_refused(self, body: Mapping[str, Any]) -> None:
        """The server says where we are; go on from there."""
        self.world.tally.pose_refusals[str(body["code"])] += 1
        if body["pose"]:
            head = unpack_pose(body["pose"]).head
            self.body.place((head[0], head[2]), self.body.yaw)

    def _on_poses(self, body: Mapping[str, Any]) -> None:
        """Count the updates, and look for the time of sending of one in so many."""
        records: bytes = body["records"]
        tally = self.world.tally
        tally.pose_frames += 1
        tally.pose_updates += len(records) // POSE_BYTES
        self._frames += 1
        if (self._frames + self.number) % SAMPLE_EVERY:
            return
        now = time.perf_counter()
        at = (self._frames // SAMPLE_EVERY * POSE_BYTES) % len(records)
        record = records[at : at + POSE_BYTES]
        for candidate, sent_s in reversed(
            self.world.sent.get(int.from_bytes(record[:2], "little"), ())
        ):
            if candidate == record:
                tally.poses.add((now - sent_s) * 1_000)
                return
