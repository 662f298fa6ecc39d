"""Documents keep their promises: links lead somewhere, commands exist, the guide is complete."""

import re
from pathlib import Path
from urllib.parse import unquote

from server.cli import COMMANDS
from tests.tidy.sources import PACKAGES, ROOT, files, files_with, text_of

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"\bmake ([a-z]+)\b")
GALLERIA = re.compile(r"(?:\bgalleria|python -m server) ([a-z]+)\b")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
FOLDER_DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
)


def documents() -> dict[Path, str]:
    return {path: text_of(path) for path in files_with(".md")}


def anchor(heading: str) -> str:
    """The anchor that code hosts make of a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {anchor(heading) for heading in HEADING.findall(FENCE.sub("", text))}


def test_the_documents_of_a_project_are_there() -> None:
    missing = [name for name in (*FOLDER_DOCUMENTS, "LICENSE") if Path(name) not in files()]
    assert missing == []


def test_links_lead_to_files_that_exist() -> None:
    broken = []
    for path, text in documents().items():
        for target in LINK.findall(FENCE.sub("", text)):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            name, _, fragment = unquote(target).partition("#")
            file = (ROOT / path.parent / name).resolve() if name else ROOT / path
            if not file.exists():
                broken.append(f"{path}: {target}")
            elif fragment and file.suffix == ".md" and fragment not in anchors(file.read_text()):
                broken.append(f"{path}: {target} (no such heading)")
    assert broken == []


def test_the_readme_shows_the_two_commands() -> None:
    readme = text_of(Path("README.md"))
    assert "make demo" in readme
    assert "make test" in readme


def test_commands_in_documents_exist() -> None:
    targets = set(TARGET.findall(text_of(Path("Makefile"))))
    wrong = []
    for path, text in documents().items():
        code = "\n".join(re.findall(r"`([^`\n]+)`", text) + [m[0] for m in FENCE.finditer(text)])
        wrong += [f"{path}: make {name}" for name in MAKE.findall(code) if name not in targets]
        wrong += [f"{path}: galleria {n}" for n in GALLERIA.findall(code) if n not in COMMANDS]
    assert wrong == []


def test_the_architecture_names_every_package() -> None:
    text = text_of(Path("ARCHITECTURE.md"))
    assert [name for name in PACKAGES if f"`{name}/`" not in text] == []


def test_every_make_target_is_explained() -> None:
    makefile = text_of(Path("Makefile"))
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    assert re.findall(r"^([a-z]+):.*?## \S", makefile, re.MULTILINE) == phony[1].split()
