"""Whatever is asked in whatever order, the laws of the room hold, and a recording replays it.

A simulated shell drives the room: it answers effects late, twice or never, and says things no
client of ours would say.
"""

import json
from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rooms import commands, effects
from rooms.avatars import POSE_DTYPE, UNTRACKED
from rooms.commands import AvatarCommand, Command
from rooms.effects import PersonEffect, RecordInteraction, ReleaseSeat
from rooms.errors import SENTENCES
from rooms.events import Answer, Error
from rooms.journal import decode_command, encode_command, header_of, room_from_header
from rooms.room import Step
from rooms.rotations import NO_ROTATION
from rooms.settings import RoomSettings
from rooms.types import Item
from tests.rooms.hall import HAT, LAMP, MUG, Hall, cart, checkout, entering, line

SETTINGS = RoomSettings(capacity=4, party_capacity=2, requests_pending_per_avatar=3)
AVATAR = st.integers(1, 6)
PERSON = st.sampled_from(["p1", "p2", "p3", "p4", "p5"])
PARTY = st.sampled_from(["duo", "party-of-1", "party-of-2"])
PROP, OFFER, EPOCH = st.integers(0, 5), st.integers(0, 6), st.integers(0, 5)
PRODUCT = st.sampled_from([MUG, LAMP, HAT, "", "elephant"])
LINE, CHECKOUT = st.sampled_from(["a", "b"]), st.sampled_from(["c1", "c2"])
NUMBER = st.one_of(st.floats(-6, 6), st.floats())
CONSENT = st.sampled_from([(), ("session",), ("session", "personal"), ("nonsense",)])

# For each kind of command: what its fields, apart from avatar and request, may be.
ASKED: dict[type[AvatarCommand], tuple[st.SearchStrategy[Any], ...]] = {
    commands.Leave: (),
    commands.Detach: (st.just("lost"),),
    commands.Resume: (),
    commands.SetConsent: (CONSENT,),
    commands.Teleport: (st.tuples(NUMBER, st.sampled_from([0.0, 9.0]), NUMBER), NUMBER),
    commands.CreateParty: (),
    commands.JoinParty: (st.sampled_from(["CODE42", "duo", ""]),),
    commands.LeaveParty: (),
    commands.Look: (PRODUCT,),
    commands.Grab: (PROP, st.sampled_from(["left", "right", "foot"])),
    commands.PutBack: (PROP, EPOCH),
    commands.OfferProp: (PROP, EPOCH, AVATAR),
    commands.AcceptOffer: (OFFER,),
    commands.DeclineOffer: (OFFER,),
    commands.Vote: (PRODUCT, st.integers(-2, 2)),
    commands.AddToCart: (st.sampled_from(["LAMP", "ELEPHANT"]), st.integers(-1, 120)),
    commands.SetQuantity: (LINE, st.integers(-1, 3)),
    commands.RemoveFromCart: (LINE,),
    commands.LockCheckout: (st.integers(-1, 9),),
    commands.UnlockCheckout: (CHECKOUT,),
    commands.Pay: (CHECKOUT, st.integers(0, 9), st.just("key"), st.just("test:1")),
    commands.ConfirmPayment: (CHECKOUT, st.just("ch"), st.just("approve")),
    commands.Spotlight: (PRODUCT,),
    commands.Gather: (),
}
LINES = st.lists(
    st.builds(line, LINE, st.sampled_from([MUG, LAMP]), PERSON), max_size=2, unique_by=repr
).map(tuple)
NEWS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        commands.CartUpdated,
        PARTY,
        st.builds(cart, st.integers(0, 5), LINES, checkout_id=st.sampled_from(["", "c1", "c2"])),
    ),
    st.builds(
        commands.CheckoutUpdated,
        PARTY,
        st.builds(
            checkout,
            CHECKOUT,
            st.sampled_from(["locked", "paying", "paid", "released"]),
            st.integers(0, 3),
        ),
    ),
    st.builds(
        commands.OrderPaid, PARTY, st.sampled_from(["o1", "o2"]), CHECKOUT, PERSON,
        st.just(900), st.just("EUR"), st.just(("1 × Mug",)), st.just((MUG, LAMP)),
    ),
    st.builds(
        commands.StockUpdated, st.sampled_from(["LAMP", "ELEPHANT"]), st.just(LAMP),
        st.integers(0, 9), st.integers(0, 9),
    ),
    st.builds(commands.HoldExpired, PARTY, LINE, st.just(MUG)),
    st.builds(
        commands.RecommendationsReady, st.integers(0, 6), PARTY,
        st.just((Item(MUG, 0.5, "r", "R"),)),
    ),
)  # fmt: skip
ENTER = st.tuples(st.just("enter"), AVATAR, PERSON, PARTY, CONSENT, st.booleans())
ASK = st.one_of(
    [st.tuples(st.just(kind), AVATAR, st.tuples(*fields)) for kind, fields in ASKED.items()]
)
OUTCOME = st.tuples(st.just("outcome"), st.integers(0, 9), st.booleans(), st.booleans(), PARTY)
STRAY = st.tuples(st.just("stray"), AVATAR, st.integers(0, 40))
POSE = st.tuples(
    st.just("pose"),
    AVATAR,
    st.integers(-7_000, 7_000),
    st.integers(0, 2_000),
    st.integers(0, 6_000),
)
WAIT = st.tuples(
    st.just("wait"), st.sampled_from([1, 50, 400, 1_000, 5_000, 10_000, 15_000, 70_000])
)
NEWS_COMES = st.tuples(st.just("news"), NEWS)
SCRIPT = st.lists(
    st.one_of(ENTER, ASK, ASK, ASK, NEWS_COMES, OUTCOME, OUTCOME, STRAY, POSE, WAIT), max_size=40
)


