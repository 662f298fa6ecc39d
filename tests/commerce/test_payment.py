"""Attempts: which ones are still live."""

import dataclasses

import pytest

from commerce.db.schema import payment_attempts
from commerce.payment import LIVE_ATTEMPTS, Attempt, AttemptState

ATTEMPT = Attempt(
    "attempt-1", "checkout-1", 1, "ada", "test", 100, "EUR", AttemptState.PREPARED, False,
    None, None, None, None, None, None, None, 0,
)  # fmt: skip


@pytest.mark.parametrize("state", AttemptState)
def test_live(state: AttemptState) -> None:
    ended = state in (AttemptState.CAPTURED, AttemptState.FAILED)
    assert dataclasses.replace(ATTEMPT, state=state).live != ended
    assert (state in LIVE_ATTEMPTS) != ended


def test_the_database_knows_the_same_states() -> None:
    rule = next(
        str(constraint.sqltext)  # type: ignore[attr-defined]
        for constraint in payment_attempts.constraints
        if str(constraint.name).endswith("_state")
    )
    assert all(f"'{state}'" in rule for state in AttemptState)
    live = next(
        index for index in payment_attempts.indexes if index.name == "ix_payment_attempts_live"
    )
    condition = str(live.dialect_options["sqlite"]["where"])
    assert [state for state in AttemptState if f"'{state}'" in condition] == list(LIVE_ATTEMPTS)
