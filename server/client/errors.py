"""What can go wrong for a client.

ClientError            code, a sentence for a person, data
  +- RequestRefused    the room said no
  +- HttpProblem       the server said no over HTTP (problem+json)
  +- ConnectionLost    the session or the connection is over
  +- TimedOut          no answer, or no event, in time
  +- EventsMissed      a reader of events was too slow for its queue
"""

from typing import Any


class ClientError(Exception):
    """Base of all errors of the client. `code` is stable, `message` is for people."""

    def __init__(self, code: str, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data or {}


class RequestRefused(ClientError):  # noqa: N818 - reads as what happened
    """A request was answered with an Error; nothing was changed by it."""


class HttpProblem(ClientError):  # noqa: N818 - reads as what happened
    """An HTTP call was answered with a problem document."""

    def __init__(
        self, code: str, message: str, data: dict[str, Any] | None = None, *, status: int
    ) -> None:
        super().__init__(code, message, data)
        self.status = status


class ConnectionLost(ClientError):  # noqa: N818 - reads as what happened
    """Nobody will answer any more. CLOSED, CONNECT_FAILED, SESSION_LOST or a name of a close code.

    What became of a request that was under way is not known: look at the room after joining again.
    """


class TimedOut(ClientError):  # noqa: N818 - reads as what happened
    """It did not come in time. A late answer is ignored."""


class EventsMissed(ClientError):  # noqa: N818 - reads as what happened
    """The queue of an event stream was full; the room model is right all the same."""
