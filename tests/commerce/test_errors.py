"""Errors: stable codes, sentences, data that JSON can carry."""

import json
from collections.abc import Iterator

import pytest

from commerce import errors
from commerce.errors import CommerceError

SAMPLES = (
    errors.InvalidRequestError("INVALID_ID", "An id is a text.", {"field": "sku"}),
    errors.PaymentMethodUnknownError(),
    errors.NotFoundError("LINE_NOT_FOUND", "There is no such line."),
    errors.NotAllowedError("Only the payer can do this.", {"payer_id": "ada"}),
    errors.ConflictError("CART_LOCKED", "The cart is locked."),
    errors.SoldOutError("MUG", "Mug", 2, ["BOWL"]),
    errors.PurchaseLimitError("MUG", 2),
    errors.CheckoutProblemsError([{"code": "SOLD_OUT", "line_id": "1", "sku": "MUG"}]),
    errors.IdempotencyKeyReusedError(),
    errors.WebhookRefusedError("signature"),
    errors.NothingToPayError({"part_minor": 100}),
    errors.RefundTooLargeError(40, "EUR"),
    errors.HandOffEndedError("used"),
    errors.TooManyPaymentsError("person", 12, 60_000),
    errors.ProviderSilentError(),
    errors.BusyError("hold_queue", 8),
    errors.StoreBusyError(),
    errors.StoreFullError(),
    errors.StoreFailedError(),
    errors.ClosedError(),
)


def subclasses(of: type[CommerceError]) -> Iterator[type[CommerceError]]:
    for child in of.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_shape(error: CommerceError) -> None:
    assert error.code == error.code.upper()
    assert error.code.replace("_", "").isalpha()
    assert error.message.endswith(".")
    assert str(error) == error.message
    assert json.loads(json.dumps(error.data)) == error.data
    assert error.http_status in (400, 403, 404, 409, 422, 429, 503)
    assert error.retryable == (error.http_status in (429, 503))


def test_every_error_has_a_sample_and_a_line_in_the_tree() -> None:
    known = set(subclasses(CommerceError)) - {errors.UnavailableError}
    assert {type(error) for error in SAMPLES} == known
    for kind in known:
        assert kind.__name__ in (errors.__doc__ or "")


def test_sold_out_says_what_is_left() -> None:
    assert errors.SoldOutError("MUG", "Mug", 0, []).message == "Mug is sold out."
    assert errors.SoldOutError("MUG", "Mug", 2, []).message == "Mug has only 2 left."


def test_data_is_a_copy() -> None:
    data = {"field": "sku"}
    error = errors.InvalidRequestError("INVALID_ID", "No.", data)
    data["field"] = "changed"
    assert error.data == {"field": "sku"}
