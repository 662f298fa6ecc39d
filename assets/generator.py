"""The version of the generators: changes by itself when anything that decides their output does."""

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

_FOLDER = Path(__file__).parent
_MODULES = ("colours", "generator", "glb", "lod", "looks", "measure", "surface", "thumbnail")
_LIBRARIES = ("embreex", "numpy", "pillow", "trimesh")


@functools.cache
def generator_version() -> str:
    """A short hash over the sources of the generators and the versions of their libraries."""
    digest = hashlib.sha256()
    sources = [_FOLDER / f"{name}.py" for name in _MODULES]
    sources += sorted((_FOLDER / "shapes").glob("*.py"))
    for path in sources:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()[:16]
