"""The server's own errors: a stable code, a sentence for a person, and data."""

from typing import Any


class GalleriaError(Exception):
    """Base of errors that the server answers over HTTP and over the socket alike.

    `code` is stable and upper snake case, `message` is a sentence, `data` is JSON-able and
    `http_status` is used when the request came over HTTP.
    """

    def __init__(
        self, code: str, message: str, data: dict[str, Any] | None = None, http_status: int = 400
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data or {}
        self.http_status = http_status
