"""Objects are not mapped to rows here: that would cost more than what is done with them."""

import ast
from pathlib import Path

import commerce

FOLDER = Path(commerce.__file__).parent
MAPPER = "sqlalchemy.orm"


def imported(path: Path) -> set[str]:
    """Every module that a file names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_nothing_of_the_shop_uses_the_mapper() -> None:
    users = [
        path.name
        for path in FOLDER.rglob("*.py")
        if any(name.startswith(MAPPER) or "AsyncSession" in name for name in imported(path))
    ]
    assert users == []
