"""Sizes and names: a file or function that outgrows its reader is taken apart."""

import ast
from pathlib import Path

from tests.tidy.sources import PACKAGES, ROOT, files, files_with, python_modules, text_of

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FILE_BYTES_MAX = 1_000_000
DOCUMENTED_FROM_LINES = 30

# A name that says nothing collects everything.
BANNED_MODULE_NAMES = {
    "utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "tools", "stuff",
}  # fmt: skip
GENERATED = {Path("unity-client-protocol/web/src/protocol/generated.ts")}


def test_no_source_file_is_too_long() -> None:
    sources = [path for path in files_with(".py", ".ts", ".css") if path not in GENERATED]
    lengths = {path: len(text_of(path).splitlines()) for path in sources}
    assert {str(path): lines for path, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_too_long() -> None:
    too_long = []
    for path in files_with(".py"):
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    too_long.append(f"{path}:{node.lineno} {node.name}: {lines} lines")
    assert too_long == []


def test_no_file_is_too_large() -> None:
    sizes = {path: (ROOT / path).stat().st_size for path in files()}
    assert {str(path): size for path, size in sizes.items() if size > FILE_BYTES_MAX} == {}


def test_names_say_something() -> None:
    vague = [
        str(path)
        for path in files_with(".py", ".ts")
        if BANNED_MODULE_NAMES & {part.lower() for part in path.with_suffix("").parts}
    ]
    assert vague == []


def test_every_package_is_typed() -> None:
    assert [name for name in PACKAGES if Path(name, "py.typed") not in files()] == []


def test_every_package_folder_is_a_package() -> None:
    """A folder without `__init__.py` would be left out of some tools' sight."""
    folders = {path.parent for path in python_modules().values()}
    folders |= {parent for path in folders for parent in path.parents if parent != Path()}
    assert [str(path) for path in sorted(folders) if path / "__init__.py" not in files()] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path)
        for path in python_modules().values()
        if text_of(path).strip() and not ast.get_docstring(ast.parse(text_of(path)))
    ]
    assert silent == []


def test_what_is_public_and_not_small_explains_itself() -> None:
    silent = []
    for path in python_modules().values():
        for node in ast.parse(text_of(path)).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            public = not node.name.startswith("_")
            if public and lines > DOCUMENTED_FROM_LINES and not ast.get_docstring(node):
                silent.append(f"{path}:{node.lineno} {node.name}")
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    """A promise in a comment is kept by nobody; what is not there is left out."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:")
    found = [
        f"{path}:{number}"
        for path in files_with(".py", ".ts", ".css", ".html")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if any(word in line for word in words)
    ]
    assert found == []
