"""Payment attempts as rows."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from commerce.db import payments
from commerce.db.checkout_views import view_of
from commerce.db.engine import Store
from commerce.errors import StoreBusyError
from commerce.payment import Attempt, AttemptState, Failure
from commerce.ports import Charge, ChargeState
from tests.commerce.db.stores import open_store
from tests.commerce.db.test_checkouts import loaded, made

CHARGE = Charge(
    "a-1", ChargeState.CHALLENGE, 2_980, "EUR", "r-1", "ch-1", "https://bank.test", "Well?"
)


def latest(connection: Connection, checkout_id: str) -> Attempt | None:
    attempts = payments.of_checkout(connection, checkout_id)
    return attempts[-1] if attempts else None


async def prepared(store: Store, attempt_id: str = "a-1", number: int = 1) -> Attempt:
    attempt = await store.write(
        lambda unit: payments.prepare(
            unit, attempt_id, "c-1", "ada", "test", 2_980, "EUR", number=number
        )
    )
    assert await store.read(lambda c: latest(c, "c-1")) == attempt
    return attempt


async def test_life_of_an_attempt(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await made(store, "c-1")
        assert await store.read(lambda c: latest(c, "c-1")) is None
        attempt = await prepared(store)
        assert (attempt.number, attempt.state, attempt.in_doubt) == (
            1,
            AttemptState.PREPARED,
            False,
        )
        assert await store.read(payments.live) == [attempt]
        await store.write(lambda unit: payments.record_doubt(unit, attempt))
        await store.write(lambda unit: payments.record_challenge(unit, attempt, CHARGE, 99))
        asked = await store.read(lambda c: latest(c, "c-1"))
        assert asked is not None
        assert (asked.challenge_id, asked.instructions, asked.in_doubt) == ("ch-1", "Well?", False)
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: payments.record_authorised(unit, attempt, CHARGE))
        await store.write(lambda unit: payments.record_authorised(unit, asked, CHARGE))
        authorised = await store.read(lambda c: latest(c, "c-1"))
        assert authorised is not None
        assert authorised.state is AttemptState.AUTHORISED


async def test_another_try_after_a_failure(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await made(store, "c-1")
        first = await prepared(store)
        failure = Failure("CARD_DECLINED", "The bank declined.")
        await store.write(lambda unit: payments.record_failure(unit, first, failure, "ada"))
        view = view_of(await loaded(store, "c-1"), "ada")
        assert view.last_failure is not None
        assert (view.last_failure.code, view.payer_id) == ("CARD_DECLINED", None)
        assert await store.read(payments.live) == []
        second = await prepared(store, "a-2", 2)
        assert second.number == 2
        assert view_of(await loaded(store, "c-1"), "ada").last_failure is None
