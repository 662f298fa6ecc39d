"""What all bots of a run share: the store they are in, their friends, and the books."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.bots.floor import Floor, Shelf
from server.bots.friends import Friends, Rush
from server.bots.report import Tally


@dataclass(slots=True)
class World:
    """One store as the bots know it. `sent` has the newest poses of everybody, to time them;
    `haste` is how many times quicker than people the bots are."""

    base_url: str
    room_id: str
    floor: Floor
    departments: Mapping[str, str]
    friends: Friends
    rush: Rush
    tally: Tally
    haste: float = 1.0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    sent: dict[int, deque[tuple[bytes, float]]] = field(default_factory=dict)
    by_sku: dict[str, Shelf] = field(init=False)

    def __post_init__(self) -> None:
        self.by_sku = {sku: shelf for shelf in self.floor.shelves for sku in shelf.skus}
