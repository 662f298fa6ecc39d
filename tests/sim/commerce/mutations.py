"""The shop broken on purpose, in ways that a mistake in its code could break it.

A checker that finds nothing proves nothing until it has found something. So each of these takes
one guard away, and the stories have to notice. Where the database would refuse the nonsense by a
constraint of its own, that is taken away as well (`unguarded`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from commerce.db import carts, erasures, hand_offs, holds, payments, warehouses
from commerce.db import sqlite as lane
from commerce.db.checkouts import Checkout
from commerce.db.schema_payments import refunds as refund_rows
from commerce.db.unit import Unit
from commerce.payment import NOT_CHARGED, Attempt, AttemptState
from commerce.ports import Charge, ChargeState
from commerce.service.books import Books
from commerce.service.faults import FaultPoint
from commerce.service.outbox import Dispatcher
from commerce.waiting_line import Inside

Patch = pytest.MonkeyPatch

STORIES = range(500)
PIECEMEAL = range(6, 500, 10)
"""Stories in which everybody pays in several ways (see `story`)."""

PASSED = range(4, 500, 9)
"""Stories in which somebody comes by and is forgotten."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is broken, and words of the sentence that has to come up."""

    name: str
    noticed: str
    apply: Callable[[Patch], None]
    guarded: bool = True
    """Whether the database keeps its own constraints."""
    seeds: range = STORIES
    """In which stories it is looked for, until one has noticed."""


def unguarded(patch: Patch) -> None:
    """The database checks nothing by itself."""
    prepare = lane._prepare

    def prepare_without(engine: Engine, pragmas: Iterable[str], wait_ms: int) -> None:
        prepare(engine, [*pragmas, "ignore_check_constraints = ON"], wait_ms)

    patch.setattr(lane, "_prepare", prepare_without)


def _run(unit: Unit, query: str, *values: Any) -> None:
    unit.connection.exec_driver_sql(query, values)


def holds_without_looking(patch: Patch) -> None:
    def force(unit: Unit, sku: str, delta: int) -> bool:
        query = "UPDATE inventory SET held = held + ?, version = version + 1 WHERE sku = ?"
        _run(unit, query, delta, sku)
        unit.stock_changed.add(sku)
        return True

    def force_all(unit: Unit, deltas: dict[str, int]) -> None:
        for sku, delta in deltas.items():
            force(unit, sku, delta)

    def needed(_bench: object, _sku: str, line: Any, quantity: int) -> int:
        held: int = line.hold.quantity if line and line.hold else 0
        return quantity - held

    for module in ("inventory", "holds"):
        patch.setattr(f"commerce.db.{module}.try_change_held", force)
        patch.setattr(f"commerce.db.{module}.change_held", force_all)
    patch.setattr("commerce.holding.Bench._require_stock", needed)
    patch.setattr("commerce.service.combiner.refuse_hopeless", lambda *_: {})


def checkout_without_holds(patch: Patch) -> None:
    patch.setattr("commerce.db.holds.firm", lambda *_: True)


def expired_lock_keeps_stock(patch: Patch) -> None:
    def end(unit: Unit, checkout: Checkout) -> None:
        carts.set_checkout(unit, checkout.cart_id, None)

    patch.setattr("commerce.service.expiry.end", end)


def decline_keeps_lock(patch: Patch) -> None:
    patch.setattr(Books, "_close_if_over", lambda *_: None)


def expiry_releases_twice(patch: Patch) -> None:
    expire = holds.expire

    def twice(unit: Unit, expired: list[holds.OverdueHold]) -> None:
        expire(unit, expired)
        for hold in expired:
            query = "UPDATE inventory SET held = held - ? WHERE sku = ?"
            _run(unit, query, hold.quantity, hold.sku)

    patch.setattr(holds, "expire", twice)


def captures_part_by_part(patch: Patch) -> None:
    authorised = Books.authorised

    async def and_capture(self: Books, attempt: Attempt, charge: Charge) -> tuple[Attempt, ...]:
        decided = await authorised(self, attempt, charge)
        if not decided:
            promised = replace(attempt, state=AttemptState.AUTHORISED)
            await self._context.store.write(
                lambda unit: payments.decide_capture(unit, promised, charge)
            )
        return decided

    patch.setattr(Books, "authorised", and_capture)


def forgets_keys(patch: Patch) -> None:
    patch.setattr("commerce.db.idempotency.claim", lambda *_: None)


def forgets_keys_of_carts(patch: Patch) -> None:
    patch.setattr("commerce.db.idempotency.used", lambda *_: {})
    patch.setattr("commerce.db.idempotency.remember", lambda *_: None)


def refunds_without_end(patch: Patch) -> None:
    def create(
        unit: Unit,
        refund_id: str,
        attempt_id: str,
        order_id: str | None,
        amount_minor: int,
        *_: object,
    ) -> None:
        unit.connection.execute(
            insert(refund_rows),
            {
                "id": refund_id,
                "attempt_id": attempt_id,
                "order_id": order_id,
                "amount_minor": amount_minor,
                "state": "pending",
                "reason": "",
                "created_ms": unit.now_ms,
                "updated_ms": unit.now_ms,
            },
        )

    patch.setattr("commerce.db.refunds.create", create)
    patch.setattr(
        "commerce.service.refunds._parts",
        lambda paid, amount: [(paid[0], amount or paid[0].amount_minor)],
    )


def codes_are_not_used_up(patch: Patch) -> None:
    patch.setattr(hand_offs, "use", lambda _unit, code, _amount_minor: hand_offs.hash_of(code))


