"""Amounts of money: whole minor units of one currency, never floating point.

A price of 12.90 euros is `Money(1290, "EUR")`. How many minor units make a major one comes from
ISO 4217 (list one, column "minor unit"); most currencies have two digits.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from commerce.errors import InvalidRequestError

MINOR_MAX = 2**53 - 1
"""Largest amount: what every JSON reader still takes exactly (RFC 8259, section 6)."""

_EXPONENTS = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0,
    "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip


def exponent(currency: str) -> int:
    """Digits of the minor unit of an ISO 4217 currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def check_currency(currency: object) -> str:
    """Return a currency code of three capital letters; raises INVALID_CURRENCY."""
    if (
        not isinstance(currency, str)
        or len(currency) != 3
        or not (currency.isascii() and currency.isalpha() and currency.isupper())
    ):
        raise InvalidRequestError(
            "INVALID_CURRENCY", "A currency is three capital letters, such as EUR.", {}
        )
    return currency


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of 0 or more minor units. Raises INVALID_AMOUNT or INVALID_CURRENCY."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if type(self.minor) is not int or not 0 <= self.minor <= MINOR_MAX:
            raise InvalidRequestError(
                "INVALID_AMOUNT",
                "An amount is a whole number of minor units from 0 to 2^53 - 1.",
                {"maximum": MINOR_MAX},
            )

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise InvalidRequestError(
                "CURRENCY_MISMATCH",
                f"{self.currency} and {other.currency} cannot be added.",
                {"currencies": sorted((self.currency, other.currency))},
            )
        return Money(self.minor + other.minor, self.currency)

    def times(self, quantity: int) -> "Money":
        """This amount for each of `quantity` pieces; raises INVALID_QUANTITY below 0."""
        if type(quantity) is not int or quantity < 0:
            raise InvalidRequestError(
                "INVALID_QUANTITY", "A quantity is a whole number from 0 up.", {}
            )
        return Money(self.minor * quantity, self.currency)

    def decimal(self) -> str:
        """For people and for texts: `12.90` EUR, `1290` JPY."""
        digits = exponent(self.currency)
        if not digits:
            return str(self.minor)
        major, minor = divmod(self.minor, 10**digits)
        return f"{major}.{minor:0{digits}d}"

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, 0 of `currency` when there is nothing to add."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
