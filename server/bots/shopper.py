"""A shopper: a body, a client, and what the two can do. What to do when is in `server.bots.day`."""

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.bots.expectations import is_expected
from server.bots.floor import Floor, Point, Shelf
from server.bots.friends import Friends, Rush
from server.bots.motion import Body, Hands, Vector, yaw_towards
from server.bots.personality import Personality
from server.bots.report import Tally
from server.client.client import GalleriaClient
from server.client.errors import ClientError, ConnectionLost, RequestRefused, TimedOut
from server.wire.pose import POSE_BYTES, Pose

View = dict[str, Any]
Offer = tuple[int, int, int]

WALK_LIMIT_S = 60.0
RESUME_LIMIT_S = 20.0
# A pose overtaken by so many others is not looked for any more.
SENT_KEPT = 40
SAMPLE_EVERY = 20
CONSENTED = ("session", "personal", "aggregate")
ROOM_FULL_CODES = frozenset({"ROOM_FULL", "SERVER_FULL", "TOO_MANY_REQUESTS", "SEAT_EXPIRED"})


@dataclass(slots=True)
class World:
    """What all bots of a run share."""

    base_url: str
    room_id: str
    floor: Floor
    departments: Mapping[str, str]
    friends: Friends
    rush: Rush
    tally: Tally
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    sent: dict[int, deque[tuple[bytes, float]]] = field(default_factory=dict)
    by_sku: dict[str, Shelf] = field(init=False)

    def __post_init__(self) -> None:
        self.by_sku = {sku: shelf for shelf in self.floor.shelves for sku in shelf.skus}
