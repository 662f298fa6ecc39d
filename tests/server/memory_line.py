"""A line of a connection that keeps what is written, and a wire of a session that does nothing."""

from dataclasses import dataclass, field


@dataclass
class MemoryLine:
    """A line into memory; `unsent` is what the peer has not read."""

    written: list[bytes] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    unsent: int = 0

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def write_latest(self, data: bytes) -> bool:
        if self.keeps_up():
            self.written.append(data)
        return self.keeps_up()

    def read_now(self) -> None:
        pass

    def read_at_once(self) -> None:
        pass

    def keeps_up(self) -> bool:
        return not self.unsent

    def unsent_bytes(self) -> int:
        return self.unsent

    def close(self, code: int, reason: str) -> None:
        self.closed.append(code)
        self.reasons.append(reason)


class QuietWire:
    """What a wire does that a session never asks for in a test about events."""

    def skip_poses(self) -> None:
        pass

    def refused(self, now_ms: int) -> None:
        pass

    def read_now(self) -> None:
        pass

    def read_at_once(self) -> None:
        pass

    def keeps_up(self) -> bool:
        return True
