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


@dataclass(slots=True)
class Services:
    """Everything that outlives a request. Built in `server.app`, closed there."""

    settings: Settings
    clock: Clock
    store: Store
    commerce: Commerce
    recommender: RecommenderService
    storage: Storage
    manifest: Manifest
    guests: GuestTokens
    rooms: Registry
    metrics: Metrics
    last_beat_ms: Callable[[], int] = lambda: 0
    draining: bool = False

    @property
    def last_tick_ms(self) -> int:
        """When the rooms last beat; 0: not yet."""
        return self.last_beat_ms()
