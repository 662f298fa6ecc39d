"""A room: one step at a time, commands in, events and effects out.

`Room.step` is a dispatch table and nothing else; what happens is in the handlers, one noun a
module. A handler validates first and changes state after, so a refused command has changed nothing.
A room never awaits, reads no clock and draws no lots: the same steps give the same room, byte for
byte.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rooms import (
    behaviour,
    commands,
    commands_together,
    gifts,
    parking,
    parties,
    presence,
    props,
    safety,
    shopping,
    stage,
    together,
    votes,
    waiting_line,
)
from rooms.avatars import PoseTable
from rooms.commands import AvatarCommand, Command, Resume
from rooms.effects import Effect
from rooms.errors import RefusalError, refuse
from rooms.events import Audience, Outgoing, PoseRefused
from rooms.settings import RoomSettings
from rooms.sight import Sight
from rooms.space import Layout, Placement, check_placements
from rooms.state import Avatar, State, Turn
from rooms.views import View

AVATAR_HANDLERS: dict[type[AvatarCommand], Callable[[Turn, Avatar, Any], None]] = {
    commands.Leave: presence.leave,
    commands.Detach: presence.detach,
    commands.Resume: presence.resume,
    commands.Teleport: presence.teleport,
    commands.Block: safety.block,
    commands.Unblock: safety.unblock,
    commands.Mute: safety.mute,
    commands.Unmute: safety.unmute,
    commands.SetPersonalSpace: safety.set_personal_space,
    commands.Retreat: safety.retreat,
    commands.SetConsent: behaviour.set_consent,
    commands.Look: behaviour.look,
    commands.CreateParty: parties.create_party,
    commands.JoinParty: parties.join_party,
    commands.LeaveParty: parties.leave_party,
    commands.PartyCompleted: parties.party_completed,
    commands.Grab: props.grab,
    commands.PutBack: props.put_back,
    commands.OfferProp: props.offer_prop,
    commands.AcceptOffer: props.accept_offer,
    commands.DeclineOffer: props.decline_offer,
    commands.Vote: votes.vote,
    commands.AddToCart: shopping.add_to_cart,
    commands.SetQuantity: shopping.set_quantity,
    commands.RemoveFromCart: shopping.remove_from_cart,
    commands.LockCheckout: shopping.lock_checkout,
    commands.UnlockCheckout: shopping.unlock_checkout,
    commands.Pay: shopping.pay,
    commands.ConfirmPayment: shopping.confirm_payment,
    commands_together.SplitCheckout: together.split_checkout,
    commands_together.CoverShare: together.cover_share,
    commands_together.GiveUpPayment: together.give_up_payment,
    commands_together.RequestHandOff: together.request_hand_off,
    commands_together.PassHold: together.pass_hold,
    commands_together.OfferGift: gifts.offer_gift,
    commands_together.AnswerGift: gifts.answer_gift,
    commands_together.JoinLine: waiting_line.join_line,
    commands_together.LeaveLine: waiting_line.leave_line,
    commands_together.HandOffReady: together.hand_off_ready,
    commands.RequestCompleted: shopping.request_completed,
    commands.RequestFailed: shopping.request_failed,
    commands.Spotlight: stage.spotlight,
    commands.Gather: stage.gather,
}
"""What is done for an avatar that is here."""

ROOM_HANDLERS: dict[type[Command], Callable[[Turn, Any], None]] = {
    commands.Enter: presence.enter,
    commands.CartUpdated: shopping.cart_updated,
    commands.CheckoutUpdated: shopping.checkout_updated,
    commands.OrderPaid: shopping.order_paid,
    commands.StockUpdated: shopping.stock_updated,
    commands.HoldExpired: shopping.hold_expired,
    commands_together.ChallengeReady: together.challenge_ready,
    commands_together.GiftsUpdated: gifts.gifts_updated,
    commands_together.GiftEnded: gifts.gift_ended,
    commands_together.PlaceUpdated: waiting_line.place_updated,
    commands_together.LineMoved: waiting_line.line_moved,
    commands.RecommendationsReady: behaviour.recommendations_ready,
}
"""What is done for the room."""

TIMER_HANDLERS: dict[str, Callable[[Turn, Any], None]] = {
    "grace": presence.grace_over,
    "offer": props.offer_due,
    "gaze": behaviour.gaze_due,
    "handling": behaviour.handling_due,
    "recommend_avatar": behaviour.avatar_ranking_due,
    "recommend_party": behaviour.party_ranking_due,
    "line": waiting_line.look_due,
    "admission": waiting_line.admission_due,
}

FROM_SHELL = (
    commands.Detach,
    commands.Resume,
    commands.RequestCompleted,
    commands.RequestFailed,
    commands.PartyCompleted,
    commands_together.HandOffReady,
)
"""Said by the shell and not by a shopper: of an avatar that is gone there is nothing to answer."""

OUTCOMES = FROM_SHELL[2:]


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a step, in order."""

    events: tuple[Outgoing, ...]
    effects: tuple[Effect, ...]


