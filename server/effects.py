"""Runs the effects of rooms and brings each outcome back as a command for a later step.

Rankings and interactions are quick and run in place. What touches commerce runs as a task, at most
`in_flight_max` at once for the whole process; beyond that a request is refused with BUSY, so that a
stuck database cannot pile up work without end.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from commerce import CartView, CheckoutView, Commerce, CommerceError
from recommender.service import RecommenderService
from rooms import effects
from rooms.commands import (
    CartUpdated,
    Command,
    PartyCompleted,
    RecommendationsReady,
    RequestCompleted,
    RequestFailed,
)
from rooms.effects import RecordShowing
from rooms.types import OwnDisplay
from server import translate, translate_together
from server.blocks import Blocks
from server.clock import Clock
from server.effects_together import Together, TogetherEffect
from server.errors import GalleriaError
from server.observe.metrics import Metrics
from server.observe.shop import count_payment
from server.origins import Origins
from server.parties import PartyCodes

log = structlog.get_logger(__name__)

Submit = Callable[[str, Command], object]


@dataclass(frozen=True, slots=True)
class EffectLimits:
    """Commerce calls in flight (on full: BUSY), members of a party, length of a ranked list,
    places of a party's shelf."""

    in_flight_max: int = 512
    party_capacity: int = 8
    recommendations: int = 8
    display_places: int = 6