class Shell:
    """Drives a room as the host would, keeps a recording, and watches the laws."""

    def __init__(self) -> None:
        self.hall = Hall(SETTINGS, capacity=5)
        self.header = json.dumps(header_of(self.hall.room))
        self.recording: list[str] = []
        self.requests = 0
        self.open_requests: dict[int, int] = {}
        self.answers: Counter[int] = Counter()
        self.waiting: list[PersonEffect] = []
        self.consent: dict[int, tuple[str, tuple[str, ...]]] = {}
        self.epochs: dict[int, int] = {}
        self.offered = b""
        self.last_hash = self.hall.room.state_hash()

    def play(self, action: Any) -> None:
        """One action of the script is one step, so that each law can be watched after it."""
        word, *values = action
        if word == "wait":
            self.hall.now_ms += values[0]
            self.step()
        elif word == "pose":
            self._pose(*values)
            self.step()
        elif word == "outcome":
            self._outcome(*values)
        elif word == "stray":
            self._stray(*values)
        elif word == "news":
            self.step(values[0])
        elif word == "enter":
            self._enter(*values)
        else:
            avatar_id, fields = values
            # That somebody dropped out is not a request of theirs.
            request_id = 0 if word is commands.Detach else self._request(avatar_id)
            self.step(word(avatar_id, request_id, *fields))

    def _request(self, avatar_id: int) -> int:
        self.requests += 1
        self.open_requests[self.requests] = avatar_id
        return self.requests

    def _enter(
        self, avatar_id: int, person: str, party: str, consent: tuple[str, ...], shared: bool
    ) -> None:
        before = self.hall.room.avatar_ids
        code = "CODE42" if party == "duo" else ""
        self.step(
            entering(
                avatar_id, self._request(avatar_id), person_id=person, party_id=party,
                party_code=code, consent=consent, role="host" if shared else "shopper",
            )
        )  # fmt: skip
        if avatar_id not in before and avatar_id in self.hall.room.avatar_ids:
            self.consent[avatar_id] = (person, consent)

    def _pose(self, avatar_id: int, x_mm: int, y_mm: int, z_mm: int) -> None:
        hands = (UNTRACKED, 0, 0)
        record = (avatar_id, (x_mm, y_mm, z_mm), hands, hands, (NO_ROTATION,) * 3)
        offered = np.array([record], dtype=POSE_DTYPE)
        refused = self.hall.poses.accept(offered, self.hall.now_ms).refused
        self.hall.room.refuse_poses(refused, self.hall.now_ms)
        self.offered = offered.tobytes()

    def _outcome(self, which: int, good: bool, twice: bool, party: str) -> None:
        if not self.waiting:
            return
        effect = self.waiting.pop(which % len(self.waiting))
        outcome: Command
        if not good:
            outcome = commands.RequestFailed(effect.avatar_id, effect.request_id, "X", "No.", {})
        elif isinstance(effect, effects.OpenParty | effects.EnterParty):
            outcome = commands.PartyCompleted(effect.avatar_id, effect.request_id, party, "CODE42")
        elif isinstance(effect, effects.QuitParty):
            alone = f"party-of-{effect.avatar_id}"
            outcome = commands.PartyCompleted(effect.avatar_id, effect.request_id, alone, "")
        else:
            outcome = commands.RequestCompleted(effect.avatar_id, effect.request_id, {"v": 1})
        self.step(outcome)
        if twice:
            assert not [e for e in self.step(outcome).events if isinstance(e.event, Answer | Error)]

    def _stray(self, avatar_id: int, request_id: int) -> None:
        if request_id in [effect.request_id for effect in self.waiting]:
            return
        before = self.last_hash
        step = self.step(
            commands.RequestCompleted(avatar_id, request_id, {}),
            commands.RequestFailed(avatar_id, request_id, "X", "No.", {}),
            commands.PartyCompleted(avatar_id, request_id, "duo", "CODE42"),
        )
        assert step.events == ()
        assert self.last_hash == before

    def step(self, *asked: Command) -> Step:
        hall, room = self.hall, self.hall.room
        # What is due is done before, so that what the commands change can be seen alone.
        self._after(room.step((), hall.now_ms), ())
        before = self.last_hash
        step = room.step(asked, hall.now_ms)
        self._after(step, asked)
        if any(isinstance(e.event, Error) and e.event.code in SENTENCES for e in step.events):
            assert len(step.events) == 1
            assert all(isinstance(effect, ReleaseSeat) for effect in step.effects)
            assert self.last_hash == before, "an error changed something"
        return step

    def _after(self, step: Step, asked: tuple[Command, ...]) -> None:
        self.last_hash = self.hall.room.state_hash()
        encoded = [encode_command(command) for command in asked]
        entry = [self.hall.now_ms, encoded, self.offered.hex(), self.last_hash]
        self.recording.append(json.dumps(entry))
        self.offered = b""
        for out in step.events:
            assert out.avatar_ids
            if isinstance(out.event, Answer | Error) and out.event.request_id:
                self.answers[out.event.request_id] += 1
                assert out.avatar_ids == (self.open_requests[out.event.request_id],)
            if isinstance(out.event, Error):
                assert out.event.code in {"X", *SENTENCES}
        here = self.hall.room.avatar_ids
        # An avatar that is gone is owed nothing any more.
        for number in [n for n, avatar_id in self.open_requests.items() if avatar_id not in here]:
            del self.open_requests[number]
        self.waiting += [effect for effect in step.effects if isinstance(effect, PersonEffect)]
        self._check_consent(step, asked)
        self._check_laws()

    def _check_consent(self, step: Step, asked: tuple[Command, ...]) -> None:
        allowed = {
            p for p, consent in self.consent.values() if {"session", "personal"} & {*consent}
        }
        for effect in step.effects:
            if isinstance(effect, RecordInteraction):
                assert effect.person_id in allowed
                assert effect.consent
                assert 0.5 <= effect.value <= 5
        for command in asked:
            if isinstance(command, commands.SetConsent) and command.avatar_id in self.consent:
                person, _ = self.consent[command.avatar_id]
                self.consent[command.avatar_id] = (person, command.classes)
        for avatar_id in set(self.consent) - set(self.hall.room.avatar_ids):
            del self.consent[avatar_id]

    def _check_laws(self) -> None:
        state, room = self.hall.room._state, self.hall.room
        here = set(state.avatars)
        assert room.population <= SETTINGS.capacity
        assert room.avatar_ids == tuple(sorted(here))
        hands = Counter((p.owner_avatar_id, p.hand) for p in state.props.values() if p.hand)
        assert all(count == 1 for count in hands.values())
        for prop in state.props.values():
            assert prop.owner_avatar_id in here | {0}
            assert bool(prop.hand) == bool(prop.owner_avatar_id)
            assert prop.epoch >= self.epochs.get(prop.prop_id, 0)
            self.epochs[prop.prop_id] = prop.epoch
        for offer in state.offers.values():
            assert {offer.from_avatar_id, offer.to_avatar_id} <= here
            assert state.props[offer.prop_id].owner_avatar_id == offer.from_avatar_id
            assert offer.expires_ms > self.hall.now_ms
        assert len({o.prop_id for o in state.offers.values()}) == len(state.offers)
        members = [m for party in state.parties.values() for m in party.members]
        assert sorted(members) == sorted(here)
        for party in state.parties.values():
            voters = {a for choices in party.votes.values() for a in choices}
            assert voters <= set(party.members)
        assert set(state.pending) <= here
        assert all(len(waiting) <= 3 for waiting in state.pending.values())
        assert self.answers.total() == len(self.answers), "a request was answered twice"

    def finish(self) -> None:
        """Answer what is open: then every request of somebody who is still here has its answer."""
        while self.waiting:
            self._outcome(0, True, False, "duo")
        assert not any(self.hall.room._state.pending.values())
        assert set(self.open_requests) <= set(self.answers)

    def replay(self) -> None:
        """The recording, in text as a file would have it, gives the same room at every step."""
        poses, room = room_from_header(json.loads(self.header))
        for entry in self.recording:
            now_ms, encoded, offered, state_hash = json.loads(entry)
            if offered:
                poses.accept(np.frombuffer(bytes.fromhex(offered), POSE_DTYPE), now_ms)
            room.step([decode_command(command) for command in encoded], now_ms)
            assert room.state_hash() == state_hash


@given(SCRIPT)
def test_the_laws_hold_and_a_recording_replays(script: list[Any]) -> None:
    shell = Shell()
    for avatar_id in (1, 2, 3):
        shell.play(("enter", avatar_id, f"p{avatar_id}", "duo", ("session",), avatar_id == 1))
    for action in script:
        shell.play(action)
    shell.finish()
    shell.replay()
