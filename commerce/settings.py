"""Every size, rate and time of commerce, with its unit and its reason."""

from dataclasses import dataclass, fields

from commerce.errors import InvalidRequestError
from commerce.money import check_currency

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_HIGHEST = {"quantity_per_line_max": 1_000, "lines_per_cart_max": 500}
"""Together with the highest price they keep every total below 2^53."""

SQLITE_PREFIX = "sqlite+aiosqlite:///"


@dataclass(frozen=True, slots=True)
class CommerceSettings:
    """What a shop can be told. Raises SETTINGS_INVALID with the `field` that is out of range."""

    database_url: str
    """Address of the database, such as sqlite+aiosqlite:///var/shop.sqlite3."""
    gateway_database_url: str
    """Address of the ledger of the embedded test-card provider: another SQLite file."""
    currency: str = "EUR"
    """ISO 4217 currency of a cart that is still empty."""

    light_hold_ttl_ms: int = 8 * MINUTE_MS
    """How long stock is held for a line of a cart, renewed by what its owner does in the cart."""
    light_hold_cap_ms: int = 30 * MINUTE_MS
    """Age at which a hold is not renewed any more, so that nobody can hoard stock by clicking."""
    firm_hold_ttl_ms: int = 2 * MINUTE_MS
    """How long a locked checkout holds its stock and its prices."""
    challenge_ttl_ms: int = 3 * MINUTE_MS
    """How long a payer has to answer the bank's question; then the payment is called off."""

    quantity_per_line_max: int = 10
    """Pieces in one line. Above: LIMIT_REACHED."""
    quantity_per_person_max: int = 40
    """Pieces that one person can have in a cart, against hoarding. Above: LIMIT_REACHED."""
    lines_per_person_max: int = 20
    """Lines that one person can have in a cart. Above: LIMIT_REACHED."""
    lines_per_cart_max: int = 60
    """Lines of one cart, a shared one too. Above: LIMIT_REACHED."""
    members_per_cart_max: int = 24
    """People who share one cart. Above: LIMIT_REACHED."""

    combine_window_ms: int = 2
    """How long the combiner waits for more requests to share a transaction; 0: not at all."""
    combine_batch_max: int = 64
    """Requests in one transaction: above this the cost of a commit hardly falls further."""
    hold_queue_max: int = 8_192
    """Requests that may wait for the combiner. Full: the newcomer gets BUSY."""
    write_queue_max: int = 1_024
    """Transactions that may wait for the one writer. Full: the newcomer gets BUSY."""
    read_connections: int = 4
    """Database connections for reading; more than the cores of the machine help little."""
    busy_timeout_ms: int = 2_000
    """How long to wait for another process's lock on the database. Over: STORE_BUSY."""

    gateway_timeout_ms: int = 5_000
    """How long the payment gateway may take to answer. Over: the payment is in doubt."""
    reconcile_interval_ms: int = 2_000
    """Between two rounds of asking the gateway about payments in doubt."""
    reconcile_batch_max: int = 16
    """Payments in doubt that the gateway is asked about at the same time."""
    sweep_interval_ms: int = 500
    """Between two looks for holds and locks that have run out."""
    sweep_batch_max: int = 256
    """Holds let go in one transaction, so that a sweep never blocks the writer for long."""
    sweep_grace_ms: int = 10_000
    """A hold that outlives its time by more than this is a finding of the audit."""

    outbox_batch_max: int = 256
    """Events handed to consumers before the position is written down."""
    outbox_retention_ms: int = HOUR_MS
    """Age at which delivered events are deleted."""
    idempotency_retention_ms: int = DAY_MS
    """How long the answer to an idempotency key is remembered."""
    prune_interval_ms: int = 5 * MINUTE_MS
    """Between two deletions of what is too old."""

    page_size_max: int = 500
    """Products on a page. Above: INVALID_PAGE."""
    search_term_length_max: int = 200
    """Characters of a search term. Above: INVALID_TERM."""
    orders_max: int = 200
    """Orders shown to a person, the newest; older ones are still there by their id."""
    alternatives_max: int = 5
    """SKUs that are offered instead of one that is sold out."""

    def __post_init__(self) -> None:
        for url in ("database_url", "gateway_database_url"):
            path = getattr(self, url).removeprefix(SQLITE_PREFIX)
            if not getattr(self, url).startswith(SQLITE_PREFIX) or path in ("", ":memory:"):
                raise _invalid(url, f"must be {SQLITE_PREFIX} and the path of a file")
        try:
            check_currency(self.currency)
        except InvalidRequestError as error:
            raise _invalid("currency", "must be three capital letters") from error
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int:
                low = 0 if field.name == "combine_window_ms" else 1
                high = _HIGHEST.get(field.name, 10**12)
                if type(value) is not int or not low <= value <= high:
                    raise _invalid(field.name, f"must be a whole number from {low} to {high}")
        if self.light_hold_cap_ms < self.light_hold_ttl_ms:
            raise _invalid("light_hold_cap_ms", "cannot be shorter than light_hold_ttl_ms")
        if self.database_url == self.gateway_database_url:
            raise _invalid("gateway_database_url", "cannot be the shop's own database")


def _invalid(field: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(
        "SETTINGS_INVALID", f"The setting {field} {problem}.", {"field": field}
    )
