"""What the supervisor tells a worker at its start."""

import json
from dataclasses import asdict, dataclass
from typing import Self

FIRST_WORKER = 1
"""It fits the recommender's models; the others take what it has fitted."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker is told at its start. Descriptors: the shared port, the channel, the door that
    it reads, and those of the others by their number."""

    worker: int
    workers: int
    host: str
    port: int
    port_descriptor: int
    channel_descriptor: int
    door_descriptor: int
    door_descriptors: dict[str, int]

    def as_json(self) -> str:
        """For the command line of the worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of `as_json`."""
        return cls(**json.loads(text))

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that have to be left open for the worker."""
        own = (self.port_descriptor, self.channel_descriptor, self.door_descriptor)
        return (*own, *self.door_descriptors.values())
