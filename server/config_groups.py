"""The server's own groups of settings. Each says its unit, its reason and what happens when full.

Rooms, commerce and recommender bring settings of their own; `server.config` joins them all.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
TICK_RATE_MIN_HZ, TICK_RATE_MAX_HZ = 10, 60
KIB = 1_024
MIB = 1_024 * KIB


class Group(BaseModel):
    """A group of settings: never changed after the start; an unknown name is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ListenSettings(Group):
    """The one port."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; 0.0.0.0 or :: for all. By default this machine only.",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="TCP port; 0: any free one.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+$",
        description="How clients reach the server when a proxy stands before it, such as "
        "https://shop.example. Unset: the address they asked for.",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Web origins besides our own whose pages may use the API and the game socket. "
        "Clients that are no browsers send no origin and are let in.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses of proxies whose X-Forwarded-For and -Proto are believed. "
        "Empty: none, so nobody can lie about their address.",
    )
    tls_certificate_file: Path | None = Field(
        default=None,
        description="PEM file of a certificate and its chain. Set: the port speaks TLS, and game "
        "sockets take the ordinary lane, a little dearer. With several workers TLS ends in the "
        "proxy.",
    )
    tls_key_file: Path | None = Field(
        default=None, description="PEM file of the certificate's private key."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file must be set together")
        return self


class LogSettings(Group):
    """What is written to the standard error stream."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is written."
    )
    json_lines: bool = Field(
        default=False,
        description="One JSON object a line, for log collectors; else lines for people.",
    )


class RealtimeSettings(Group):
    """Game connections, sessions and the beat of the rooms."""

    tick_rate_hz: int = Field(
        default=20,
        ge=TICK_RATE_MIN_HZ,
        le=TICK_RATE_MAX_HZ,
        description="Pose ticks a second of rooms whose layout.toml does not say otherwise.",
    )
    beat_ms: int = Field(
        default=10,
        ge=1,
        le=50,
        description="Between two beats, and two looks at sockets that have more than a pose, ms: "
        "a grab is answered in it.",
    )
    beat_places: int = Field(
        default=200,
        ge=1,
        le=65_535,
        description="Places in the rooms that beat together. More: they are spread over the tick.",
    )
    connections_max: int = Field(
        default=2_000,
        ge=1,
        le=60_000,
        description="Open game sockets. Full: SERVER_FULL, try again later.",
    )
    avatars_max: int = Field(
        default=4_096, ge=1, le=65_535, description="Avatar ids of the process. Full: ROOM_FULL."
    )
    room_inbox_max: int = Field(
        default=4_096,
        ge=16,
        description="Commands waiting for a room's step. Full: the newcomer gets BUSY.",
    )
    hello_timeout_ms: int = Field(
        default=5 * SECOND_MS,
        ge=100,
        description="From connecting to Hello, ms. Over: closed with 4001.",
    )
    ping_interval_ms: int = Field(
        default=15 * SECOND_MS,
        ge=500,
        description="Between pings, ms: below the patience of proxies (30 s).",
    )
    idle_timeout_ms: int = Field(
        default=25 * SECOND_MS,
        ge=1_000,
        description="Silence until a connection counts as lost, ms (4008).",
    )
    max_frame_bytes: int = Field(
        default=4 * KIB,
        ge=256,
        le=MIB,
        description="Largest frame taken from a client, bytes. Over: 4009.",
    )
    reliable_queue_max: int = Field(
        default=1_024,
        ge=16,
        description="Events kept for a client until acknowledged. Full: detached (4005).",
    )
    reliable_queue_max_bytes: int = Field(
        default=MIB,
        ge=16 * KIB,
        description="The same in bytes; together they bound memory per session.",
    )
    fast_lane: bool = Field(
        default=True,
        description="Read plain game sockets at the beat instead of waking for each message. TLS "
        "that ends in this process always takes the ordinary lane.",
    )
    send_buffer_bytes: int = Field(
        default=64 * KIB,
        ge=8 * KIB,
        le=4 * MIB,
        description="What the kernel keeps for a client that reads slowly, bytes. Full: no poses "
        "until it has read; the newest counts.",
    )
    write_buffer_max_bytes: int = Field(
        default=64 * KIB,
        ge=4 * KIB,
        description="Events that wait behind that, bytes, above which a client counts as slow.",
    )
    slow_close_ms: int = Field(
        default=10 * SECOND_MS,
        ge=500,
        description="So long slow, without a second of keeping up: detached (4005), may resume, "
        "ms.",
    )
    poses_per_second: float = Field(
        default=60,
        gt=0,
        description="Poses taken of one client a second. Over: TOO_FAST, then 4004.",
    )
    poses_burst: int = Field(
        default=90, ge=1, description="Poses that may come at once after a pause."
    )
    requests_per_second: float = Field(
        default=30,
        gt=0,
        description="Other messages taken of one client a second. Over: TOO_FAST, then 4004.",
    )
    requests_burst: int = Field(
        default=60, ge=1, description="Messages that may come at once after a pause."
    )
    bytes_per_second: float = Field(
        default=32 * KIB,
        gt=0,
        description="Bytes taken of one client a second. Over: TOO_FAST, then 4004.",
    )
    bytes_burst: int = Field(default=64 * KIB, ge=KIB, description="Bytes that may come at once.")
    too_fast_max: int = Field(
        default=400,
        ge=1,
        description="Messages over the rates in one window. Over: closed with 4004.",
    )
    error_budget: int = Field(
        default=20, ge=1, description="Bad frames answered in one window. Over: closed with 4000."
    )
    error_window_ms: int = Field(default=10 * SECOND_MS, ge=100, description="That window, ms.")
    refusals_max: int = Field(
        default=200, ge=1, description="Refused requests in one window. Over: closed with 4004."
    )
    sessions_max: int = Field(
        default=8_000, ge=1, description="Sessions, detached ones included. Full: SERVER_FULL."
    )
    seat_reservation_ms: int = Field(
        default=15 * SECOND_MS,
        ge=500,
        description="From POST /seats to Join, ms; then the seat is free again.",
    )
    reservations_max: int = Field(
        default=10_000,
        ge=1,
        description="Seats reserved at a time. Full: BUSY; nothing is thrown out.",
    )
    invite_ttl_ms: int = Field(
        default=DAY_MS, ge=SECOND_MS, description="Life of an invite code, ms."
    )
    invite_uses: int = Field(
        default=32, ge=1, description="How often one invite code opens the door."
    )
    invites_max: int = Field(default=10_000, ge=1, description="Open invites. Full: BUSY.")
    effects_in_flight_max: int = Field(
        default=512,
        ge=1,
        description="Calls of rooms into commerce at a time. Full: BUSY for the shopper.",
    )
    recommendations: int = Field(
        default=8, ge=1, le=20, description="Products in one recommendation list."
    )
    display_places: int = Field(
        default=6,
        ge=0,
        le=12,
        description="Places of the shelf that fills itself for each party of two or more. How much "
        "a place counts falls with its number, as far as lists have shown it to. 0: no shelf.",
    )
    drain_timeout_ms: int = Field(
        default=5 * SECOND_MS,
        ge=0,
        description="At the end: time for clients to go before sockets close, ms.",
    )
    parking_ttl_ms: int = Field(
        default=5 * MINUTE_MS,
        ge=0,
        description="After a polite stop rooms and sessions wait so long for the next start, ms; "
        "then clients begin afresh. 0: they always do.",
    )
    tick_stall_ms: int = Field(
        default=2 * SECOND_MS,
        ge=100,
        description="Age of the last beat at which /readyz says no, ms.",
    )
    journal_enabled: bool = Field(
        default=True, description="Record rooms, so that a bug can be replayed."
    )
    journal_max_bytes: int = Field(
        default=512 * MIB,
        ge=MIB,
        description="Size of one recording. Full: that recording stops; rooms go on.",
    )
    journals_kept: int = Field(
        default=20, ge=1, description="Recordings kept. Full: the oldest goes."
    )
    journal_checkpoint_steps: int = Field(
        default=200,
        ge=1,
        description="Steps between two state hashes that a replay is checked against.",
    )
    journal_flush_ms: int = Field(
        default=SECOND_MS,
        ge=10,
        description="Between writes of recordings, ms; what a power cut can take.",
    )


