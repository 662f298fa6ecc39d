"""A line of a connection that keeps what is written."""

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
