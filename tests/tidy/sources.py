"""The files of the project: what git tracks, and what it would track if it were added now."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("server", "rooms", "commerce", "recommender", "assets")

# Without git (a tarball of the sources) the folder is walked, less what setup and tools make.
MADE_FOLDERS = {
    ".git", ".venv", "__pycache__", "node_modules", "static", "var", "dist", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache",
}  # fmt: skip
BINARY_SUFFIXES = {".png", ".jpg", ".webp", ".ico", ".glb", ".bin", ".woff2"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root, sorted."""
    found = _listed_by_git()
    if found is None:
        found = _walked()
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


def text_files() -> list[Path]:
    """The files that hold text."""
    return [path for path in files() if path.suffix not in BINARY_SUFFIXES]


def files_with(*suffixes: str) -> list[Path]:
    return [path for path in files() if path.suffix in suffixes]


def text_of(path: Path) -> str:
    """A file's text; bytes that are not UTF-8 become question marks, as they match nothing."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def python_modules() -> dict[str, Path]:
    """Dotted name of every module of the five packages, with its file."""
    modules = {}
    for path in files_with(".py"):
        if path.parts[0] in PACKAGES:
            parts = path.with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def _listed_by_git() -> list[Path] | None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:  # the folder belongs to somebody whom git does not trust
        return None
    return [Path(name) for name in listing.stdout.decode().split("\0") if name]


def _walked() -> list[Path]:
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE_FOLDERS]
        found += [(Path(folder) / name).relative_to(ROOT) for name in names]
    return [path for path in found if path.suffix != ".pyc"]
