"""Correlation ids: one a request, in `X-Request-Id`, in problem documents and in the logs."""

import random
import re
from contextvars import ContextVar

REQUEST_ID_HEADER = b"x-request-id"

# Nothing that could break a log line or a header.
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,64}")

# An id is to be unique and no secret, so the system need not be asked for each.
_made = random.Random()

_current: ContextVar[str] = ContextVar("galleria_request_id", default="none")


def current_request_id() -> str:
    """The id of the request that is being answered; "none" outside of one."""
    return _current.get()


def begin_request(given: bytes | None) -> str:
    """Take the caller's id when it is a decent one, else make one, for the rest of this context."""
    if given is not None and _ACCEPTED.fullmatch(given):
        request_id = given.decode("ascii")
    else:
        request_id = f"{_made.getrandbits(64):016x}"
    _current.set(request_id)
    return request_id
