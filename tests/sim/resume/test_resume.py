"""Sessions over lines that break at any byte: reliable events come exactly once and in order, each
request is done once and answered once, seat, props and cart are kept within the grace period, and a
token that is no good changes nothing.

A seed is a story. GALLERIA_TEST_RESUME_SEEDS says how many are told: 200 unless it is set, 10,000
at night. A story that failed is told again for ever: its seed belongs into seeds.txt.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from server.client.errors import ClientError
from server.resume_tokens import ResumeTokens
from server.wire import codec
from server.wire.messages import BY_NAME
from tests.rooms.hall import NOW_MS
from tests.sim.resume.network import Pipe, Timeline
from tests.sim.resume.shop import GRACE_MS, SECRET, TOKEN_TTL_MS, Shop
from tests.sim.resume.visitor import LONG_AWAY_MS, PENDING_MAX, Visitor

SEEDS = int(os.environ.get("GALLERIA_TEST_RESUME_SEEDS", "200"))
BATCH = 25
KNOWN = [
    int(entry)
    for entry in Path(__file__).with_name("seeds.txt").read_text(encoding="utf-8").split()
    if entry.isdigit()
]
TROUBLE_MS = 25_000
QUIET_MS = 70_000
"""Long enough for everybody to come back, and to be told everything."""


class Story:
    """Three people shop over bad lines, and somebody tries tokens."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.time = Timeline(NOW_MS)
        self.shop = Shop(self.time, self.chance)
        self.visitors = [
            Visitor(f"person-{number}", self.shop, self.time, self.chance) for number in range(3)
        ]
        self.tried: Counter[str] = Counter()

    def tell(self) -> None:
        end_ms = NOW_MS + TROUBLE_MS
        while self.time.now_ms < end_ms:
            self.time.run_until(self.time.now_ms + self.chance.randint(1, 400))
            self._something()
            self._check()
        for _ in range(QUIET_MS // 1_000):
            self.time.run_until(self.time.now_ms + 1_000)
            for visitor in self.visitors:
                visitor.acknowledge()
        self._check()
        self._check_all_is_well()

    # --- what happens ---------------------------------------------------------------------------

    def _something(self) -> None:
        visitor, lot = self.chance.choice(self.visitors), self.chance.random()
        if lot < 0.2:
            visitor.drop()
        elif lot < 0.23:
            visitor.drop(away_ms=self.chance.randint(*LONG_AWAY_MS))
        elif lot < 0.4:
            visitor.acknowledge()
        elif lot < 0.55:
            self._try_a_token(visitor)
        elif visitor.seated:
            self._shop(visitor)

    def _shop(self, visitor: Visitor) -> None:
        held = visitor.room.held_by(visitor.room.avatar_id)
        if len(visitor.pending) < PENDING_MAX:
            match self.chance.randrange(4):
                case 0:
                    visitor.ask("AddToCart", sku="LAMP", quantity=1)
                case 1 if held:
                    visitor.ask("PutBack", prop_id=held[0]["prop_id"], epoch=held[0]["epoch"])
                case 2:
                    visitor.ask("Vote", product_id="lamp", choice=self.chance.choice((-1, 0, 1)))
                case _:
                    visitor.ask("Grab", prop_id=self.chance.randint(1, 3), hand="right")

    def _try_a_token(self, victim: Visitor) -> None:
        """A stranger's Hello with a token that is no good: nothing changes for anybody."""
        tokens = victim.tokens
        if not tokens:
            return
        person_id, newest = victim.person_id, tokens[-1]
        used = self._used_tokens(victim)
        facts = self.shop.tokens.verify(newest)
        assert not isinstance(facts, str)
        stale = ResumeTokens(SECRET, lambda: self.time.now_ms - TOKEN_TTL_MS, TOKEN_TTL_MS)
        flipped = "A" if newest[20] != "A" else "B"
        alive = facts.session_id in {s.session_id for s in self.shop.sessions.all}
        kinds = {
            "invalid": (person_id, newest[:20] + flipped + newest[21:]),
            "expired": (person_id, stale.issue(facts.session_id, facts.epoch)),
            "not_yours": ("thief", newest if alive else ""),
            "used_before": (person_id, self.chance.choice(used) if used else ""),
        }
        reason = self.chance.choice(sorted(kinds))
        token_of, token = kinds[reason]
        if not token:
            return
        before, said = self._facts(), list[bytes]()
        nowhere = Pipe(self.time, self.chance, said.append, lambda: None)
        stranger = self.shop.accept(nowhere)
        hello = {
            "protocol_min": 1, "protocol_max": 1, "client": "stranger", "kind": "bot",
            "token": token_of, "resume_token": token, "last_seq": 0,
        }  # fmt: skip
        stranger.received(codec.encode(BY_NAME["Hello"].number, 0, hello))
        assert stranger.session is not None
        assert stranger.session.session_id not in before[0]
        stranger.lost("gone")
        self.shop.sessions._sessions.pop(stranger.session.session_id)
        assert self._facts() == before, reason
        assert self.shop.last_reason in (reason, "session_over")
        self.tried[reason] += 1

    def _used_tokens(self, victim: Visitor) -> list[str]:
        """Tokens from before the last Welcome that the victim has shown to have."""
        confirmed = {s.session_id: s.confirmed_epoch for s in self.shop.sessions.all}
        used = []
        for token in victim.tokens:
            facts = self.shop.tokens.verify(token)
            if not isinstance(facts, str) and facts.epoch < confirmed.get(facts.session_id, 0):
                used.append(token)
        return used

    def _facts(self) -> tuple[dict[str, tuple[object, ...]], str]:
        sessions: dict[str, tuple[object, ...]] = {
            s.session_id: (
                s.connection, s.epoch, s.confirmed_epoch, s.last_seq, s.last_request_id, s.queued,
                s.detached_ms, s.overflowed,
            )
            for s in self.shop.sessions.all
        }  # fmt: skip
        return sessions, self.shop.hall.room.state_hash()

    # --- what must be so ------------------------------------------------------------------------

    def _check(self) -> None:
        assert not [key for key, times in self.shop.executed.items() if times > 1]
        for visitor in self.visitors:
            assert not [key for key, times in visitor.answers.items() if times > 1]
        # Whoever has a session that waits has their seat, what they hold and their party.
        room = self.shop.hall.room
        for session in self.shop.sessions.all:
            seat = self.shop.seats.get(session.session_id)
            waited_ms = self.time.now_ms - session.detached_ms
            entered = session.session_id in self.shop.entered
            if entered and (session.connection is not None or waited_ms < GRACE_MS):
                assert seat in room.avatar_ids
                kept = self.shop.kept.get(session.session_id)
                if kept is not None and session.connection is None:
                    assert self.shop.belongings(seat) == kept

    def _check_all_is_well(self) -> None:
        for visitor in self.visitors:
            assert visitor.seated
            session = next(s for s in self.shop.sessions.all if s.session_id == visitor.session_id)
            assert visitor.order.last_seq == session.last_seq
            assert session.queued == 0
            assert len(visitor.pending) == 0
            for session_id, waiting in visitor.asked:
                key = (session_id, waiting.request_id)
                assert waiting.answer.done()
                error = waiting.answer.exception()
                lost = isinstance(error, ClientError) and error.code == "SESSION_LOST"
                if not lost:
                    assert visitor.answers[key] == self.shop.executed[key] == 1
            self._check_model(visitor)

    def _check_model(self, visitor: Visitor) -> None:
        """What the client shows is what the room has."""
        room, model = self.shop.hall.room, visitor.room
        assert model.avatar_id == self.shop.seats[visitor.session_id]
        assert set(model.avatars) == set(room.avatar_ids)
        for prop in room._state.props.values():
            shown = model.props[prop.prop_id]
            assert (shown["owner_avatar_id"], shown["epoch"]) == (prop.owner_avatar_id, prop.epoch)
        lines = self.shop.lines_of_person.get(visitor.person_id, [])
        party = room._state.party_of(room._state.avatars[model.avatar_id])
        known = party.cart.version if party.cart is not None else 0
        assert (model.cart or {"version": 0})["version"] == known <= len(lines)


STORIES = [*KNOWN, *range(SEEDS)]
HEAVY = pytest.mark.loop_slice(60_000)
"""A batch is one piece of work: time is virtual, and nobody else waits for the loop."""


@HEAVY
@pytest.mark.parametrize("first", range(0, len(STORIES), BATCH))
async def test_whatever_breaks_nothing_is_lost_or_done_twice(first: int) -> None:
    for seed in STORIES[first : first + BATCH]:
        tell(seed)


@HEAVY
async def test_the_stories_have_all_in_them() -> None:
    stories = [tell(seed) for seed in range(BATCH)]
    ends = sum((visitor.reasons for story in stories for visitor in story.visitors), Counter[str]())
    assert ends["resumed"] > 5 * BATCH
    assert ends["session_over"] > 0
    tried = sum((story.tried for story in stories), Counter[str]())
    assert set(tried) == {"invalid", "expired", "not_yours", "used_before"}
    assert sum(len(story.shop.executed) for story in stories) > 5 * BATCH
    visitors = [visitor for story in stories for visitor in story.visitors]
    assert sum(visitor.doubles for visitor in visitors) > BATCH
    assert sum(story.shop.dropped_with_props for story in stories) > BATCH


def tell(seed: int) -> Story:
    story = Story(seed)
    try:
        story.tell()
    except BaseException as error:
        error.add_note(f"Seed {seed}: add it to tests/sim/resume/seeds.txt when it is mended.")
        raise
    return story
