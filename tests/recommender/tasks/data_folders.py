"""Small data folders in the files' own formats, made up; and the place of the real ones."""

import csv
import gzip
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

DATA_VARIABLE = "GALLERIA_TEST_DATA"
"""Environment variable: the folder that holds or/, rr/ and group/ of recorded behaviour."""

MISSING = f"Set {DATA_VARIABLE} to the folder that holds or/, rr/ and group/."

FIRST_DAY = datetime(2024, 1, 1, 9, tzinfo=UTC)


def real_data() -> Path | None:
    """The folder of the real data, or None."""
    place = os.environ.get(DATA_VARIABLE)
    return Path(place) if place and Path(place, "or", "train.csv.gz").exists() else None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def write_lines(path: Path, lines: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def baskets(folder: Path, people: int = 24, products: int = 40, days: int = 220) -> None:
    """A gift shop of two tastes; the last tenth of the products is cold, with rows all the same."""
    random = np.random.default_rng(4)
    cold = {product for product in range(products) if product >= products * 9 // 10}
    names = ["garden lamp" if product % 2 == 0 else "kitchen spoon" for product in range(products)]
    items = [(f"i{p}", f"{names[p]} {p}", int(p in cold)) for p in range(products)]
    write_rows(folder / "or" / "items.csv.gz", ("item", "name", "cold"), items)
    rows, later = [], []
    for person in range(people):
        for day in range(person % 9, days + 20, 9):
            moment = FIRST_DAY + timedelta(days=day)
            bought = random.choice(np.arange(person % 2, products, 2), 3, replace=False)
            if day >= days:
                later.append({"q": f"u{person}", "truth": [f"i{p}" for p in bought.tolist()]})
                break
            rows += [
                (f"u{person}", f"b{person}-{day}", f"{moment:%Y-%m-%d %H:%M:%S}", f"i{p}", 2, 1.5)
                for p in bought.tolist()
            ]
    write_rows(
        folder / "or" / "train.csv.gz", ("user", "basket", "ts", "item", "qty", "price"), rows
    )
    for name in ("all", "new", "cold"):
        write_lines(folder / "or" / f"truth_{name}.jsonl.gz", later)


VISIT_COLUMNS = ("user", "session", "item", "type", "ts")


def visits(folder: Path, people: int = 30, products: int = 30) -> None:
    """A shop where people look at i, i + 1, i + 2 and put the last in the cart, in some visits."""
    random = np.random.default_rng(6)
    write_rows(folder / "rr" / "items.csv.gz", ("item",), [(p,) for p in range(products)])
    train: list[tuple[object, ...]] = []
    session = 0
    for person in range(people):
        for day in range(person % 5, 60, 10):
            begins = int((FIRST_DAY + timedelta(days=day)).timestamp())
            first = int(random.integers(0, products - 3))
            train += [
                (person, session, first + step, "view", begins + 60 * step) for step in range(3)
            ]
            train.append((person, session, first + 2, "cart", begins + 200))
            session += 1
    train.sort(key=lambda row: int(str(row[4])))
    for name in ("t1_train", "t2_train"):
        write_rows(folder / "rr" / f"{name}.csv.gz", VISIT_COLUMNS, train)
    late = int((FIRST_DAY + timedelta(days=70)).timestamp())
    write_rows(folder / "rr" / "t2_stream.csv.gz", VISIT_COLUMNS, [(1, 9_000, 7, "view", late + 9)])
    queries = [
        {"q": "9001:1", "user": 1, "session": 9_001, "prefix": [[4, "view", late]]},
        {"q": "9001:2", "user": 1, "session": 9_001,
         "prefix": [[4, "view", late], [5, "view", late + 5]]},
    ]  # fmt: skip
    write_lines(folder / "rr" / "t2_queries.jsonl.gz", queries)
    write_lines(
        folder / "rr" / "t2_truth.jsonl.gz",
        [{"q": "9001:1", "truth": [5]}, {"q": "9001:2", "truth": [6]}],
    )
    write_lines(folder / "rr" / "t1_truth.jsonl.gz", [{"q": "3", "truth": [7, 8]}])
