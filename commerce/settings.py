"""Every size, rate and time of commerce, with its unit and its reason."""

from dataclasses import dataclass, field, fields
from typing import Literal, get_args
from urllib.parse import urlsplit

from commerce.errors import InvalidRequestError
from commerce.money import check_currency

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_HIGHEST = {"quantity_per_line_max": 1_000, "lines_per_cart_max": 500}
"""Together with the highest price they keep every total below 2^53."""

PROCESS_NAME_LENGTH_MAX = 64

SQLITE_PREFIX = "sqlite+aiosqlite:///"
POSTGRESQL_PREFIXES = ("postgresql+asyncpg://", "postgresql://")

HoldFrom = Literal["cart", "checkout"]
Synchronous = Literal["FULL", "NORMAL"]


@dataclass(frozen=True, slots=True)
class CommerceSettings:
    """What a shop can be told. Raises SETTINGS_INVALID with the `field` that is out of range."""

    database_url: str = field(repr=False)
    """Address of the database: sqlite+aiosqlite:///var/shop.sqlite3, or
    postgresql+asyncpg://user:password@host/database."""
    gateway_database_url: str
    """Address of the ledger of the embedded test-card provider: another SQLite file."""
    currency: str = "EUR"
    """ISO 4217 currency of a cart that is still empty."""

    hold_from: HoldFrom = "cart"
    """From when on stock is held. `cart`: lightly as soon as something is in a cart. `checkout`:
    only while a cart is at the till; before, a cart promises nothing."""
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
    quantity_per_cart_max: int = 200
    """Pieces that a party can have in its cart together, against hoarding. Above: LIMIT_REACHED."""
    lines_per_person_max: int = 20
    """Lines that one person can have in a cart. Above: LIMIT_REACHED."""
    lines_per_cart_max: int = 60
    """Lines of one cart, a shared one too. Above: LIMIT_REACHED."""
    members_per_cart_max: int = 24
    """People who share one cart. Above: LIMIT_REACHED."""

    process_name: str = "process"
    """Name of this server process, by which it remembers the events it has been told. Processes
    that share a database have different ones, and keep them when they are started again."""
    sqlite_synchronous: Synchronous = "FULL"
    """SQLite: FULL keeps every commit through a power cut; NORMAL is faster and can lose the last
    moments then, but nothing when only the process ends."""

    combine_window_ms: int = 2
    """How long the combiner waits for more requests to share a transaction; 0: not at all. Whoever
    comes after a pause does not wait."""
    combine_batch_max: int = 512
    """Requests in one transaction: above this the cost of a commit hardly falls further, and the
    event loop would be held for more than about 10 ms."""
    carts_kept_max: int = 8_192
    """Carts that are kept in memory between two requests for stock, about 1 KiB each. More are read
    from the database again."""
    hold_queue_max: int = 8_192
    """Requests that may wait for the combiner. Full: the newcomer gets BUSY."""
    write_queue_max: int = 1_024
    """Transactions that may wait for a writer. Full: the newcomer gets BUSY."""
    write_group_max: int = 64
    """SQLite: transactions that share a commit."""
    write_slice_ms: int = 4
    """SQLite: time after which no more transactions join a commit, so that the event loop turns."""
    write_attempts_max: int = 6
    """PostgreSQL: how often a transaction is begun when others are in its way. Over: STORE_BUSY."""
    write_connections: int = 8
    """PostgreSQL: connections for writing. All in use: the newcomer waits in the write queue."""
    read_connections: int = 4
    """PostgreSQL: connections for reading. All in use: the newcomer waits `connection_wait_ms`."""
    connection_wait_ms: int = 10_000
    """PostgreSQL: how long to wait for a connection, a free or a new one. Over: STORE_BUSY when
    none was free, STORE_FAILED when the server did not answer."""
    statement_timeout_ms: int = 30_000
    """PostgreSQL: how long one statement may take. Over: STORE_FAILED."""
    busy_timeout_ms: int = 2_000
    """How long to wait for a lock that another process has. Over: STORE_BUSY."""

    admission_ttl_ms: int = 3 * MINUTE_MS
    """How long somebody who was let in from the line of a drop can hold what it is for."""
    line_places_max: int = 20_000
    """People in the line of a drop. Above: LIMIT_REACHED."""
    line_places_per_network_max: int = 8
    """People of one network in the line of a drop. Above: LIMIT_REACHED."""

    gateway_timeout_ms: int = 5_000
    """How long the payment gateway may take to answer. Over: the payment is in doubt."""
    reconcile_interval_ms: int = 2_000
    """Between two rounds of asking the gateway about payments in doubt."""
    reconcile_batch_max: int = 16
    """Payments in doubt that the gateway is asked about at the same time."""
    sweep_interval_ms: int = 500
    """Between two looks for holds and locks that have run out."""
    sweep_quiet_ms: int = 5_000
    """Sweeps are left out while nothing can run out, but for no longer than this."""
    sweep_batch_max: int = 256
    """Holds let go in one transaction, so that a sweep never blocks the writer for long."""
    sweep_grace_ms: int = 10_000
    """A hold that outlives its time by more than this is a finding of the audit."""

    outbox_batch_max: int = 256
    """Events handed to consumers before the position is written down."""
    outbox_retention_ms: int = HOUR_MS
    """Age at which delivered events are deleted."""
    outbox_poll_ms: int = 1_000
    """Between two looks for events of other processes; our own are told at once."""
    outbox_gap_poll_ms: int = 5
    """PostgreSQL: until the next look when an earlier event may still come."""
    outbox_gap_wait_ms: int = 1_000
    """PostgreSQL: how long one delivery waits for such an event; then others go on first."""
    position_retention_ms: int = DAY_MS
    """How long events wait for a process that tells none any more."""
    idempotency_retention_ms: int = DAY_MS
    """How long the answer to an idempotency key is remembered."""
    erasure_retention_ms: int = 8 * DAY_MS
    """How long it is remembered that somebody was erased: longer than their token is good."""
    erasure_settle_ms: int = MINUTE_MS
    """After so long an erasure is gone through once more, for what was under way when it was asked
    for, and who it was is forgotten."""
    contact_retention_ms: int = 90 * DAY_MS
    """How long the address that somebody keeps for their orders is remembered after they gave it;
    orders have their own."""
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
        if not (_is_file(self.database_url) or _is_server(self.database_url)):
            raise _invalid(
                "database_url",
                f"must be {SQLITE_PREFIX} and the path of a file, or "
                f"{POSTGRESQL_PREFIXES[0]}user:password@host/database",
            )
        if not _is_file(self.gateway_database_url):
            problem = f"must be {SQLITE_PREFIX} and the path of a file"
            raise _invalid("gateway_database_url", problem)
        if not 1 <= len(self.process_name) <= PROCESS_NAME_LENGTH_MAX:
            problem = f"must have 1 to {PROCESS_NAME_LENGTH_MAX} characters"
            raise _invalid("process_name", problem)
        if self.sqlite_synchronous not in get_args(Synchronous):
            raise _invalid("sqlite_synchronous", "must be FULL or NORMAL")
        if self.hold_from not in get_args(HoldFrom):
            raise _invalid("hold_from", "must be cart or checkout")
        try:
            check_currency(self.currency)
        except InvalidRequestError as error:
            raise _invalid("currency", "must be three capital letters") from error
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.type is int:
                low = 0 if entry.name == "combine_window_ms" else 1
                high = _HIGHEST.get(entry.name, 10**12)
                if type(value) is not int or not low <= value <= high:
                    raise _invalid(entry.name, f"must be a whole number from {low} to {high}")
        if self.light_hold_cap_ms < self.light_hold_ttl_ms:
            raise _invalid("light_hold_cap_ms", "cannot be shorter than light_hold_ttl_ms")
        if self.database_url == self.gateway_database_url:
            raise _invalid("gateway_database_url", "cannot be the shop's own database")


def _is_file(url: str) -> bool:
    return url.startswith(SQLITE_PREFIX) and url.removeprefix(SQLITE_PREFIX) not in ("", ":memory:")


def _is_server(url: str) -> bool:
    if not url.startswith(POSTGRESQL_PREFIXES):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.path.strip("/")) and bool(parts.hostname or "host=" in parts.query)


def _invalid(name: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(
        "SETTINGS_INVALID", f"The setting {name} {problem}.", {"field": name}
    )
