"""Ranked lists as files: one JSON object a line, {"q": id, "ranked": [items, best first]}."""

import contextlib
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from recommender.tasks.folders import DataError


def write_lists(path: Path, lists: Iterable[tuple[str, list[str]]]) -> int:
    """Write all lists, gzipped when the name ends in ".gz". Returns how many there were.

    The file appears whole or not at all, and the same lists give the same bytes.
    """
    partial = path.with_name(f".{path.name}.partial")
    count = 0
    try:
        with partial.open("wb") as raw, contextlib.ExitStack() as stack:
            write = raw.write
            if path.suffix == ".gz":
                packed = gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0)
                write = stack.enter_context(packed).write
            for name, ranked in lists:
                line = json.dumps({"q": name, "ranked": ranked}, ensure_ascii=False)
                write(line.encode() + b"\n")
                count += 1
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def read_lists(path: Path) -> dict[str, list[str]]:
    """Lists by query, as `write_lists` or any other program wrote them; "user" may stand for "q".

    Raises:
        DataError: the file is missing or not as said.
    """
    try:
        with path.open("rb") as raw, contextlib.ExitStack() as stack:
            lines = stack.enter_context(gzip.open(raw)) if path.suffix == ".gz" else raw
            rows = [json.loads(line) for line in lines if line.strip()]
        return {str(row["q"] if "q" in row else row["user"]): _items(row) for row in rows}
    except FileNotFoundError as error:
        raise DataError(
            f"There is no file {path}.",
            code="recommender_data_missing",
            data={"file": path.name},
        ) from error
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} is no file of ranked lists, which has one "
            f'{{"q": query, "ranked": [items]}} a line: {error!r}.',
            data={"file": path.name},
        ) from error


def _items(row: Mapping[str, object]) -> list[str]:
    ranked = row["ranked"]
    if not isinstance(ranked, list):
        raise TypeError("ranked must be a list")
    return [str(item) for item in ranked]
