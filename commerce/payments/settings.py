"""Settings of payment: limits that hold for all providers, and the accounts of some of them."""

from dataclasses import dataclass, field, fields
from typing import Any

from commerce.errors import InvalidRequestError
from commerce.money import check_currency, exponent
from commerce.payments.base58 import is_public_key
from commerce.settings import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

LIVE_KEYS = ("sk_live_", "rk_live_")
"""How keys of an account that moves real money begin: https://docs.stripe.com/keys"""

SURE_LEVELS = ("confirmed", "finalized")
"""How sure a node can be of a transfer, as far as it counts for us:
https://solana.com/docs/rpc#configuring-state-commitment"""

_HIGHEST = 10**12
_LOWEST = {"minimum_order_minor": 0, "token_decimals": 0}


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """The shop's Stripe account. Keys come from the environment and are shown nowhere.

    Raises SETTINGS_INVALID with the `field`.
    """

    secret_key: str = field(repr=False)
    """Secret key of the account, sk_live_... or sk_test_..."""
    webhook_secret: str = field(repr=False)
    """Signing secret of the webhook endpoint, whsec_..."""
    return_url: str
    """Where a bank or Stripe's page sends the payer afterwards: a page of this shop."""
    base_address: str | None = None
    """Address of the API; None: Stripe's own."""
    request_timeout_ms: int = 4_000
    """How long one request may take. Less than the gateway_timeout_ms of the shop, so that the
    shop hears what went wrong."""
    webhook_tolerance_ms: int = 5 * MINUTE_MS
    """Oldest signature of a webhook that is taken. Older: WEBHOOK_REFUSED."""
    audit_charges_max: int = 5_000
    """Charges the audit asks Stripe about, the newest. More: it says it could not read them all."""

    def __post_init__(self) -> None:
        if not self.secret_key.startswith(("sk_", "rk_")):
            raise _invalid("stripe.secret_key", "must begin with sk_ or rk_")
        if not self.webhook_secret.startswith("whsec_"):
            raise _invalid("stripe.webhook_secret", "must begin with whsec_")
        addresses = {"return_url": self.return_url, "base_address": self.base_address}
        for name, address in addresses.items():
            if address is not None and not address.startswith(("https://", "http://")):
                raise _invalid(f"stripe.{name}", "must begin with https:// or http://")
        _check_numbers(self, "stripe.")

    @property
    def live(self) -> bool:
        """Whether it is an account that moves real money."""
        return self.secret_key.startswith(LIVE_KEYS)


@dataclass(frozen=True, slots=True)
class SolanaSettings:
    """The shop's wallet and the node that is asked about transfers.

    Raises SETTINGS_INVALID with the `field`.
    """

    recipient: str
    """Public key that receives the money: base58 of 32 bytes."""
    rpc_url: str = field(repr=False)
    """JSON-RPC address of a node; may carry a key."""
    paid_in: str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    """Mint of the token that prices are paid in. Default: USDC on Solana's main network."""
    token_decimals: int = 6
    """Digits of the token after the point; at least those of a minor unit of `currency`."""
    currency: str = "USD"
    """ISO 4217 currency that the token stands for, one to one."""
    confirm_level: str = "confirmed"
    """How sure the node must be that a transfer stays before it counts as promised: confirmed or
    finalized."""
    capture_level: str = "finalized"
    """How sure before the order is made: confirmed or finalized."""
    label: str = "Galleria"
    """Name of the shop in the payer's wallet."""
    request_timeout_ms: int = 3_000
    """How long the node may take for one request."""
    signatures_max: int = 20
    """Transactions looked at for one payment, the newest; strangers can add some to spam."""
    audit_charges_max: int = 500
    """Payments the audit asks the node about, the newest."""

    def __post_init__(self) -> None:
        if not self.rpc_url.startswith(("https://", "http://")):
            raise _invalid("solana.rpc_url", "must begin with https:// or http://")
        for name in ("recipient", "paid_in"):
            if not is_public_key(getattr(self, name)):
                raise _invalid(f"solana.{name}", "must be a public key in base58")
        for name in ("confirm_level", "capture_level"):
            if getattr(self, name) not in SURE_LEVELS:
                raise _invalid(f"solana.{name}", f"must be {' or '.join(SURE_LEVELS)}")
        _check_numbers(self, "solana.")
        try:
            lowest = exponent(check_currency(self.currency))
        except InvalidRequestError as error:
            raise _invalid("solana.currency", "must be three capital letters") from error
        if self.token_decimals < lowest:
            problem = f"cannot be below {lowest}, the digits of a minor unit of {self.currency}"
            raise _invalid("solana.token_decimals", problem)