def shares_round_down(patch: Patch) -> None:
    patch.setattr(
        "commerce.split.equal_parts",
        lambda total, people: dict.fromkeys(people, total // len(people)),
    )


def any_amount_is_fine(patch: Patch) -> None:
    patch.setattr("commerce.service.settlement._fits", lambda *_: True)


def events_marked_first(patch: Patch) -> None:
    async def deliver(self: Dispatcher, batch: list[Any]) -> int:
        await self._mark(batch[-1].event_id)
        self._context.faults(FaultPoint.EVENTS_MARKED)
        for event in batch:
            self._tell(event)
        self._context.faults(FaultPoint.EVENTS_DELIVERED)
        return len(batch)

    patch.setattr(Dispatcher, "_deliver", deliver)


def silence_is_a_no(patch: Patch) -> None:
    async def doubt(self: Books, attempt_id: str) -> None:
        attempt = await self._context.store.read(lambda c: payments.load(c, attempt_id))
        if attempt is not None and attempt.live:
            await self.fail(attempt, NOT_CHARGED)

    patch.setattr(Books, "doubt", doubt)


def voids_in_words_only(patch: Patch) -> None:
    async def void(_settlement: object, attempt: Attempt) -> Charge:
        return Charge(attempt.attempt_id, ChargeState.VOIDED, 0, "XXX", "")

    patch.setattr("commerce.service.settlement.Settlement._void", void)


def nobody_comes_back(patch: Patch) -> None:
    patch.setattr("commerce.service.reconcile.Reconciler._due", lambda *_, **_options: False)


def called_off_money_stays(patch: Patch) -> None:
    patch.setattr(Books, "_return", lambda *_: None)


def limits_are_not_counted(patch: Patch) -> None:
    patch.setattr("commerce.db.purchases.count", lambda *_: None)


def limits_forget_the_past(patch: Patch) -> None:
    patch.setattr("commerce.db.purchases._COUNT_BEFORE", SimpleNamespace(run=lambda *_: 0))


def gifts_are_passed_on(patch: Patch) -> None:
    patch.setattr("commerce.service.carts.gifts", SimpleNamespace(take_back=lambda *_: None))


def credit_without_cover(patch: Patch) -> None:
    def reserve(unit: Unit, account_id: str, _currency: str, amount_minor: int) -> bool:
        query = "UPDATE credit_accounts SET reserved_minor = reserved_minor + ? WHERE id = ?"
        _run(unit, query, amount_minor, account_id)
        return True

    patch.setattr("commerce.db.credit.reserve", reserve)


def transfers_get_lost(patch: Patch) -> None:
    def transfer(
        unit: Unit, _transfer_id: str, sku: str, from_id: str, to_id: str, pieces: int
    ) -> tuple[str, str, str, int]:
        warehouses._take(unit, from_id, sku, pieces)
        return sku, from_id, to_id, pieces

    patch.setattr(warehouses, "transfer", transfer)


def everybody_is_let_in(patch: Patch) -> None:
    patch.setattr("commerce.db.drops.inside", lambda *_: Inside(0, 0))


def erasures_keep_a_name(patch: Patch) -> None:
    kept = tuple(c for c in erasures.KEPT if c.table.name != "order_members")
    patch.setattr(erasures, "KEPT", kept)


def erasures_keep_holds(patch: Patch) -> None:
    """The rows go, and their pieces stay held."""
    patch.setattr(erasures, "holds", SimpleNamespace(release=lambda _unit, _lines: None))


MUTATIONS = (
    Mutation("holds are taken without looking", "held", holds_without_looking, guarded=False),
    Mutation("a checkout holds nothing", "held firmly", checkout_without_holds),
    Mutation("an expired lock keeps its stock", "firm hold", expired_lock_keeps_stock),
    Mutation("a decline leaves the cart at the till", "at a till", decline_keeps_lock),
    Mutation("expiry lets go twice", "held is", expiry_releases_twice, guarded=False),
    Mutation("parts are captured one by one", "before every part", captures_part_by_part),
    Mutation("keys are forgotten at the till", "keys", forgets_keys),
    Mutation("keys are forgotten in carts", "in the cart and wanted", forgets_keys_of_carts),
    Mutation(
        "refunds have no end", "given back than was taken", refunds_without_end, guarded=False
    ),
    Mutation("codes for the phone are not used up", "pays once", codes_are_not_used_up),
    Mutation("shares are rounded down", "shares sum", shares_round_down),
    Mutation("any amount of the bank is fine", "The bank took", any_amount_is_fine),
    Mutation("events are marked before they are told", "never told", events_marked_first),
    Mutation("no answer of the bank is a no", "The bank", silence_is_a_no),
    Mutation("voids never reach the bank", "The bank still has", voids_in_words_only),
    Mutation("nobody comes back to payments in doubt", "under way", nobody_comes_back),
    Mutation("called-off money is kept", "asked", called_off_money_stays, seeds=PIECEMEAL),
    Mutation("limits are not counted", "counts for its limit", limits_are_not_counted),
    Mutation("limits forget what was before", "counts for its limit", limits_forget_the_past),
    Mutation("gifts are passed on", "whose line it is", gifts_are_passed_on),
    Mutation(
        "credit is spent without cover",
        "reserved of an account",
        credit_without_cover,
        guarded=False,
    ),
    Mutation("transfers get lost", "in a warehouse", transfers_get_lost),
    Mutation("everybody is let in", "let in", everybody_is_let_in),
    Mutation("erasures keep a name", "still in order_members", erasures_keep_a_name, seeds=PASSED),
    Mutation("erasures keep holds", "held", erasures_keep_holds, seeds=PASSED),
)
