"""A room: commands and the time in, events and effects out. A dispatch table, nothing else."""

import hashlib
import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rooms import behaviour, commands, presence, props, shopping, stage, votes
from rooms.avatars import PoseTable
from rooms.commands import AvatarCommand, Command
from rooms.effects import Effect
from rooms.errors import SENTENCES, Refusal
from rooms.events import Error, Outgoing, PoseRefused
from rooms.settings import RoomSettings
from rooms.space import Layout, Placement
from rooms.state import Prop, State, TimerHandler, Turn

Handler = Callable[[Turn, Any], None]

HANDLERS: dict[type[Command], Handler] = {
    commands.Enter: presence.enter,
    commands.Leave: presence.leave,
    commands.Detach: presence.detach,
    commands.Resume: presence.resume,
    commands.SetConsent: presence.set_consent,
    commands.Teleport: presence.teleport,
    commands.CreateParty: presence.create_party,
    commands.JoinParty: presence.join_party,
    commands.LeaveParty: presence.leave_party,
    commands.PartyCompleted: presence.party_completed,
    commands.Look: behaviour.look,
    commands.Grab: props.grab,
    commands.PutBack: props.put_back,
    commands.OfferProp: props.offer,
    commands.AcceptOffer: props.accept,
    commands.DeclineOffer: props.decline,
    commands.Vote: votes.vote,
    commands.AddToCart: shopping.add_to_cart,
    commands.SetQuantity: shopping.set_quantity,
    commands.RemoveFromCart: shopping.remove_from_cart,
    commands.LockCheckout: shopping.lock_checkout,
    commands.UnlockCheckout: shopping.unlock_checkout,
    commands.Pay: shopping.pay,
    commands.ConfirmPayment: shopping.confirm_payment,
    commands.Spotlight: stage.spotlight,
    commands.Gather: stage.gather,
    commands.RequestCompleted: shopping.request_completed,
    commands.RequestFailed: shopping.request_failed,
    commands.CartUpdated: shopping.cart_updated,
    commands.CheckoutUpdated: shopping.checkout_updated,
    commands.OrderPaid: shopping.order_paid,
    commands.StockUpdated: shopping.stock_updated,
    commands.HoldExpired: shopping.hold_expired,
    commands.RecommendationsReady: behaviour.recommendations_ready,
}

TIMERS: dict[str, TimerHandler] = {
    "grace": presence.grace_over,
    "offer": props.offer_expired,
    "dwell": behaviour.dwell_due,
    "recommend": behaviour.recommend_due,
}


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a step: events in the order in which they happened, and effects to perform."""

    events: tuple[Outgoing, ...]
    effects: tuple[Effect, ...]


class Room:
    """A shared store. It never waits, reads no clock and draws no lots: the same commands at the
    same times lead to the same state, which is what makes replay possible."""

    def __init__(
        self,
        room_id: str,
        layout: Layout,
        placements: Sequence[Placement],
        poses: PoseTable,
        settings: RoomSettings,
    ) -> None:
        homes = {slot.slot_id: slot.position for slot in layout.slots}
        missing = [p.slot_id for p in placements if p.slot_id not in homes]
        if missing:
            raise ValueError(f"placements on slots that are not there: {missing}")
        self.room_id = room_id
        self._state = State(room_id, layout, {p.product_id: p for p in placements}, settings, poses)
        for place in placements:
            self._state.props[place.slot_id] = Prop(
                place.slot_id, place.product_id, place.slot_id, homes[place.slot_id]
            )
        self._ids: np.ndarray[Any, np.dtype[np.int64]] | None = None

    @property
    def state(self) -> State:
        """The state, to read."""
        return self._state

    @property
    def population(self) -> int:
        """Avatars in the room, those who are reconnecting included."""
        return len(self._state.avatars)

    def step(self, commands: Sequence[Command], now_ms: int) -> Step:
        """Do what is due and then what is asked, in order; each command wholly or not at all."""
        turn = Turn(self._state, now_ms)
        self._fire(turn)
        for command in commands:
            try:
                HANDLERS[type(command)](turn, command)
            except Refusal as refusal:
                _refuse(turn, command, refusal)
        self._fire(turn)
        self._ids = None
        return Step(tuple(turn.events), tuple(turn.effects))

    def refuse_poses(self, refused: Iterable[tuple[int, str]], now_ms: int) -> tuple[Outgoing, ...]:
        """Tell those whose pose was not taken where they stand, not more often than the limit."""
        turn = Turn(self._state, now_ms)
        interval_ms = self._state.settings.correction_interval_ms
        for avatar_id, code in refused:
            avatar = self._state.avatars.get(avatar_id)
            if avatar is not None and now_ms - avatar.corrected_ms >= interval_ms:
                avatar.corrected_ms = now_ms
                turn.tell(avatar_id, PoseRefused(code, self._state.poses.record(avatar_id)))
        return tuple(turn.events)

    def members(self, party_id: str) -> list[int]:
        """Avatars of a party in this room."""
        return [avatar.avatar_id for avatar in self._state.party_members(party_id)]

    def changed_poses(self) -> bytes:
        """Records of avatars here that moved since the last call; who is idle costs nothing."""
        if self._ids is None:
            self._ids = np.fromiter(self._state.avatars, np.int64, len(self._state.avatars))
        return self._state.poses.take_changed(self._ids)

    def state_hash(self) -> str:
        """SHA-256 of everything the room knows, poses included."""
        state = self._state
        digest = hashlib.sha256()
        tables = (
            state.room_id,
            state.settings,
            state.avatars,
            state.props,
            state.offers,
            state.stock,
            state.carts,
            state.checkouts,
            state.votes,
            state.spotlight_product_id,
            state.last_offer_id,
            state.recommend_due_ms,
            state.recommend_last_ms,
            sorted(state.timers),
        )
        digest.update(repr(tables).encode())
        for avatar_id in state.avatars:
            digest.update(state.poses.state(avatar_id))
        return digest.hexdigest()

    def _fire(self, turn: Turn) -> None:
        timers = self._state.timers
        while timers and timers[0][0] <= turn.now_ms:
            _, _, kind, number, word = heapq.heappop(timers)
            TIMERS[kind](turn, number, word)


def _refuse(turn: Turn, command: Command, refusal: Refusal) -> None:
    """Answer a refused command; a message without an id is answered with request 0."""
    if isinstance(command, AvatarCommand):
        turn.tell(
            command.avatar_id,
            Error(command.request_id, refusal.code, SENTENCES[refusal.code], refusal.data),
        )