@dataclass(frozen=True, slots=True)
class PaymentSettings:
    """What holds for all ways to pay. Raises SETTINGS_INVALID with the `field`."""

    shared_lock_ttl_ms: int = 5 * MINUTE_MS
    """How long a checkout of a cart with several members stays locked: time for everybody to pay,
    and for one who lost the connection to come back."""
    minimum_order_minor: int = 0
    """Smallest total of an order. Below: BELOW_MINIMUM."""
    shipping_countries: tuple[str, ...] = ()
    """ISO 3166 codes of countries the shop sends to; empty: all. Others: SHIPPING_NOT_POSSIBLE;
    without an address: CONTACT_MISSING."""
    hand_off_ttl_ms: int = 2 * MINUTE_MS
    """How long the code for the phone works."""
    hand_offs_per_checkout_max: int = 12
    """Codes for one checkout. Above: LIMIT_REACHED."""
    tries_window_ms: int = HOUR_MS
    """Time in which failed tries to pay are counted."""
    tries_per_person_max: int = 12
    """Failed tries of one person in the window, so that nobody tries out cards. Above:
    TOO_MANY_PAYMENTS."""
    tries_per_card_max: int = 24
    """Failed tries with one card or gift card in the window, whoever pays with it. Above:
    TOO_MANY_PAYMENTS."""
    tries_per_address_max: int = 600
    """Failed tries from one network address in the window. Above: TOO_MANY_PAYMENTS."""
    refund_retry_ms: int = 30 * SECOND_MS
    """Between two times of asking about a refund that is under way."""
    refund_batch_max: int = 32
    """Refunds that are asked about in one round."""
    webhook_retention_ms: int = 30 * DAY_MS
    """How long a webhook is remembered, to know it again."""
    test_cards: bool | None = None
    """Whether the embedded test cards are taken. Unset: only where no other provider is set up, so
    that a shop which sells in earnest never takes them."""
    stripe: StripeSettings | None = None
    """Cards and more by Stripe; None: not taken."""
    solana: SolanaSettings | None = None
    """Solana Pay; None: not taken."""

    def __post_init__(self) -> None:
        _check_numbers(self)
        if self.test_cards and self.stripe is not None and self.stripe.live:
            raise _invalid("test_cards", "cannot be true beside a live account of Stripe")

    @property
    def takes_test_cards(self) -> bool:
        """Whether the embedded test cards are taken, said or not."""
        if self.test_cards is not None:
            return self.test_cards
        return self.stripe is None and self.solana is None

    @property
    def providers(self) -> tuple[str, ...]:
        """Prefixes of the methods that are taken, store credit and gift cards included."""
        others = {
            "stripe": self.stripe is not None,
            "solana": self.solana is not None,
            "test": self.takes_test_cards,
        }
        return (*(name for name, taken in others.items() if taken), "credit", "gift")


def _check_numbers(settings: Any, group: str = "") -> None:
    for entry in fields(settings):
        value, low = getattr(settings, entry.name), _LOWEST.get(entry.name, 1)
        if entry.type is int and (type(value) is not int or not low <= value <= _HIGHEST):
            raise _invalid(group + entry.name, f"must be a whole number from {low} to {_HIGHEST}")


def _invalid(name: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(
        "SETTINGS_INVALID", f"The setting {name} {problem}.", {"field": name}
    )
