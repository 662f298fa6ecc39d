"""Shares of a checkout, as rows: who pays how much when several do."""

from collections.abc import Mapping
from dataclasses import dataclass

from commerce.db.statement import Statement
from commerce.db.unit import Unit

_FORGET = Statement("DELETE FROM checkout_shares WHERE checkout_id = ?")
_DIVIDE = Statement(
    """INSERT INTO checkout_shares (checkout_id, person_id, position, amount_minor)
    VALUES (?, ?, ?, ?)"""
)
_COVER = Statement(
    "UPDATE checkout_shares SET covered_by = ? WHERE checkout_id = ? AND person_id = ?"
)


@dataclass(frozen=True, slots=True)
class Share:
    """The part of one person, which `covered_by` pays when somebody does."""

    person_id: str
    amount_minor: int
    covered_by: str | None

    @property
    def payer_id(self) -> str:
        """Who pays it."""
        return self.covered_by or self.person_id


def replace(unit: Unit, checkout_id: str, parts: Mapping[str, int]) -> None:
    """Divide a checkout anew; without parts one person pays all."""
    unit.run(_FORGET, checkout_id)
    unit.run_many(
        _DIVIDE,
        [
            (checkout_id, person_id, position, amount_minor)
            for position, (person_id, amount_minor) in enumerate(parts.items())
        ],
    )


def cover(unit: Unit, checkout_id: str, person_id: str, covered_by: str | None) -> None:
    """Somebody else pays the share of this person; None: they pay themselves."""
    _COVER.run(unit.connection, covered_by, checkout_id, person_id)