_NOTHING = Step((), ())


class Room:
    """A shared store.

    `poses` may be shared with other rooms of the process; `tick_rate_hz` is how often `views` will
    be called. Raises LayoutError when a placement does not fit the layout.
    """

    def __init__(
        self,
        room_id: str,
        layout: Layout,
        placements: Sequence[Placement],
        poses: PoseTable,
        settings: RoomSettings,
        now_ms: int,
        tick_rate_hz: int = 20,
    ) -> None:
        check_placements(layout, placements)
        self.opened_ms = now_ms
        self._now_ms = now_ms
        self._state = State(room_id, layout, tuple(placements), poses, settings)
        self._sight = Sight(self._state, tick_rate_hz)
        self._refusal_told_ms: dict[int, int] = {}
        # What could not be told at once: why, and where the avatar stood then.
        self._refusals_untold: dict[int, tuple[str, bytes]] = {}
        self.parked: dict[str, Any] | None = None

    # --- what it is -----------------------------------------------------------------------------

    @property
    def room_id(self) -> str:
        return self._state.room_id

    @property
    def layout(self) -> Layout:
        return self._state.layout

    @property
    def placements(self) -> tuple[Placement, ...]:
        return self._state.placements

    @property
    def settings(self) -> RoomSettings:
        return self._state.settings

    @property
    def poses(self) -> PoseTable:
        return self._state.poses

    @property
    def population(self) -> int:
        """Avatars in the room, those who are reconnecting included."""
        return len(self._state.avatars)

    @property
    def empty(self) -> bool:
        return not self._state.avatars

    @property
    def avatar_ids(self) -> tuple[int, ...]:
        """Everybody in the room, in ascending order."""
        return self._state.avatar_ids

    def members(self, party_id: str) -> tuple[int, ...]:
        """Who of a party is in the room, in ascending order."""
        party = self._state.parties.get(party_id)
        return tuple(party.members) if party is not None else ()

    @property
    def party_codes(self) -> dict[str, str]:
        """The code of each party in the room that has one."""
        parties = self._state.parties.values()
        return {party.party_id: party.code for party in parties if party.code}

    def audience(self, audience: Audience) -> tuple[int, ...]:
        """Who would hear an event now, in ascending order."""
        return self._state.audience(audience)

    def may_hear(self, listener_id: int, speaker_id: int) -> bool:
        """Whether voice and captions of one avatar may reach another one: both are here, neither
        has blocked the other, and the listener has not muted the speaker."""
        state = self._state
        listener, speaker = state.avatars.get(listener_id), state.avatars.get(speaker_id)
        return (
            listener is not None
            and speaker is not None
            and not state.is_hidden(listener_id, speaker_id)
            and speaker.person_id not in listener.muted
        )

    # --- rest -----------------------------------------------------------------------------------

    def park(self) -> dict[str, Any]:
        """Everything in the room as plain values, to go on elsewhere (see `rooms.parking`)."""
        return parking.park(self._state)

    def unpark(self, parked: Mapping[str, Any], now_ms: int) -> None:
        """Put everybody of a parked room into this one, which nobody has been in.

        Raises JournalError, and the room must not be used then.
        """
        parking.unpark(self._state, parked, now_ms)
        self.parked = dict(parked)

    # --- steps ----------------------------------------------------------------------------------

    def step(self, commands: Sequence[Command], now_ms: int) -> Step:
        """Do what is due, then the commands in order. Time that goes back is taken to stand still.

        Every command of a shopper with a request is answered once: now, or when the outcome of its
        effect comes back. Nothing is raised for what a shopper says.
        """
        self._now_ms = max(self._now_ms, now_ms)
        if not commands and not self._state.timers.is_due(self._now_ms):
            return _NOTHING
        turn = Turn(self._state, self._now_ms)
        for command in commands:
            if isinstance(command, Resume):
                # Who was told to go on, in the last moment of their grace period, must not find
                # their seat gone because the step came a moment later.
                self._state.timers.cancel(("grace", command.avatar_id))
        while (key := self._state.timers.take_due(self._now_ms)) is not None:
            TIMER_HANDLERS[key[0]](turn, key[1])
        for command in commands:
            self._do(turn, command)
        behaviour.ask_for_rankings(turn)
        if turn.gone:
            self._sight.forget(turn.gone)
            for avatar_id in turn.gone:
                self._refusal_told_ms.pop(avatar_id, None)
                self._refusals_untold.pop(avatar_id, None)
        return Step(tuple(turn.events), tuple(turn.effects))

    def _do(self, turn: Turn, command: Command) -> None:
        if not isinstance(command, AvatarCommand):
            ROOM_HANDLERS[type(command)](turn, command)
            return
        try:
            if isinstance(command, commands.Enter):
                presence.enter(turn, command)
            else:
                self._do_for_avatar(turn, command)
        except RefusalError as refusal:
            turn.refused(command.avatar_id, command.request_id, refusal)

    def _do_for_avatar(self, turn: Turn, command: AvatarCommand) -> None:
        avatar = self._state.avatars.get(command.avatar_id)
        if avatar is None:
            if isinstance(command, FROM_SHELL):
                return
            raise refuse("NOT_IN_ROOM")
        waiting = self._state.pending.get(command.avatar_id, {})
        if (
            command.request_id
            and command.request_id in waiting
            and not isinstance(command, OUTCOMES)
        ):
            # The same request again while it is under way: its one answer will come.
            return
        AVATAR_HANDLERS[type(command)](turn, avatar, command)

    # --- poses ----------------------------------------------------------------------------------

    def refuse_poses(self, refused: Sequence[tuple[int, str]], now_ms: int) -> tuple[Outgoing, ...]:
        """What avatars of this room are told about poses that were not taken (id, code): where they
        stand. Each is told at most once an interval, for a client that goes on needs no flood; who
        stays where they are not is told later (`late_refusals`)."""
        turn = Turn(self._state, now_ms)
        interval_ms = self._state.settings.pose_refusal_interval_ms
        for avatar_id, code in refused:
            told_ms = self._refusal_told_ms.get(avatar_id)
            if avatar_id not in self._state.avatars:
                continue
            record = self._state.poses.record(avatar_id)
            if told_ms is None or now_ms - told_ms >= interval_ms:
                self._refusal_told_ms[avatar_id] = now_ms
                self._refusals_untold.pop(avatar_id, None)
                turn.tell(avatar_id, PoseRefused(code, record))
            else:
                self._refusals_untold[avatar_id] = code, record
        return tuple(turn.events)

    def late_refusals(self, now_ms: int) -> tuple[Outgoing, ...]:
        """What avatars are told of refusals that came too soon after another one: nothing, when a
        pose of theirs has been taken since. To be called once per tick."""
        if not self._refusals_untold:
            return ()
        state, due = self._state, list[tuple[int, str]]()
        interval_ms = state.settings.pose_refusal_interval_ms
        for avatar_id, (code, record) in tuple(self._refusals_untold.items()):
            if now_ms - self._refusal_told_ms[avatar_id] >= interval_ms:
                del self._refusals_untold[avatar_id]
                if state.poses.record(avatar_id) == record:
                    due.append((avatar_id, code))
        return self.refuse_poses(due, now_ms)

    def changed_poses(self) -> bytes:
        """The 32-byte records of avatars of this room that moved since the last call, or came to
        rest a moment ago (see `PoseTable.take_changed`); empty when there are none."""
        ids = np.array(self._state.avatar_ids, dtype=np.intp)
        return self._state.poses.take_changed(ids, self._now_ms)

    def views(self, receiving: NDArray[np.bool_] | None = None) -> list[View]:
        """What is sent of the poses at this tick, each frame built once for all its receivers; to
        be called once per tick. `receiving`, in the order of `avatar_ids`: who can be sent
        something at all (None: all); who can again is sent everything by itself.
        """
        return self._sight.views(receiving, self._now_ms)

    def needs_all(self, avatar_id: int) -> None:
        """This avatar's client has missed frames: the next tick sends it everything it may see."""
        self._sight.needs_all(avatar_id)

    # --- state ----------------------------------------------------------------------------------

    def state_hash(self) -> str:
        """SHA-256 over everything that decides what the room does next.

        Two rooms that went through the same steps have the same hash. The text that is hashed is
        Python's own notation of the state: exact for numbers, and quick enough for a checkpoint.
        """
        state = self._state
        facts = (
            [state.avatars[avatar_id] for avatar_id in state.avatar_ids],
            [state.parties[party_id] for party_id in sorted(state.parties)],
            [
                (p.prop_id, p.owner_avatar_id, p.hand, p.epoch, p.handling)
                for p in state.props.values()
            ],
            list(state.offers.values()),
            state.next_offer_id,
            [entry for entry in sorted(state.pending.items()) if entry[1]],
            [state.stock[sku] for sku in sorted(state.stock)],
            (state.spotlight_product_id, state.spotlight_by_avatar_id),
            state.timers.pending(),
        )
        poses = state.poses.state(np.array(state.avatar_ids, dtype=np.intp))
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass") + poses).hexdigest()
