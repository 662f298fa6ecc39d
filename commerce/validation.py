"""Checks of what comes from outside, before anything is changed."""

import hashlib
import json
from collections.abc import Mapping

from commerce.errors import JSON, InvalidRequestError, NotFoundError

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

ID_LENGTH_MAX = 128
KEY_LENGTH_MAX = 200
QUANTITY_MAX = 1_000_000


def check_id(value: object, field: str) -> str:
    """Return an id of 1 to 128 printable characters; raises INVALID_ID with the `field`."""
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= ID_LENGTH_MAX
        or not value.isprintable()
        or value != value.strip()
    ):
        raise InvalidRequestError(
            "INVALID_ID",
            f"{field} is 1 to {ID_LENGTH_MAX} printable characters.",
            {"field": field},
        )
    return value


def check_key(value: object) -> str:
    """Return an idempotency key: 1 to 200 printable ASCII characters."""
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= KEY_LENGTH_MAX
        or not (value.isascii() and value.isprintable())
    ):
        raise InvalidRequestError(
            "INVALID_IDEMPOTENCY_KEY",
            f"An idempotency key is 1 to {KEY_LENGTH_MAX} printable ASCII characters.",
            {"field": "idempotency_key"},
        )
    return value


def check_quantity(value: object) -> int:
    """Return a whole number from 1 up; the shop's own limits come later."""
    if type(value) is not int or not 1 <= value <= QUANTITY_MAX:
        raise InvalidRequestError(
            "INVALID_QUANTITY", "A quantity is a whole number from 1 up.", {"field": "quantity"}
        )
    return value


def check_amount(value: object, field: str) -> int:
    """Return an amount in minor units from 0 up; raises INVALID_AMOUNT."""
    if type(value) is not int or not 0 <= value < 2**53:
        raise InvalidRequestError(
            "INVALID_AMOUNT", f"{field} is a whole number of minor units.", {"field": field}
        )
    return value


def check_page(page: object, size: object, size_max: int) -> None:
    """Raises INVALID_PAGE unless both count from 1 and the size is allowed."""
    if type(page) is not int or not 1 <= page <= 10**9:
        raise InvalidRequestError("INVALID_PAGE", "Pages count from 1.", {"field": "page"})
    if type(size) is not int or not 1 <= size <= size_max:
        raise InvalidRequestError(
            "INVALID_PAGE", f"A page has 1 to {size_max} entries.", {"field": "size"}
        )


def not_found(what: str, **data: JSON) -> NotFoundError:
    """The error for something that is not there: `not_found("line")` is LINE_NOT_FOUND."""
    return NotFoundError(f"{what.upper()}_NOT_FOUND", f"There is no such {what} here.", data)


def fingerprint(body: Mapping[str, JSON]) -> str:
    """SHA-256 of a request's content: tells a repeated request from another one."""
    return hashlib.sha256(_canonical(body).encode()).hexdigest()
