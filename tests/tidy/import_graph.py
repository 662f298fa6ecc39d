"""Which of our modules imports which when it is imported, read from the sources."""

import ast
from collections.abc import Iterator

from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tests.tidy.sources import python_modules, text_of


def import_graph() -> dict[str, set[str]]:
    """Module -> modules that are imported on the way, its packages included.

    Imports inside functions, and those for type checkers alone, happen later or never.
    """
    modules = python_modules()
    graph = {}
    for name, path in modules.items():
        wanted: set[str] = set()
        for imported in _imported(ast.parse(text_of(path)).body):
            parts = imported.split(".")
            wanted |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        parts = name.split(".")
        wanted |= {".".join(parts[:end]) for end in range(1, len(parts))}
        graph[name] = (wanted & set(modules)) - {name}
    return graph


def in_cycles() -> list[str]:
    """Modules that, directly or by others, import themselves."""
    graph = import_graph()
    names = sorted(graph)
    place = {name: index for index, name in enumerate(names)}
    edges = [(place[name], place[other]) for name in names for other in graph[name]]
    rows, columns = zip(*edges, strict=True)
    matrix = csr_array(([1] * len(edges), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(matrix, connection="strong")
    sizes: dict[int, int] = {}
    for label in labels:
        sizes[int(label)] = sizes.get(int(label), 0) + 1
    return [name for name, label in zip(names, labels, strict=True) if sizes[int(label)] > 1]


def _imported(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _imported(node.body + node.orelse)
        elif isinstance(node, ast.Try):
            yield from _imported(node.body + node.orelse + node.finalbody)
        elif isinstance(node, ast.With | ast.ClassDef):
            yield from _imported(node.body)
