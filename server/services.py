"""The parts of a running server, as HTTP routers and the command line see them."""

from collections.abc import Callable
from dataclasses import dataclass

from assets.manifest import Manifest
from assets.storage import Storage
from commerce import Commerce
from recommender.service import RecommenderService
from server.auth.tokens import GuestTokens
from server.clock import Clock
from server.config import Settings
from server.observe.metrics import Metrics
from server.registry import Registry
from server.store import Store
from server.workers.asks import RoomDirectory
from server.workers.link import WorkerLink


@dataclass(slots=True)
class Services:
    """Everything that outlives a request. Built in `server.app`, closed there.

    `worker` is the number of this process among several, and 0 when it is alone; `link` is its way
    to the others. `registry` has the rooms of this process, `directory` those of all.
    `taste_changed` is told who has said over HTTP what they like.
    """

    settings: Settings
    clock: Clock
    store: Store
    commerce: Commerce
    recommender: RecommenderService
    storage: Storage
    manifest: Manifest
    guests: GuestTokens
    registry: Registry
    directory: RoomDirectory
    metrics: Metrics
    worker: int = 0
    link: WorkerLink | None = None
    last_beat_ms: Callable[[], int] = lambda: 0
    taste_changed: Callable[[str], None] = lambda _: None
    draining: bool = False

    def socket_url(self, base_url: str, worker: int) -> str:
        """Where the game socket of a worker is, for a client that reaches us at `base_url`.

        Alone we are at `/ws`; with others each has a path on the one port.
        """
        path = f"/w/{worker}/ws" if self.worker else "/ws"
        return base_url.replace("http", "ws", 1) + path

    @property
    def last_tick_ms(self) -> int:
        """When the rooms last beat; 0: not yet."""
        return self.last_beat_ms()
