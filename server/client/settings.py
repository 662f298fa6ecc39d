"""What a client can be told, with limits and what happens at them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Times in ms.

    * Acknowledge after so many events, or at the next pulse.
    * Ask for the time at every pulse until the clock has `clock_quick_samples`, then every
      `clock_interval_ms`. Silence over `silence_max_ms` counts as a dropped connection.
    * Reconnect after `retry_first_ms`, then twice as long each time up to `retry_max_ms`, with
      jitter, for at most `retry_total_ms`; then the client closes with GAVE_UP.
    * Requests: `pending_max` may wait for their answers (one more: BUSY), each for
      `request_timeout_ms` (TIMED_OUT).
    * An event stream keeps `event_queue_max` events for a slow reader (then EVENTS_MISSED).
    * Poses are left out above `pose_buffer_max_bytes` unsent; the next one is newer anyway.
    * Frames over `max_frame_bytes` end the connection. A room's whole state is some 100 kB.
    * `latencies_kept` newest durations of requests are kept for statistics.
    """

    pulse_ms: int = 250
    ack_after_events: int = 16
    clock_quick_samples: int = 5
    clock_interval_ms: int = 5_000
    silence_max_ms: int = 20_000
    connect_timeout_ms: int = 10_000
    retry_first_ms: int = 100
    retry_max_ms: int = 5_000
    retry_total_ms: int = 60_000
    request_timeout_ms: int = 30_000
    pending_max: int = 256
    event_queue_max: int = 4_096
    pose_buffer_max_bytes: int = 4_096
    max_frame_bytes: int = 4 * 1024 * 1024
    latencies_kept: int = 10_000
