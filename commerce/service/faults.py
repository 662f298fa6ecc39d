"""Named points between the steps of a flow, where a test can end the process.

A process can die between any two steps. Each point stands where something has just become durable
on one side (our database, the gateway) and not yet on the other; the tests kill a process at every
one of them and look at the books afterwards. In production the hook does nothing.
"""

from collections.abc import Callable
from enum import StrEnum


class FaultPoint(StrEnum):
    """Where a process can be killed. The first two come in every transaction, whoever begins it."""

    TRANSACTION_DECIDED = "transaction_decided"
    TRANSACTION_COMMITTED = "transaction_committed"
    HOLD_DECIDED = "hold_decided"
    HOLD_COMMITTED = "hold_committed"
    LOCK_DECIDED = "lock_decided"
    LOCK_COMMITTED = "lock_committed"
    PAYMENT_PREPARED = "payment_prepared"
    AUTHORISE_ANSWERED = "authorise_answered"
    CHALLENGE_RECORDED = "challenge_recorded"
    CONFIRM_ANSWERED = "confirm_answered"
    AUTHORISED_RECORDED = "authorised_recorded"
    CAPTURE_ANSWERED = "capture_answered"
    ORDER_DECIDED = "order_decided"
    ORDER_COMMITTED = "order_committed"
    DOUBT_RECORDED = "doubt_recorded"
    VOID_ANSWERED = "void_answered"
    REFUND_PREPARED = "refund_prepared"
    REFUND_ANSWERED = "refund_answered"
    REFUND_RECORDED = "refund_recorded"
    CALLED_OFF = "called_off"
    FAILURE_DECIDED = "failure_decided"
    FAILURE_COMMITTED = "failure_committed"
    UNLOCK_COMMITTED = "unlock_committed"
    EXPIRY_DECIDED = "expiry_decided"
    EXPIRY_COMMITTED = "expiry_committed"
    EVENTS_DELIVERED = "events_delivered"
    EVENTS_MARKED = "events_marked"


Faults = Callable[[FaultPoint], None]


def no_faults(_point: FaultPoint) -> None:
    """Go on."""