class EffectRunner:
    """Performs effects; `submit` puts a command into the inbox of a room."""

    def __init__(
        self,
        commerce: Commerce,
        recommender: RecommenderService,
        parties: PartyCodes,
        clock: Clock,
        submit: Submit,
        limits: EffectLimits,
        metrics: Metrics,
        blocks: Blocks,
    ) -> None:
        self._commerce = commerce
        self._blocks = blocks
        self._recommender = recommender
        self._parties = parties
        self._clock = clock
        self._submit = submit
        self._limits = limits
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()
        self.origins = Origins()
        self.together = Together(commerce, parties.name_of, self.origins)

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def run(self, room_id: str, effect: effects.Effect) -> None:
        """Perform an effect of this room; never blocks and never raises."""
        if isinstance(effect, effects.RecordInteraction):
            self._recommender.observe(translate.interaction(effect))
        elif isinstance(effect, RecordShowing):
            self._recommender.show(translate.showing(effect))
        elif isinstance(effect, effects.Recommend):
            self._submit(room_id, self._rank(effect))
        elif isinstance(effect, effects.RememberBlock):
            self._start(self._remember_block(effect))
        elif isinstance(effect, effects.LookAtLine):
            # When there is too much to do, people are counted on until the line moves again.
            if len(self._tasks) < self._limits.in_flight_max:
                self._start(self._look_at_line(room_id, effect))
        elif isinstance(effect, effects.PersonEffect):
            if len(self._tasks) >= self._limits.in_flight_max:
                self._submit(
                    room_id, _failed(effect, "BUSY", "The shop is very busy; try again.", {})
                )
                return
            self._start(self._perform(room_id, effect))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remember_block(self, effect: effects.RememberBlock) -> None:
        try:
            await self._blocks.remember(effect)
        except GalleriaError as error:
            # It holds in the room until the person leaves, and is not kept for their next visit.
            log.warning("block_not_kept", code=error.code)

    async def _look_at_line(self, room_id: str, effect: effects.LookAtLine) -> None:
        try:
            news = await self.together.look(effect)
        except CommerceError as error:
            # The room asks again when the line moves.
            log.warning("line_not_looked_at", code=error.code)
            return
        for command in news:
            self._submit(room_id, command)

    async def drain(self) -> None:
        """Wait until everything in flight has been answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _perform(self, room_id: str, effect: effects.PersonEffect) -> None:
        try:
            outcome = await self._outcome(effect)
        except (CommerceError, GalleriaError) as error:
            self._count_refusal(effect, error.code)
            outcome = [_failed(effect, error.code, error.message, error.data)]
        except Exception:
            # The room must get an answer whatever happened; the log has the rest.
            log.exception("effect_failed", effect=type(effect).__name__)
            outcome = [_failed(effect, "INTERNAL", "Something went wrong on our side.", {})]
        for command in outcome:
            self._submit(room_id, command)

    def _count_refusal(self, effect: effects.PersonEffect, code: str) -> None:
        self._metrics.count_message_errors(code, 1)
        self._metrics.suspicions.note(code)
        if isinstance(effect, effects.AddLine):
            self._metrics.holds.labels("refused").inc()
        elif isinstance(effect, effects.OpenCheckout):
            self._metrics.checkouts.labels("refused").inc()

    async def _outcome(self, effect: effects.PersonEffect) -> list[Command]:
        match effect:
            case effects.OpenParty():
                return await self._open_party(effect)
            case effects.EnterParty():
                return await self._enter_party(effect)
            case effects.QuitParty():
                return await self._quit_party(effect)
            case effects.AddLine():
                return await self._add_line(effect)
            case effects.ChangeLine():
                return await self._change_line(effect)
            case effects.OpenCheckout():
                return await self._open_checkout(effect)
            case effects.ReleaseCheckout():
                return await self._release_checkout(effect)
            case effects.StartPayment():
                return await self._start_payment(effect)
            case effects.AnswerChallenge():
                return await self._answer_challenge(effect)
        if isinstance(effect, TogetherEffect):
            return await self.together.outcome(effect)
        raise TypeError(f"no handler for {type(effect).__name__}")

    def _rank(self, effect: effects.Recommend) -> RecommendationsReady:
        recommender, now, count = self._recommender, self._clock(), self._limits.recommendations
        party_id, members = effect.party_id, effect.member_person_ids
        if effect.avatar_id:
            ranked = recommender.for_person(effect.person_id, count, now, party_id=party_id or None)
            return RecommendationsReady(effect.avatar_id, party_id, translate.items(ranked))
        ranked = recommender.for_party(party_id, members, count, now)
        displays: tuple[OwnDisplay, ...] = ()
        if self._limits.display_places:
            displays = translate.displays(
                recommender.for_display(party_id, members, self._limits.display_places, now)
            )
        return RecommendationsReady(0, party_id, translate.items(ranked), displays)

    # --- party ----------------------------------------------------------------------------------

    async def _open_party(self, effect: effects.OpenParty) -> list[Command]:
        party_id, code = await self._parties.open()
        cart = await self._commerce.join_cart(party_id, effect.person_id)
        return [_moved(effect, party_id, code), self.cart_updated(cart)]

    async def _enter_party(self, effect: effects.EnterParty) -> list[Command]:
        party_id = await self._parties.find(effect.code)
        party = await self._commerce.cart(party_id)
        if len(party.members) >= self._limits.party_capacity:
            raise GalleriaError(
                "PARTY_FULL",
                "This party is full.",
                {"capacity": self._limits.party_capacity},
            )
        cart = await self._commerce.join_cart(party_id, effect.person_id)
        return [
            _moved(effect, party_id, await self._parties.code_of(party_id)),
            self.cart_updated(cart),
        ]

    async def _quit_party(self, effect: effects.QuitParty) -> list[Command]:
        shared, own = await self._commerce.leave_cart(effect.person_id)
        return [_moved(effect, own.id, ""), self.cart_updated(shared), self.cart_updated(own)]

    # --- cart and checkout ----------------------------------------------------------------------

    async def _add_line(self, effect: effects.AddLine) -> list[Command]:
        cart = await self._commerce.add_line(
            effect.person_id, effect.sku, effect.quantity, idempotency_key=_fresh_key()
        )
        self._metrics.holds.labels("taken").inc()
        return self._cart_answer(effect, cart)

    async def _change_line(self, effect: effects.ChangeLine) -> list[Command]:
        if effect.quantity == 0:
            cart = await self._commerce.remove_line(effect.person_id, effect.line_id)
        else:
            cart = await self._commerce.set_quantity(
                effect.person_id, effect.line_id, effect.quantity, idempotency_key=_fresh_key()
            )
        return self._cart_answer(effect, cart)

    async def _open_checkout(self, effect: effects.OpenCheckout) -> list[Command]:
        expected = effect.expected_total_minor
        view = await self._commerce.lock(
            effect.person_id,
            idempotency_key=_fresh_key(),
            expected_total_minor=None if expected < 0 else expected,
        )
        self._metrics.checkouts.labels("locked").inc()
        body = {
            "checkout_id": view.id,
            "total_minor": view.total_minor,
            "currency": view.currency,
            "expires_ms": view.expires_ms,
        }
        return await self._checkout_answer(effect, view, body)

    async def _release_checkout(self, effect: effects.ReleaseCheckout) -> list[Command]:
        view = await self._commerce.unlock(effect.person_id, effect.checkout_id)
        self._metrics.checkouts.labels("released").inc()
        return await self._checkout_answer(effect, view, {})

    async def _start_payment(self, effect: effects.StartPayment) -> list[Command]:
        view = await self._commerce.pay(
            effect.person_id,
            effect.checkout_id,
            payment_method=effect.payment_method,
            expected_total_minor=effect.expected_total_minor,
            idempotency_key=effect.idempotency_key,
            amount_minor=effect.amount_minor or None,
            address=self.origins.of(effect.person_id).address,
            step_up=True,
        )
        count_payment(self._metrics, view)
        return await self._checkout_answer(effect, view, _payment_body(view))

    async def _answer_challenge(self, effect: effects.AnswerChallenge) -> list[Command]:
        view = await self._commerce.confirm(
            effect.person_id,
            effect.checkout_id,
            challenge_id=effect.challenge_id,
            response=effect.response,
        )
        count_payment(self._metrics, view)
        return await self._checkout_answer(effect, view, _payment_body(view))

    def cart_updated(self, cart: CartView) -> CartUpdated:
        """The command that shows this cart in a room."""
        return CartUpdated(cart.id, translate.cart(cart, self._parties.name_of))

    def _cart_answer(self, effect: effects.PersonEffect, cart: CartView) -> list[Command]:
        body = {"cart_version": cart.version}
        return [self.cart_updated(cart), _completed(effect, body)]

    async def _checkout_answer(
        self, effect: effects.PersonEffect, view: CheckoutView, body: dict[str, Any]
    ) -> list[Command]:
        cart = await self._commerce.cart(view.cart_id)
        shown = await self.together.checkout_updated(view.id, cart.members)
        challenge = translate_together.challenge_ready(view, effect.person_id)
        told = [shown, self.cart_updated(cart), _completed(effect, body)]
        return told if challenge is None else [challenge, *told]


def _fresh_key() -> str:
    # A session runs each request once, so an effect runs once and needs a key of its own; the key
    # of a payment comes from the client, because that one must survive our death.
    return secrets.token_hex(16)


def _payment_body(view: CheckoutView) -> dict[str, Any]:
    return {"state": str(view.state), "order_id": view.order_id or ""}


def _completed(effect: effects.PersonEffect, body: dict[str, Any]) -> RequestCompleted:
    return RequestCompleted(effect.avatar_id, effect.request_id, body)


def _moved(effect: effects.PersonEffect, party_id: str, code: str) -> PartyCompleted:
    return PartyCompleted(effect.avatar_id, effect.request_id, party_id, code)


def _failed(
    effect: effects.PersonEffect, code: str, message: str, data: dict[str, Any]
) -> RequestFailed:
    return RequestFailed(effect.avatar_id, effect.request_id, code, message, data)
