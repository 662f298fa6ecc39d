"""What the line of a drop tells, out of the outbox."""

from dataclasses import dataclass

from commerce.events import KINDS, CommerceEvent


@dataclass(frozen=True, slots=True)
class LineMoved(CommerceEvent):
    """The line of a SKU moved: whoever stands in it may look where they stand now.

    `person_ids` were let in just now, until `admitted_until_ms`; `waiting` are still in line.
    """

    sku: str
    person_ids: tuple[str, ...]
    admitted_until_ms: int | None
    waiting: int

    def __post_init__(self) -> None:
        """From the outbox it comes as a list."""
        object.__setattr__(self, "person_ids", tuple(self.person_ids))


KINDS[LineMoved.__name__] = LineMoved
