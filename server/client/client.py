"""The game socket for Python: bots, tests and benchmarks talk to a server through this.

    client = await GalleriaClient.connect("http://127.0.0.1:8080", name="Ada")
    await client.join()
    await client.add_to_cart("GH-MUG-001-BLUE")
    async for event in client.events():
        ...

A dropped connection is taken up again by itself: unanswered requests are sent again, events come
exactly once and in order. When the server cannot resume the session, waiting requests fail with
ConnectionLost (SESSION_LOST), the room model is empty and `Fresh` is emitted: join again.

Besides the server's events the client emits its own: `Fresh` {reason}, `Resumed` {}, `Dropped`
{code, reason} and `Closed` {code, message}. `Poses` {time_ms, records} goes to callbacks only.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from server.client.actions import Actions
from server.client.actions_together import Answer
from server.client.errors import ConnectionLost
from server.client.events import Callback, EventStream
from server.client.http import ShopHttp
from server.client.room import RoomModel
from server.client.session import SessionClient
from server.client.settings import ClientSettings
from server.wire.messages import BY_NAME
from server.wire.pose import Pose, pack_pose

_POSE, _LOOK = (BY_NAME[name].number for name in ("Pose", "Look"))


class GalleriaClient(SessionClient, Actions):
    """One shopper's session. Make it with `connect`, end it with `close` or `async with`."""

    @classmethod
    async def connect(
        cls,
        base_url: str,
        *,
        name: str = "Guest",
        kind: str = "bot",
        token: str | None = None,
        http: ShopHttp | None = None,
        settings: ClientSettings | None = None,
        chance: random.Random | None = None,
        client: str = "galleria-python",
    ) -> Self:
        """Get a guest token (unless given), open the socket and wait for the Welcome.

        Many clients may share one `http`. Raises HttpProblem or ConnectionLost.
        """
        own = http is None
        http = http or ShopHttp(base_url)
        try:
            if token is None:
                token = str((await http.guest(name))["token"])
            this = cls(
                http, token, name=name, kind=kind, settings=settings, chance=chance, client=client
            )
            this._owns_http = own
            await this.open()
        except BaseException:
            if own:
                await http.close()
            raise
        return this

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # --- state ----------------------------------------------------------------------------------

    @property
    def avatar_id(self) -> int:
        """Your avatar; 0 before `join`."""
        return self.room.avatar_id

    @property
    def person_id(self) -> str:
        """Whom the token stands for."""
        return str(self.welcome.get("person_id", ""))

    def now_ms(self) -> int:
        """Server time, ms since the Unix epoch."""
        return self.clock.now_ms()

    # --- coming and going -----------------------------------------------------------------------

    async def join(
        self,
        *,
        room: str | None = None,
        invite: str | None = None,
        consent: Sequence[str] = (),
        name: str | None = None,
    ) -> Answer:
        """Reserve a seat and take it; returns when the room model is complete.

        `room` is a room id, `invite` a friend's code; neither: the first room.
        """
        seat = await self.http.reserve_seat(self.token, room_id=room, invite=invite)
        await self._move(str(seat.get("socket_url") or self.socket_url))
        answer = await self.request(
            "Join", seat_token=seat["seat_token"], name=name or self.name, consent=list(consent)
        )
        await self.until(lambda: self.room.avatar_id == answer["avatar_id"], what="RoomState")
        return answer

    async def leave(self) -> None:
        """Leave the room; the session stays, another room can be joined."""
        await self.request("Leave")
        self.room = RoomModel()

    async def close(self) -> None:
        """End the client. The seat is kept for the grace period unless you `leave` first."""
        self._end(ConnectionLost("CLOSED", "This client was closed."))
        await self._stop()
        if self._owns_http:
            await self.http.close()

    # --- talking --------------------------------------------------------------------------------

    async def look(self, product_id: str = "") -> None:
        """Your gaze rests on a product, or on none; not answered, and dropped while offline."""
        await self._send(_LOOK, 0, {"product_id": product_id})

    async def send_pose(self, pose: Pose | bytes) -> bool:
        """Tell where you are now; False when it was left out (offline, or the socket is full)."""
        socket = self._socket
        if socket is None or not self._online:
            return False
        if socket.transport.get_write_buffer_size() > self.settings.pose_buffer_max_bytes:
            self.statistics.poses_skipped += 1
            return False
        record = pose if isinstance(pose, bytes) else pack_pose(pose)
        await self._send(_POSE, max(0, self.now_ms()), record)
        return True

    def events(self) -> EventStream:
        """All events from now on, the client's own included, until it is closed."""
        return self._hub.stream()

    def on(self, name: str, callback: Callback) -> Callable[[], None]:
        """Call back with the body of every event of this name; the return value ends it."""
        return self._hub.on(name, callback)

    async def wait_for(
        self,
        name: str,
        predicate: Callable[[Mapping[str, Any]], bool] | None = None,
        timeout_s: float = 5.0,
    ) -> Mapping[str, Any]:
        """The body of the next event of this name that fits; TimedOut."""
        return await self._hub.wait_for(name, predicate, timeout_s)

    async def until(
        self, condition: Callable[[], bool], timeout_s: float = 5.0, what: str = "a condition"
    ) -> None:
        """Wait until a condition (of the room model) holds; it may hold already. TimedOut."""
        await self._hub.until(condition, timeout_s, what)
