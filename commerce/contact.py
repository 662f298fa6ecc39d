"""Who gets an order and where: all that a guest has to say, and no account."""

import re
from dataclasses import asdict, dataclass, fields

from commerce.errors import JSON, InvalidRequestError

_LENGTHS = {"email": 254, "postal_code": 32, "country": 2}
_LENGTH_MAX = 200

# Loose on purpose: only a letter that arrives proves an address (RFC 5321 allows far more).
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
COUNTRY = re.compile(r"[A-Z]{2}")
"""What a code of ISO 3166-1 looks like."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An address. `country` is an ISO 3166-1 code of two letters; `line2` may be empty.

    Raises INVALID_CONTACT with the `fields` that are not right, all at once.
    """

    email: str
    name: str
    line1: str
    city: str
    postal_code: str
    country: str
    line2: str = ""

    def __post_init__(self) -> None:
        wrong = [entry.name for entry in fields(self) if not self._right(entry.name)]
        if wrong:
            raise InvalidRequestError(
                "INVALID_CONTACT", "Please look at the address again.", {"fields": wrong}
            )

    def _right(self, name: str) -> bool:
        value = getattr(self, name)
        if not isinstance(value, str) or len(value) > _LENGTHS.get(name, _LENGTH_MAX):
            return False
        if not value.isprintable() or value != value.strip():
            return False
        if name == "email":
            return _EMAIL.fullmatch(value) is not None
        if name == "country":
            return COUNTRY.fullmatch(value) is not None
        return bool(value) or name == "line2"

    def as_json(self) -> dict[str, JSON]:
        """The fields by name."""
        return asdict(self)