class WorkerSettings(Group):
    """Rooms over one process or several, and where people are sent."""

    count: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that run rooms. One a core is right; more than one needs a POSIX "
        "system.",
    )
    rooms_max: int = Field(
        default=40,
        ge=1,
        le=1_000,
        description="Rooms of one process. All full: no further copies, and ROOM_FULL for "
        "newcomers.",
    )
    room_linger_ms: int = Field(
        default=MINUTE_MS,
        ge=0,
        description="How long a copy of a room stays open with nobody in it, ms.",
    )
    placement_busy_fraction: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="Share of a process's time that is taken, from which on it gets no further "
        "rooms, and newcomers only when there is no better place. 1: loads do not count.",
    )
    seats_max: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Seats that one POST /seats may reserve together. Over: TOO_MANY_SEATS.",
    )
    report_interval_ms: int = Field(
        default=500,
        ge=50,
        le=10 * SECOND_MS,
        description="Between two reports of a worker's rooms and load to the directory, ms.",
    )
    ask_timeout_ms: int = Field(
        default=2 * SECOND_MS,
        ge=50,
        description="Time of the directory or of a worker to answer another, ms. Over: BUSY.",
    )
    asks_max: int = Field(
        default=4_096,
        ge=16,
        description="Questions under way between a worker and the directory. Full: BUSY.",
    )
    start_timeout_ms: int = Field(
        default=2 * MINUTE_MS,
        ge=SECOND_MS,
        description="Time of a worker to be ready, ms. Over: it is ended and started again.",
    )
    rejoin_ms: int = Field(
        default=30 * SECOND_MS,
        ge=0,
        description="So long rooms and sockets wait for a worker that ended politely, ms. Over: "
        "its people begin afresh.",
    )
    stall_ms: int = Field(
        default=30 * SECOND_MS,
        ge=SECOND_MS,
        description="Silence of a worker until it is killed and started again, ms.",
    )
    restart_first_ms: int = Field(
        default=250,
        ge=0,
        description="Pause before a worker that died is started again, ms; it doubles each time.",
    )
    restart_max_ms: int = Field(
        default=30 * SECOND_MS, ge=0, description="The longest such pause, ms."
    )
    restart_calm_ms: int = Field(
        default=MINUTE_MS,
        ge=0,
        description="So long at work, and the next pause is the first one again, ms.",
    )
