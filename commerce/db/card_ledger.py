"""The ledger of the embedded test-card provider: an SQLite file of its own.

It plays an outside service, so it shares neither file nor transaction with the shop, and what was
answered is on the disk: a killed process finds its charges again. All functions block and are
called from the provider's own thread.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from commerce.ports import Charge, ChargeState

BUSY_TIMEOUT_S = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  reference TEXT NOT NULL UNIQUE,
  challenge_id TEXT,
  instructions TEXT,
  code TEXT,
  message TEXT
) STRICT
"""

_REFUNDS = """
CREATE TABLE IF NOT EXISTS refunds (
  key TEXT PRIMARY KEY,
  charge_key TEXT NOT NULL REFERENCES charges (key),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0)
) STRICT
"""

_COLUMNS = (
    "key, state, amount_minor, currency, reference, challenge_id, instructions, code, message"
)


class CardLedger:
    """Charges by key. A charge is written once; afterwards only its state moves on."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)
        self._connection.execute(_REFUNDS)

    def together(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do all of these in one transaction, or nothing of it. Raises sqlite3.Error.

        One alone needs none: each statement is one, and others who share the file wait less.
        """
        if len(works) == 1:
            return [works[0]()]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work() for work in works]
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return results

    def get(self, key: str) -> Charge | None:
        """The charge of this key."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM charges WHERE key = ?",  # noqa: S608
            (key,),
        ).fetchone()
        return None if row is None else _charge(row)

    def put(self, charge: Charge) -> Charge:
        """Write a charge unless its key has one; the charge that is there now."""
        self._connection.execute(
            f"INSERT INTO charges ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
            "ON CONFLICT (key) DO NOTHING",
            (
                charge.key,
                charge.state,
                charge.amount_minor,
                charge.currency,
                charge.reference,
                charge.challenge_id,
                charge.instructions,
                charge.code,
                charge.message,
            ),
        )
        found = self.get(charge.key)
        return charge if found is None else found

    def begin(self, charge: Charge, *, arrives: bool) -> tuple[Charge | None, Charge | None]:
        """The charge that its key had before; if none, the new one, when it `arrives`."""
        known = self.get(charge.key)
        if known is not None or not arrives:
            return known, None
        return None, self.put(charge)

    def capture(self, key: str, amount_minor: int | None) -> tuple[Charge | None, Charge | None]:
        """Capture an authorised charge, or only so much of it: as it was before, and as it is."""
        known = self.get(key)
        if amount_minor is not None:
            self.take(key, amount_minor)
        return known, self.move(key, (ChargeState.AUTHORISED,), ChargeState.CAPTURED)

    def move(
        self,
        key: str,
        before: tuple[ChargeState, ...],
        after: ChargeState,
        code: str | None = None,
        message: str | None = None,
    ) -> Charge | None:
        """Move a charge on if it is in one of the states `before`; the charge as it is then."""
        marks = ", ".join("?" * len(before))
        self._connection.execute(
            "UPDATE charges SET state = ?, code = ?, message = ? "  # noqa: S608
            f"WHERE key = ? AND state IN ({marks})",
            (after, code, message, key, *before),
        )
        return self.get(key)

    def captured(self) -> dict[str, tuple[int, str]]:
        """All captured charges: amount and currency by key."""
        rows = self._connection.execute(
            "SELECT key, amount_minor, currency FROM charges WHERE state = ?",
            (ChargeState.CAPTURED,),
        )
        return {key: (amount_minor, currency) for key, amount_minor, currency in rows}

    def refund(self, key: str, charge_key: str, amount_minor: int) -> int | None:
        """Give back a part of a captured charge, once for a key; the amount of the refund that is
        there now, None when so much is not left."""
        self._connection.execute(
            "INSERT INTO refunds (key, charge_key, amount_minor) "
            "SELECT ?, key, ? FROM charges WHERE key = ? AND state = ? AND amount_minor - ? >= "
            "(SELECT COALESCE(SUM(amount_minor), 0) FROM refunds WHERE charge_key = charges.key) "
            "ON CONFLICT (key) DO NOTHING",
            (key, amount_minor, charge_key, ChargeState.CAPTURED, amount_minor),
        )
        row = self._connection.execute(
            "SELECT amount_minor FROM refunds WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else int(row[0])

    def take(self, key: str, amount_minor: int) -> None:
        """A charge is captured in part only: the rest is not asked for any more."""
        self._connection.execute(
            "UPDATE charges SET amount_minor = ? WHERE key = ? AND state = ? AND amount_minor > ?",
            (amount_minor, key, ChargeState.AUTHORISED, amount_minor),
        )

    def refunded(self) -> dict[str, int]:
        """All refunds: amount by key."""
        rows = self._connection.execute("SELECT key, amount_minor FROM refunds")
        return dict(rows.fetchall())

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _charge(
    row: tuple[str, str, int, str, str, str | None, str | None, str | None, str | None],
) -> Charge:
    key, state, amount_minor, currency, reference, challenge_id, instructions, code, message = row
    return Charge(
        key=key,
        state=ChargeState(state),
        amount_minor=amount_minor,
        currency=currency,
        reference=reference,
        challenge_id=challenge_id,
        instructions=instructions,
        code=code,
        message=message,
    )
