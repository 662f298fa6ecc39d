"""Limits of one game connection, and what it counts."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of one connection, and of how many there are.

    * Rates are per second with a burst; one pose a tick is always taken. A message over them is
      dropped and answered TOO_FAST; more than `too_fast_max` dropped in `error_window_ms` close the
      connection (4004). Pings, pongs and fragments count as requests, and over that rate close it
      at once.
    * More than `error_budget` bad frames in `error_window_ms` close it (4000), and so do more than
      `refusals_max` requests that were understood and refused (4004): who asks for so much that
      cannot be does not look at the answers.
    * A peer that has not read so much that `send_buffer_bytes` are full gets no poses until it has:
      the next one has it all. Who needs that again and again for `slow_close_ms`, without a second
      in between in which everything was taken, is closed as slow (4005) and may resume; so is who
      has more than `write_buffer_max_bytes` of events waiting for so long.
    * A frame over `max_frame_bytes` closes it (4009), and silence over `idle_timeout_ms` (4008).
    * `trusted_proxies` are believed when they say from where a client comes.
    * Over `connections_max`, newcomers are closed with 4010.
    * When the server stops, a client has at most four fifths of `drain_timeout_ms` to acknowledge
      what it was told; the rest of it is for closing.
    """

    connections_max: int = 2_000
    hello_timeout_ms: int = 5_000
    ping_interval_ms: int = 15_000
    idle_timeout_ms: int = 25_000
    max_frame_bytes: int = 4_096
    send_buffer_bytes: int = 65_536
    write_buffer_max_bytes: int = 65_536
    slow_close_ms: int = 10_000
    poses_per_second: float = 60
    poses_burst: int = 90
    requests_per_second: float = 30
    requests_burst: int = 60
    bytes_per_second: float = 32_768
    bytes_burst: int = 65_536
    error_budget: int = 20
    refusals_max: int = 200
    error_window_ms: int = 10_000
    too_fast_max: int = 400
    drain_timeout_ms: int = 5_000
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()


@dataclass(slots=True)
class Statistics:
    """Counts of one connection, by delivery class for messages and bytes, by code for errors."""

    messages_in: Counter[str] = field(default_factory=Counter)
    bytes_in: Counter[str] = field(default_factory=Counter)
    messages_out: Counter[str] = field(default_factory=Counter)
    bytes_out: Counter[str] = field(default_factory=Counter)
    poses_skipped: int = 0
    errors: Counter[str] = field(default_factory=Counter)
