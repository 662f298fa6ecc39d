"""What can go wrong in commerce, as one tree with stable codes.

    CommerceError
    +-- InvalidRequestError (422)        can never be right: INVALID_..., SETTINGS_INVALID
    |   +-- PaymentMethodUnknownError    PAYMENT_METHOD_UNKNOWN
    |   +-- WebhookRefusedError (400)    WEBHOOK_REFUSED: not the provider's, or too old
    +-- NotFoundError (404)              ..._NOT_FOUND: not there, or not yours
    +-- NotAllowedError (403)            NOT_ALLOWED: there, but not for you to do
    +-- ConflictError (409)              right in itself, but not now: CART_LOCKED, CHECKOUT_STATE,
    |   |                                CHECKOUT_EXPIRED, TOTAL_CHANGED, LIMIT_REACHED,
    |   |                                CREDIT_LEFT, ...
    |   +-- SoldOutError                 SOLD_OUT: sku, available, alternatives
    |   +-- PurchaseLimitError           LIMIT_REACHED: more than one person can buy of a SKU
    |   +-- CheckoutProblemsError        CHECKOUT_PROBLEMS: every problem at once
    |   +-- IdempotencyKeyReusedError    IDEMPOTENCY_KEY_REUSED
    |   +-- NothingToPayError            NOTHING_TO_PAY
    |   +-- RefundTooLargeError          REFUND_TOO_LARGE: more than is left of what was captured
    |   +-- HandOffEndedError            HAND_OFF_ENDED: the code for the phone works no more
    +-- TooManyPaymentsError (429)       TOO_MANY_PAYMENTS: nothing happened; wait, then try again
    +-- UnavailableError (503)           nothing happened; the same request may be sent again
        +-- ProviderSilentError          PROVIDER_SILENT: a payment provider does not answer
        +-- BusyError                    BUSY: a bounded queue is full
        +-- StoreBusyError               STORE_BUSY: the database is locked or changed meanwhile
        +-- StoreFullError               STORE_FULL: no room on the disk
        +-- StoreFailedError             STORE_FAILED: the database cannot be used
        +-- ClosedError                  COMMERCE_CLOSED

A refusal never changes anything. What people other than the asker own is "not found".
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

JSON = str | int | float | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]
"""Values that JSON can carry."""


class CommerceError(Exception):
    """Base of all failures.

    `code` is stable and upper snake case, `message` a sentence for a person, `data` what the
    sentence is about (JSON-able), `http_status` the status when the request came over HTTP.
    """

    http_status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, message: str, data: Mapping[str, JSON] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data: dict[str, JSON] = dict(data or {})


class InvalidRequestError(CommerceError):
    """A value that is out of its range or shape."""

    http_status = 422


class PaymentMethodUnknownError(InvalidRequestError):
    """No provider takes this payment method. The method itself is never repeated."""

    def __init__(self) -> None:
        super().__init__(
            "PAYMENT_METHOD_UNKNOWN", "This way to pay is not known here. Choose another one."
        )


class NotFoundError(CommerceError):
    """Not there, or not the asker's to see."""

    http_status = 404


class NotAllowedError(CommerceError):
    """Somebody else has to do this; `data` says who."""

    http_status = 403

    def __init__(self, message: str, data: Mapping[str, JSON] | None = None) -> None:
        super().__init__("NOT_ALLOWED", message, data)


class ConflictError(CommerceError):
    """The request is fine, the present state is not."""

    http_status = 409


class SoldOutError(ConflictError):
    """Fewer are left than asked for. `alternatives` are SKUs that can be had, likest first."""

    def __init__(self, sku: str, name: str, available: int, alternatives: Sequence[str]) -> None:
        left = "is sold out" if available == 0 else f"has only {available} left"
        super().__init__(
            "SOLD_OUT",
            f"{name} {left}.",
            {"sku": sku, "available": available, "alternatives": list(alternatives)},
        )


