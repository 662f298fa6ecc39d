"""Drops and the places of their lines, as rows. Who changes a line locks its drop first."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection

from commerce.db.statement import Statement, json_list
from commerce.db.unit import Unit
from commerce.waiting_line import Drop, Inside, Place

_OPEN = Statement(
    """INSERT INTO drops (sku, admitted_max, admission_ttl_ms, opened_ms, admitted, next_number)
    VALUES (?, ?, ?, ?, 0, 1)
    ON CONFLICT (sku) DO UPDATE SET admitted_max = excluded.admitted_max,
    admission_ttl_ms = excluded.admission_ttl_ms"""
)
_FIND = Statement(
    """SELECT sku, admitted_max, admission_ttl_ms, opened_ms, admitted FROM drops WHERE sku = ?
    LOCKED"""
)
_ALL = Statement("SELECT sku FROM drops ORDER BY sku")
_AMONG = Statement("SELECT sku FROM drops WHERE sku IN (LIST ?)")
_CLOSE = Statement("DELETE FROM drops WHERE sku = ?")
_EMPTY = Statement("DELETE FROM drop_places WHERE sku = ?")
_AROUND = Statement(
    """SELECT person_id, party_id, number, network, admitted_until_ms FROM drop_places
    WHERE sku = ? AND person_id = ?
    UNION SELECT person_id, party_id, number, network, admitted_until_ms FROM drop_places
    WHERE sku = ? AND party_id = ?
    UNION SELECT person_id, party_id, number, network, admitted_until_ms FROM drop_places
    WHERE sku = ? AND network = ? AND ? <> '' ORDER BY number, person_id"""
)
_FRONT = Statement(
    """SELECT person_id, party_id, number, network, admitted_until_ms FROM drop_places
    WHERE sku = ? AND admitted_until_ms IS NULL AND number <= (SELECT MAX(number) FROM (
        SELECT DISTINCT number FROM drop_places WHERE sku = ? AND admitted_until_ms IS NULL
        ORDER BY number LIMIT ?) AS parties)
    ORDER BY number, person_id"""
)
_INSIDE = Statement(
    """SELECT COUNT(*), COUNT(DISTINCT number) FROM drop_places
    WHERE sku = ? AND admitted_until_ms > ?"""
)
_WAITING = Statement("SELECT COUNT(*) FROM drop_places WHERE sku = ? AND admitted_until_ms IS NULL")
_STANDING = Statement(
    """SELECT p.person_id, p.party_id, p.number, p.network, p.admitted_until_ms,
    CASE WHEN p.admitted_until_ms IS NULL THEN (
        SELECT COUNT(*) FROM drop_places AS o
        WHERE o.sku = p.sku AND o.admitted_until_ms IS NULL AND o.number < p.number) ELSE 0 END
    FROM drop_places AS p WHERE p.sku = ? AND p.person_id IN (LIST ?)"""
)
_END_OVERDUE = Statement("DELETE FROM drop_places WHERE sku = ? AND admitted_until_ms <= ?")
_END = Statement(
    """DELETE FROM drop_places WHERE admitted_until_ms IS NOT NULL
    AND (sku, person_id) IN (SELECT FIELD 0, FIELD 1 FROM LIST ?)"""
)
_ADMITTED = Statement(
    """SELECT sku, person_id FROM drop_places
    WHERE sku IN (LIST ?) AND person_id IN (LIST ?) AND admitted_until_ms > ?"""
)
_NEXT_NUMBER = Statement("SELECT next_number FROM drops WHERE sku = ?")
_COUNT_UP = Statement("UPDATE drops SET next_number = next_number + 1 WHERE sku = ?")
_JOIN = Statement(
    """INSERT INTO drop_places (sku, person_id, party_id, number, network, admitted_until_ms)
    VALUES (?, ?, ?, ?, ?, ?)"""
)
_LEAVE = Statement("DELETE FROM drop_places WHERE sku = ? AND person_id = ?")
_ADMIT = Statement("UPDATE drop_places SET admitted_until_ms = ? WHERE sku = ? AND person_id = ?")
_COUNT_ADMITTED = Statement("UPDATE drops SET admitted = admitted + ? WHERE sku = ?")


def open_drop(unit: Unit, sku: str, admitted_max: int, admission_ttl_ms: int) -> None:
    """Let nobody hold this SKU who was not admitted; an open drop gets these rules."""
    _OPEN.run(unit.connection, sku, admitted_max, admission_ttl_ms, unit.now_ms)


def close_drop(unit: Unit, sku: str) -> None:
    """Send the line home; everybody can hold the SKU again."""
    _EMPTY.run(unit.connection, sku)
    _CLOSE.run(unit.connection, sku)


def find(connection: Connection, sku: str) -> Drop | None:
    """An open drop, locked if it may be changed."""
    for row in _FIND.rows(connection, sku):
        return Drop(*row)
    return None


def open_skus(connection: Connection) -> list[str]:
    """The SKUs of all open drops."""
    return [row[0] for row in _ALL.rows(connection)]


def around(connection: Connection, sku: str, newcomer: Place) -> list[Place]:
    """The places of whoever joins, of their party and of their network, in the order of the
    line."""
    own, party, network = newcomer.person_id, newcomer.party_id, newcomer.network
    asked = (sku, own, sku, party, sku, network, network)
    return [Place(*row) for row in _AROUND.rows(connection, *asked)]


def front(connection: Connection, sku: str, parties: int) -> list[Place]:
    """Who waits at the front: so many parties, whole ones, in the order of the line."""
    if parties <= 0:
        return []
    return [Place(*row) for row in _FRONT.rows(connection, sku, sku, parties)]


def inside(connection: Connection, sku: str, now_ms: int) -> Inside:
    """How many are let in just now."""
    return Inside(*_INSIDE.rows(connection, sku, now_ms)[0])


def waiting(connection: Connection, sku: str) -> int:
    """How many people wait."""
    return int(_WAITING.rows(connection, sku)[0][0])


def standing(
    connection: Connection, sku: str, people: Collection[str]
) -> dict[str, tuple[Place, int]]:
    """The places of those of these people who have one, and how many people wait before them."""
    found = _STANDING.rows(connection, sku, json_list(people))
    return {row[0]: (Place(*row[:5]), row[5]) for row in found}


def admitted(
    connection: Connection, skus: Collection[str], people: Collection[str], now_ms: int
) -> dict[str, set[str]]:
    """For each of these SKUs that has a line: who of these people can hold it."""
    found: dict[str, set[str]] = {row[0]: set() for row in _AMONG.rows(connection, json_list(skus))}
    if found:
        for sku, person_id in _ADMITTED.rows(
            connection, json_list(sorted(found)), json_list(people), now_ms
        ):
            found[sku].add(person_id)
    return found


def next_number(connection: Connection, sku: str) -> int:
    """The number of the place that the next newcomer gets."""
    ((number,),) = _NEXT_NUMBER.rows(connection, sku)
    return int(number)


def take(unit: Unit, sku: str, place: Place, *, new_number: bool) -> None:
    """Write a new place."""
    _JOIN.run(
        unit.connection,
        sku,
        place.person_id,
        place.party_id,
        place.number,
        place.network,
        place.admitted_until_ms,
    )
    if new_number:
        _COUNT_UP.run(unit.connection, sku)


def leave(unit: Unit, sku: str, person_id: str) -> None:
    """Give up somebody's place."""
    _LEAVE.run(unit.connection, sku, person_id)


def end_overdue(unit: Unit, sku: str) -> int:
    """Those leave whose admission is over; how many."""
    return _END_OVERDUE.run(unit.connection, sku, unit.now_ms)


def end_admissions(unit: Unit, bought: Iterable[tuple[str, str]]) -> None:
    """Those leave who were let in for a SKU and have bought it, told by SKU and person."""
    unit.run(_END, json_list(sorted(bought)))


def admit(unit: Unit, sku: str, let_in: Sequence[Place]) -> None:
    """Write down who was let in."""
    _ADMIT.run_many(
        unit.connection, [(place.admitted_until_ms, sku, place.person_id) for place in let_in]
    )
    _COUNT_ADMITTED.run(unit.connection, len(let_in), sku)
