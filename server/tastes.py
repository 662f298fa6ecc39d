"""New lists in the room for somebody who said over HTTP what they like, at this worker or another.

What is done in a room asks for new lists by itself. What is said elsewhere is noted here, person by
person, so that the work is bounded by the people who sit in our rooms, however often they say it.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from commerce import Commerce, CommerceError
from recommender.errors import RecommenderError
from recommender.interactions import ConsentClass, Interaction, Signal
from recommender.service import RecommenderService
from rooms.effects import Recommend
from server.clock import Clock
from server.workers.messages import TasteChanged

log = structlog.get_logger(__name__)


class Tastes:
    """`seats_of` tells rooms and avatars of a person; `rank` makes a list for a room."""

    def __init__(
        self,
        commerce: Commerce,
        recommender: RecommenderService,
        clock: Clock,
        seats_of: Callable[[str], Sequence[tuple[str, int]]],
        rank: Callable[[str, Recommend], None],
    ) -> None:
        self._commerce = commerce
        self._recommender = recommender
        self._clock = clock
        self._seats_of = seats_of
        self._rank = rank
        self._due: dict[str, None] = {}
        self._wake = asyncio.Event()

    def changed(self, person_id: str) -> None:
        """Somebody has said what they like; they may sit in a room of ours."""
        if self._seats_of(person_id):
            self._due[person_id] = None
            self._wake.set()

    def heard(self, news: TasteChanged) -> None:
        """The same at another worker, which has stored what may be stored."""
        if news.liked_id and self._seats_of(news.person_id):
            like = Interaction(
                news.person_id, news.liked_id, Signal.LIKE, self._clock(),
                frozenset({ConsentClass.SESSION}),
            )  # fmt: skip
            self._recommender.observe(like)
        self.changed(news.person_id)

    async def run(self) -> None:
        """Bring lists up to date, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                person_id = next(iter(self._due))
                del self._due[person_id]
                try:
                    await self._follow(person_id)
                except (CommerceError, RecommenderError) as error:
                    # The next thing they do in the room brings a new list anyway.
                    log.warning("taste_not_followed", code=error.code)

    async def _follow(self, person_id: str) -> None:
        await self._recommender.load_person(person_id)
        cart = await self._commerce.cart_of(person_id)
        for room_id, avatar_id in self._seats_of(person_id):
            self._rank(room_id, Recommend(avatar_id, person_id, cart.id, ()))
            present = tuple(
                member
                for member in cart.members
                if any(room_id == place for place, _ in self._seats_of(member))
            )
            if len(present) > 1:
                self._rank(room_id, Recommend(0, "", cart.id, present))
