"""Groups of settings about who asks: tokens and keys, the HTTP interface, its door, and blocks."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from server.config_groups import DAY_MS, HOUR_MS, KIB, MINUTE_MS, SECOND_MS, Group


class AuthSettings(Group):
    """Tokens and keys."""

    secret: SecretStr | None = Field(
        default=None,
        description="Signs tokens; at least 32 bytes, the same on every node. Unset: made at the "
        "first start and kept in token.secret of the data folder, readable by the owner alone.",
    )
    host_key: SecretStr | None = Field(
        default=None,
        description="Lets staff in as hosts; at least 16 bytes. Unset: made at the first start and "
        "kept in host.key of the data folder.",
    )
    guest_token_ttl_ms: int = Field(
        default=7 * DAY_MS,
        ge=MINUTE_MS,
        description="Life of a guest token, ms: a cart waits for a week. A resume token lives as "
        "long: whoever may come back at all may come back to their seat, however long it was kept.",
    )
    host_token_ttl_ms: int = Field(
        default=12 * HOUR_MS, ge=MINUTE_MS, description="Life of a host token, ms: one shift."
    )
    verified_max: int = Field(
        default=16_384,
        ge=1,
        description="Tokens that need not be verified again, about 1 KiB each. Full: the one used "
        "longest ago is verified anew.",
    )
    erased_max: int = Field(
        default=100_000,
        ge=1,
        description="People whose tokens are refused because they were erased. Full: the one "
        "erased longest ago may come in again, to an empty shop.",
    )


class HttpSettings(Group):
    """Limits of the HTTP interface."""

    body_max_bytes: int = Field(
        default=64 * KIB,
        ge=KIB,
        description="Largest request body, bytes. Over: 413; nothing is kept of it.",
    )
    request_timeout_ms: int = Field(
        default=15 * SECOND_MS,
        ge=100,
        description="From the opening of a connection, or a request's first byte, until all of the "
        "request is here, ms. Over: cut.",
    )
    connections_max: int = Field(
        default=2_000,
        ge=8,
        description="HTTP connections at a time, game sockets not counted. Full: the newcomer is "
        "cut.",
    )
    requests_per_second: float = Field(
        default=200,
        gt=0,
        description="Requests of one address a second. Over: 429 with Retry-After. A school or an "
        "office shares one address; a shopper alone needs about 5.",
    )
    requests_burst: int = Field(
        default=2_000,
        ge=1,
        description="Requests that may come at once: the page loads some 200 meshes.",
    )
    addresses_max: int = Field(
        default=50_000,
        ge=16,
        description="Addresses whose rate is watched. Full: the one seen longest ago is forgotten.",
    )
    page_size_max: int = Field(
        default=200, ge=1, le=1_000, description="Products on one page of a list."
    )
    search_limit_max: int = Field(
        default=100, ge=1, le=1_000, description="Products one search answers."
    )
    ready_timeout_ms: int = Field(
        default=2 * SECOND_MS, ge=50, description="The database's time to answer /readyz, ms."
    )


class DoorSettings(Group):
    """The door of the till: requests that come in at each turn of the event loop."""

    per_turn: int = Field(
        default=32,
        ge=1,
        description="Requests that are begun at each turn of the event loop. The others wait, in "
        "the order in which they came.",
    )
    others_per_turn: int = Field(
        default=2,
        ge=1,
        description="Of these, requests that ask for no stock, while stock is being decided about: "
        "so that nobody waits for ever. No more than `per_turn`.",
    )
    holds_inside_max: int = Field(
        default=256,
        ge=1,
        description="Requests for stock that are not decided yet: one batch that is being decided, "
        "and the next. Full: the newcomer waits.",
    )
    waiting_max: int = Field(
        default=10_000,
        ge=1,
        description="Requests that wait at the door. Full: the newcomer gets BUSY, and nothing was "
        "done.",
    )

    @model_validator(mode="after")
    def _leave_holds_a_place(self) -> Self:
        if self.others_per_turn > self.per_turn:
            raise ValueError("others_per_turn cannot be more than per_turn")
        return self


class BlocksSettings(Group):
    """The file of whom people have blocked."""

    busy_timeout_ms: int = Field(
        default=2_000,
        ge=1,
        description="How long to wait for another process that is writing, ms. Over: "
        "BLOCKS_UNAVAILABLE.",
    )
    waiting_max: int = Field(
        default=4_096,
        ge=1,
        description="Reads and writes that may wait for the disk. Full: BLOCKS_UNAVAILABLE, and a "
        "block that could not be kept holds until its person leaves.",
    )
    per_person_max: int = Field(
        default=256,
        ge=1,
        description="Blocks that are read for a person, the newest. More are kept and not read.",
    )
