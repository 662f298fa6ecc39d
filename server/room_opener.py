"""Opens and closes rooms in this process: layout, products, recording, and the stock as it is."""

from collections.abc import Mapping
from typing import Any

from commerce import Commerce
from rooms.journal import header_of
from rooms.room import Room
from server import translate
from server.clock import Clock
from server.config import Settings
from server.feed import CommerceFeed
from server.hosted_room import HostedRoom
from server.recorder import Recorder
from server.room_host import RoomHost
from server.store import Store


class RoomOpener:
    """Makes rooms of the store. A copy has props and people of its own, and the same true stock."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        store: Store,
        commerce: Commerce,
        host: RoomHost,
        recorder: Recorder,
        feed: CommerceFeed,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._commerce = commerce
        self._host = host
        self._recorder = recorder
        self._feed = feed
        self._products = frozenset(placement.product_id for placement in store.placements)

    async def open(self, room_id: str, parked: Mapping[str, Any] | None = None) -> None:
        """Begin to run a room, or go on with a parked one.

        Raises as `Commerce.stock`, and then there is no room; or JournalError, when what was parked
        cannot be taken up.
        """
        store, now_ms = self._store, self._clock()
        tick_rate_hz = store.tick_rate_hz or self._settings.realtime.tick_rate_hz
        room = Room(
            room_id,
            store.layout,
            store.placements,
            self._host.poses,
            self._settings.room,
            now_ms,
            tick_rate_hz,
        )
        if parked is not None:
            room.unpark(parked, now_ms)
        journal = (
            self._recorder.open(room_id, header_of(room), now_ms)
            if self._settings.realtime.journal_enabled
            else None
        )
        # Copies name the layout of the store's own room, which clients have already.
        urls = {
            "layout_url": f"/rooms/{store.room_id}/layout",
            "manifest_url": "/assets/manifest.json",
        }
        # It hears of changes from now on, so what is read next can only be older than those.
        self._host.add_room(HostedRoom(room, self._products, urls, journal, tick_rate_hz))
        try:
            stocks = await self._commerce.stock()
        except BaseException:
            self._host.remove_room(room_id)
            raise
        for stock in stocks:
            self._feed.stock(stock.sku, stock.product_id, stock.available)
            if stock.product_id in self._products:
                self._host.submit(room_id, translate.stock_updated(stock))

    def close(self, room_id: str) -> None:
        """Run a room no longer; nobody may be in it."""
        self._host.remove_room(room_id)
