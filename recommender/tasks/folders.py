"""Readers of the data folders. There is none for answers: what is not read cannot leak.

Every file is a gzipped CSV with a header, or gzipped JSON lines. Everybody in the training data is
ranked for, so the tasks for people need no list of questions; sessions bring theirs in a file
without answers.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recommender.errors import RecommenderError
from recommender.events import EventTable, Ints, Reals
from recommender.interactions import Signal
from recommender.weighting import SIGNAL_NUMBER

SIGNAL_OF_TYPE = {
    "view": SIGNAL_NUMBER[Signal.INSPECT],
    "cart": SIGNAL_NUMBER[Signal.ADD],
    "buy": SIGNAL_NUMBER[Signal.BUY],
}
STRENGTH_OF_TYPE = {"view": 0.25, "cart": 0.7, "buy": 1.0}

TYPE_CODES = tuple(SIGNAL_OF_TYPE)


class DataError(RecommenderError):
    """A data folder is not as its README says; `data` has `file` and, where known, `line`."""

    default_code = "recommender_data_invalid"


@dataclass(frozen=True, slots=True)
class Folder:
    """Events with the ids that people and products have in the files."""

    events: EventTable
    people: tuple[str, ...]
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goods:
    """Products with their names, and which are without history on purpose, bool (products,)."""

    products: tuple[str, ...]
    names: tuple[str, ...]
    cold: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"


@dataclass(frozen=True, slots=True)
class Query:
    """A session so far, to be continued. `prefix` has product positions, types and times (ms)."""

    name: str
    person: str
    session: str
    products: tuple[int, ...]
    kinds: tuple[str, ...]
    times_ms: tuple[int, ...]


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    f"{path.name} lacks the columns {', '.join(sorted(missing))}.",
                    data={"file": path.name},
                )
            for number, row in enumerate(reader, start=2):
                if any(row[column] is None for column in columns):
                    raise DataError(
                        f"Line {number} of {path.name} is cut short.",
                        data={"file": path.name, "line": number},
                    )
                yield row
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path.name} cannot be read: {error}.",
            code="recommender_data_missing" if isinstance(error, FileNotFoundError) else None,
            data={"file": path.name},
        ) from error


def _number(text: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(f"{path.name} has {text!r} for a number.", data={"file": path.name})
    return value


def _table(
    rows: list[tuple[int, int, int, str, int, float, float]], people: int, products: int
) -> EventTable:
    rows.sort(key=lambda row: row[4])
    person, product, session, kind, occurred_ms, quantity, price = (
        zip(*rows, strict=True) if rows else [()] * 7
    )
    places: Ints = np.array(product, dtype=np.int64)
    prices: Reals = np.zeros(products)
    counts = np.maximum(np.bincount(places, minlength=products), 1)
    prices = np.bincount(places, np.array(price, dtype=float), products) / counts
    return EventTable(
        person=np.array(person, dtype=np.int64),
        product=places,
        session=np.array(session, dtype=np.int64),
        signal=np.array([SIGNAL_OF_TYPE[each] for each in kind], dtype=np.int64),
        strength=np.array([STRENGTH_OF_TYPE[each] for each in kind], dtype=np.float64),
        occurred_ms=np.array(occurred_ms, dtype=np.int64),
        quantity=np.array(quantity, dtype=np.float64),
        price=prices,
        people=people,
        products=products,
    )


def read_goods(path: Path) -> Goods:
    """An `items.csv.gz`; names and cold marks are optional columns.

    Raises:
        DataError: it is missing or not as said.
    """
    rows = list(_rows(path, ("item",)))
    return Goods(
        products=tuple(row["item"] for row in rows),
        names=tuple(row.get("name") or "" for row in rows),
        cold=np.array([row.get("cold") == "1" for row in rows], dtype=np.bool_),
    )


def _position(item: str, position: dict[str, int], path: Path) -> int:
    if item not in position:
        raise DataError(
            f"{path.name} has item {item!r}, which items.csv.gz has not.",
            data={"file": path.name, "item": item},
        )
    return position[item]


def read_baskets(path: Path, goods: Goods) -> Folder:
    """Purchases: user,basket,ts,item,qty,price with ts as "YYYY-MM-DD HH:MM:SS" (UTC).

    Raises:
        DataError: it is missing or not as said.
    """
    position = {item: place for place, item in enumerate(goods.products)}
    people: dict[str, int] = {}
    sessions: dict[tuple[str, str], int] = {}
    rows = []
    for row in _rows(path, ("user", "basket", "ts", "item", "qty", "price")):
        try:
            moment = datetime.strptime(row["ts"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise DataError(f"{path.name}: {error}.", data={"file": path.name}) from error
        rows.append(
            (
                people.setdefault(row["user"], len(people)),
                _position(row["item"], position, path),
                sessions.setdefault((row["user"], row["basket"]), len(sessions)),
                "buy",
                int(moment.timestamp()) * 1_000,
                max(0.0, _number(row["qty"], path)),
                max(0.0, _number(row["price"], path)),
            )
        )
    return Folder(_table(rows, len(people), len(position)), tuple(people), goods.products)


def read_visits(path: Path, goods: Goods) -> Folder:
    """Visits: user,session,item,type,ts with type view, cart or buy and ts in seconds.

    Raises:
        DataError: it is missing or not as said.
    """
    position = {item: place for place, item in enumerate(goods.products)}
    people: dict[str, int] = {}
    sessions: dict[tuple[str, str], int] = {}
    rows = []
    for row in _rows(path, ("user", "session", "item", "type", "ts")):
        if row["type"] not in SIGNAL_OF_TYPE:
            raise DataError(f"{path.name} has the type {row['type']!r}.", data={"file": path.name})
        rows.append(
            (
                people.setdefault(row["user"], len(people)),
                _position(row["item"], position, path),
                sessions.setdefault((row["user"], row["session"]), len(sessions)),
                row["type"],
                int(_number(row["ts"], path) * 1_000),
                1.0,
                0.0,
            )
        )
    return Folder(_table(rows, len(people), len(position)), tuple(people), goods.products)


def read_queries(path: Path, goods: Goods) -> list[Query]:
    """Sessions to be continued: {"q", "user", "session", "prefix": [[item, type, ts], ...]}.

    Raises:
        DataError: it is missing or not as said.
    """
    position = {item: place for place, item in enumerate(goods.products)}
    found = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if not line.strip():
                    continue
                row = json.loads(line)
                prefix = [
                    (_position(str(item), position, path), SIGNAL_OF_TYPE[kind], kind, int(ts))
                    for item, kind, ts in row["prefix"]
                ]
                found.append(
                    Query(
                        str(row["q"]),
                        str(row.get("user", "")),
                        str(row.get("session", "")),
                        tuple(each[0] for each in prefix),
                        tuple(each[2] for each in prefix),
                        tuple(each[3] * 1_000 for each in prefix),
                    )
                )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} cannot be read: {error}.", data={"file": path.name}
        ) from error
    return found