class PurchaseLimitError(ConflictError):
    """More of a SKU than one person can buy, over all their orders."""

    def __init__(self, sku: str, maximum: int) -> None:
        pieces = "piece" if maximum == 1 else "pieces"
        super().__init__(
            "LIMIT_REACHED",
            f"One person can buy {maximum} {pieces} of this at most.",
            {"limit": "purchase_limit", "maximum": maximum, "sku": sku},
        )
        self.sku, self.maximum = sku, maximum


class CheckoutProblemsError(ConflictError):
    """Why the cart cannot be locked: every problem at once, each with `code`, `line_id`, `sku`."""

    def __init__(self, problems: Sequence[Mapping[str, JSON]]) -> None:
        count = len(problems)
        word = "problem" if count == 1 else "problems"
        super().__init__(
            "CHECKOUT_PROBLEMS",
            f"The cart cannot be checked out yet: {count} {word}. Nothing in it was lost.",
            {"problems": list(problems)},
        )


class IdempotencyKeyReusedError(ConflictError):
    """One key came with two different requests."""

    def __init__(self) -> None:
        super().__init__(
            "IDEMPOTENCY_KEY_REUSED",
            "This idempotency key was used for another request. Take a new key for a new request.",
        )


class TooManyPaymentsError(CommerceError):
    """More tries to pay than an honest payer makes; `data` says of whom and when to try again."""

    http_status = 429
    retryable = True

    def __init__(self, counted: str, maximum: int, retry_after_ms: int) -> None:
        super().__init__(
            "TOO_MANY_PAYMENTS",
            "There were too many tries to pay. Nothing was charged; please wait a while.",
            {"counted": counted, "maximum": maximum, "retry_after_ms": retry_after_ms},
        )


class WebhookRefusedError(InvalidRequestError):
    """A webhook that is not the provider's, or too old, or not understood. Nothing was changed."""

    http_status = 400

    def __init__(self, reason: str) -> None:
        super().__init__("WEBHOOK_REFUSED", "This notice was not taken.", {"reason": reason})


class RefundTooLargeError(ConflictError):
    """More than is left of what was captured."""

    def __init__(self, left_minor: int, currency: str) -> None:
        super().__init__(
            "REFUND_TOO_LARGE",
            "So much is not left of what was paid.",
            {"left_minor": left_minor, "currency": currency},
        )


class NothingToPayError(ConflictError):
    """This person's part is paid, or somebody else pays it."""

    def __init__(self, data: Mapping[str, JSON]) -> None:
        super().__init__("NOTHING_TO_PAY", "There is nothing left for you to pay here.", data)


class HandOffEndedError(ConflictError):
    """The code for the phone was used, has run out, or was for another amount."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "HAND_OFF_ENDED",
            "This code does not work any more. Ask for a new one in the shop.",
            {"reason": reason},
        )


class UnavailableError(CommerceError):
    """Nothing was done; trying again later can work."""

    http_status = 503
    retryable = True


class ProviderSilentError(UnavailableError):
    """A payment provider was asked something that moves no money, and did not answer."""

    def __init__(self) -> None:
        super().__init__(
            "PROVIDER_SILENT", "The payment provider does not answer. Please try again in a moment."
        )


class BusyError(UnavailableError):
    """A bounded queue is full; `data` has `queue` and `maximum`."""

    def __init__(self, queue: str, maximum: int) -> None:
        super().__init__(
            "BUSY",
            "The shop is very busy. Please try again in a moment.",
            {"queue": queue, "maximum": maximum},
        )


class StoreBusyError(UnavailableError):
    """Another process holds the database, or it changed under our hands."""

    def __init__(self) -> None:
        super().__init__("STORE_BUSY", "The shop's database is busy. Please try again in a moment.")


class StoreFullError(UnavailableError):
    """No room on the disk of the database."""

    def __init__(self) -> None:
        super().__init__(
            "STORE_FULL", "The shop cannot write anything just now, because its disk is full."
        )


class StoreFailedError(UnavailableError):
    """The database cannot be opened, read or written."""

    def __init__(self, message: str = "The shop's database cannot be used just now.") -> None:
        super().__init__("STORE_FAILED", message)


class ClosedError(UnavailableError):
    """The service was closed."""

    def __init__(self) -> None:
        super().__init__("COMMERCE_CLOSED", "The shop is closing. Please try again in a moment.")
