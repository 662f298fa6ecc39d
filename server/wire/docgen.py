"""Writes everything that is generated from the message table: `python -m server.wire.docgen`.

With `--check` nothing is written; a file that is not current makes the exit status 1.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from server.wire import reference
from server.wire.vectors import bad_vectors, good_vectors

FOLDER = Path(__file__).resolve().parents[2] / "unity-client-protocol"


def _vectors(vectors: Callable[[], list[dict[str, Any]]]) -> str:
    # One vector a line: a change of one message is a change of one line.
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors())
    return f"[\n{lines}\n]\n"


FILES: dict[str, Callable[[], str]] = {
    "MESSAGES.md": reference.messages_markdown,
    "protocol.json": reference.protocol_json,
    "vectors/good.json": lambda: _vectors(good_vectors),
    "vectors/bad.json": lambda: _vectors(bad_vectors),
    "web/src/protocol/generated.ts": reference.typescript,
}
"""Path below the protocol folder, and what makes it."""


def stale(folder: Path = FOLDER) -> list[str]:
    """Files that are missing or not what they should be."""
    return [
        name
        for name, make in FILES.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != make()
    ]


def write(folder: Path = FOLDER) -> list[str]:
    """Write what is not current; the names of the files that changed."""
    changed = stale(folder)
    for name in changed:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name](), encoding="utf-8")
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when not current")
    if not parser.parse_args(arguments).check:
        for name in write():
            sys.stdout.write(f"wrote {name}\n")
        return 0
    names = stale()
    if names:
        sys.stderr.write(f"Not current: {', '.join(names)}. Run `make docs`.\n")
    return 1 if names else 0


if __name__ == "__main__":
    raise SystemExit(main())
