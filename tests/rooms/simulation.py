"""A simulated shell that drives a room with whatever may come, and watches the laws of the room.

It answers effects late, twice or never, says things no client of ours would say, and keeps a
recording. Where its choices come from (a seed, or hypothesis) is handed in.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from rooms import commands, commands_together, effects
from rooms.avatars import POSE_DTYPE, UNTRACKED
from rooms.commands import AvatarCommand, Command
from rooms.effects import PersonEffect, RecordInteraction, RecordShowing, ReleaseSeat
from rooms.errors import SENTENCES
from rooms.events import Answer, Error
from rooms.journal import decode_command, encode_command, header_of, room_from_header
from rooms.room import Step
from rooms.rotations import NO_ROTATION
from rooms.settings import RoomSettings
from tests.rooms.hall import HAT, LAMP, MUG, Hall, entering
from tests.rooms.news import AVATARS, CHECKOUTS, LINES, PARTIES, PEOPLE, WAITS_MS, Pick, news
from tests.rooms.witness import Witness

SETTINGS = RoomSettings(capacity=4, party_capacity=2, requests_pending_per_avatar=3)

# Words for what only the room knows when an action is played.
CURRENT_EPOCH, NEWEST_OFFER, WHO_MAY = "epoch", "offer", 0
PROPS = (1, 2, 3, 1, 2, 3, 4, 9)
EPOCHS = (CURRENT_EPOCH, CURRENT_EPOCH, CURRENT_EPOCH, CURRENT_EPOCH, 0, 1)
OFFERS = (NEWEST_OFFER, NEWEST_OFFER, NEWEST_OFFER, 1, 99)
PRODUCTS = (MUG, MUG, LAMP, HAT, "", "elephant")
PLANS = ("own_lines", "equal", "custom")
PAYERS: tuple[tuple[str, ...], ...] = ((), ("p1",), ("p1", "p2"), ("p1", "p1"))
METRES = (-5.0, -1.2, 0.0, 1.0, 1.2, 2.5, 4.0, 5.9, float("nan"), float("inf"))
CONSENT: tuple[tuple[str, ...], ...] = ((), ("session",), ("session", "personal"), ("nonsense",))
HANDS = ("left", "right", "left", "right", "foot")
COORDINATES_MM = (-7_000, -5_900, -1_000, 0, 500, 1_000, 1_900, 3_000, 7_000)
HEIGHTS_MM = (0, 100, 800, 1_600, 1_600, 1_700)

# For each kind of command: what its fields, apart from avatar and request, may be.
ASKED: dict[type[AvatarCommand], tuple[Sequence[Any], ...]] = {
    commands.Detach: (("lost",),),
    commands.Resume: (),
    commands.SetConsent: (CONSENT,),
    commands.Teleport: (METRES, (0.0, 0.0, 0.0, 9.0), METRES),
    commands.CreateParty: (),
    commands.JoinParty: (("CODE42", "OTHER1", ""),),
    commands.LeaveParty: (),
    commands.Look: (PRODUCTS,),
    commands.Grab: (PROPS, HANDS),
    commands.PutBack: (PROPS, EPOCHS),
    commands.OfferProp: (PROPS, EPOCHS, AVATARS),
    commands.AcceptOffer: (OFFERS,),
    commands.DeclineOffer: (OFFERS,),
    commands.Vote: (PRODUCTS, (-2, -1, 0, 1)),
    commands.AddToCart: (("LAMP", "MUG-RED", "ELEPHANT"), (1, 2, 99, 0, 100)),
    commands.SetQuantity: (LINES, (0, 1, -1)),
    commands.RemoveFromCart: (LINES,),
    commands.LockCheckout: ((-1, 900),),
    commands.UnlockCheckout: (CHECKOUTS,),
    commands.Pay: (CHECKOUTS, (900,), ("key",), ("test:1",)),
    commands.ConfirmPayment: (CHECKOUTS, ("ch",), ("approve",)),
    commands_together.SplitCheckout: (CHECKOUTS, PLANS, PAYERS, ((), (500,), (400, 500))),
    commands_together.CoverShare: (CHECKOUTS, PEOPLE, (True, False)),
    commands_together.GiveUpPayment: (CHECKOUTS,),
    commands_together.RequestHandOff: (CHECKOUTS,),
    commands_together.OfferGift: (LINES, ("p1", "p2", "")),
    commands_together.AnswerGift: (LINES, (True, False)),
    commands_together.PassHold: (LINES, PEOPLE),
    commands_together.JoinLine: (("LAMP", "MUG-RED", "ELEPHANT"),),
    commands_together.LeaveLine: (("LAMP", "MUG-RED", "ELEPHANT"),),
    commands.Spotlight: (PRODUCTS,),
    commands.Gather: (),
    commands.Block: (AVATARS,),
    commands.Unblock: (PEOPLE,),
    commands.Mute: (AVATARS,),
    commands.Unmute: (AVATARS,),
    commands.SetPersonalSpace: ((0.0, 1.0, 2.0, 2.5, float("nan")),),
    commands.Retreat: (),
}
IN_HAND = (commands.Grab, commands.OfferProp, commands.OfferProp, commands.AcceptOffer)
APART = (commands.Block, commands.Block, commands.Unblock, commands.SetPersonalSpace)
WORDS = (
    *("ask",) * 8, *("hand",) * 6, *("apart",) * 2, *("outcome",) * 4, *("news",) * 2,
    "wait", "pose", "enter", "enter", "enter", "enter", "stray", "leave",
)  # fmt: skip

Action = tuple[Any, ...]


def action(pick: Pick) -> Action:
    """One thing that happens to a room."""
    word = pick(WORDS)
    match word:
        case "enter":
            consent, hosting = pick(CONSENT), pick((True, False))
            avatar_id = pick(AVATARS)
            person = pick((*(f"p{avatar_id}",) * 9, *PEOPLE))
            return (word, avatar_id, person, pick(PARTIES), consent, hosting)
        case "outcome":
            good, twice = pick((True, True, False)), pick((False, True))
            return (word, pick(range(10)), good, twice, pick(PARTIES))
        case "stray":
            return (word, pick(AVATARS), pick(range(40)))
        case "pose":
            x_mm, z_mm = pick(COORDINATES_MM), pick(COORDINATES_MM)
            return (word, pick(AVATARS), x_mm, pick(HEIGHTS_MM), z_mm)
        case "wait":
            return (word, pick(WAITS_MS))
        case "news":
            return (word, news(pick))
        case "leave":
            return (commands.Leave, pick(AVATARS), ())
    kind = pick({"hand": IN_HAND, "apart": APART}.get(word, tuple(ASKED)))
    fields: tuple[Any, ...] = tuple(pick(choices) for choices in ASKED[kind])
    if kind is commands.Teleport:
        fields = (fields, pick((0.0, 90.0, float("nan"))))
    return (kind, WHO_MAY if word == "hand" else pick(AVATARS), fields)


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
        self.witness = Witness(self.hall.room)

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
            avatar_id, fields = values[0], self._known(values[1])
            avatar_id = avatar_id or self._who_may(word, fields)
            # That somebody dropped out is not a request of theirs.
            request_id = 0 if word is commands.Detach else self._request(avatar_id)
            self.step(word(avatar_id, request_id, *fields))

    def _who_may(self, kind: type[Command], fields: tuple[Any, ...]) -> int:
        """The one avatar that may do this with a prop or an offer; anybody when it is free."""
        state = self.hall.room._state
        if kind is commands.AcceptOffer:
            offer = state.offers.get(fields[0])
            return offer.to_avatar_id if offer is not None else 1
        prop = state.props.get(fields[0])
        return (prop.owner_avatar_id if prop is not None else 0) or 1 + fields[0] % 3

    def _known(self, fields: tuple[Any, ...]) -> tuple[Any, ...]:
        state = self.hall.room._state
        prop = state.props.get(fields[0]) if fields and isinstance(fields[0], int) else None
        known = {
            CURRENT_EPOCH: prop.epoch if prop is not None else 0,
            NEWEST_OFFER: state.next_offer_id - 1,
        }
        return tuple(known.get(f, f) if isinstance(f, str) else f for f in fields)

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
        elif isinstance(effect, effects.MakeHandOff):
            code = ("CODE", "/pay/CODE", "/qr.svg", 400, "EUR", 9)
            outcome = commands_together.HandOffReady(effect.avatar_id, effect.request_id, *code)
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
        asking = {c.request_id for c in asked if isinstance(c, AvatarCommand)}
        self._excuse_the_gone(but=asking)
        before = self.last_hash
        step = room.step(asked, hall.now_ms)
        self._after(step, asked)
        self._excuse_the_gone()
        if any(isinstance(e.event, Error) and e.event.code in SENTENCES for e in step.events):
            assert len(step.events) == 1
            assert all(isinstance(effect, ReleaseSeat) for effect in step.effects)
            assert self.last_hash == before, "an error changed something"
        return step

    def _excuse_the_gone(self, but: Collection[int] = ()) -> None:
        """An avatar that is gone is owed no answer any more, and must not get one."""
        here = self.hall.room.avatar_ids
        for number, avatar_id in list(self.open_requests.items()):
            if avatar_id not in here and number not in but:
                del self.open_requests[number]

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
        self.witness.after(step)
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
                assert 0.5 <= effect.value <= 60
            elif isinstance(effect, RecordShowing):
                assert effect.person_id in allowed
                assert effect.consent
                assert effect.scope in ("you", "party", "display")
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
        for party in state.parties.values():
            assert len({gift.line_id for gift in party.gifts}) == len(party.gifts)
        for avatar in state.avatars.values():
            assert len({place.sku for place in avatar.places}) == len(avatar.places)
            assert all(place.state in ("waiting", "admitted") for place in avatar.places)
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
