"""Ranked lists as files: one JSON object a line, {"q": id, "ranked": [items, best first]}."""

import contextlib
import gzip
import json
from collections.abc import Iterable
from pathlib import Path


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
