"""What must never be in a file that others get: secrets, cards, and traces of somebody's machine.

The words looked for are put together from pieces, so that this file does not hold them itself.
"""

import re
from pathlib import Path

import pytest

from tests.tidy.sources import text_files, text_of


def joined(separator: str, *pieces: str) -> str:
    return re.escape(separator.join(pieces))


DOT = "."
REGISTRY_HOSTS = (
    joined(DOT, "pypi", "org"),
    joined(DOT, "pythonhosted", "org"),
    joined(DOT, "crates", "io"),
    joined(DOT, "npmjs", "org"),
    joined(DOT, "npmjs", "com"),
    joined(DOT, "registry", "yarnpkg"),
    joined(DOT, "deb", "debian"),
)
START = r"(?:^|[^A-Za-z0-9_./~-])/"
MACHINE_PATHS = (
    *(f"{START}{folder}/" for folder in ("work", "farm", "root", "home", "Users", "tmp")),
    joined(DOT, "", "pyenv") + "/",
    joined("/", "", "opt", "wheels"),
    joined("/", DOT + DOT, "shared", ""),
)
TOOL_WORDS = (
    joined("-", "farm", "studio"),
    joined("-", "farm", "bench"),
    joined("", DOT, "library") + "/",
    *(rf"\b{joined('', *pieces)}\b" for pieces in (("cla", "ude"), ("anth", "ropic"))),
    rf"\b{joined('', 'chat', 'gpt')}\b",
)
SECRETS = (
    "-----BEGIN (?:[A-Z]+ )?" + joined(" ", "PRIVATE", "KEY"),
    joined("_", "sk", "live", "") + r"\w{8,}",
    joined("_", "sk", "test", "") + r"\w{8,}",
    joined("", "AK", "IA") + r"[0-9A-Z]{16}\b",
    joined("", "gh", "p_") + r"\w{20,}",
    joined("", "xo", "x") + "[abp]-",
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",
)
LICENCE_TEXTS = {Path("LICENSE")}

# Digits alone, and in groups of four; real card numbers start with 2 to 6.
CARD_PATTERNS = (
    re.compile(r"(?<![\w.])[2-6]\d{12,18}(?![\w.])"),
    re.compile(r"(?<![\w.])[2-6]\d{3}([ _-])\d{4}\1\d{4}\1\d{1,7}(?![\w.])"),
)


def found(patterns: tuple[str, ...], flags: int = 0) -> list[str]:
    """Every line of the project that matches one of the patterns."""
    compiled = re.compile("|".join(patterns), flags)
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in text_files()
        if path not in LICENCE_TEXTS
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if compiled.search(line)
    ]


def passes_luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card_numbers(text: str) -> list[str]:
    matches = [match[0] for pattern in CARD_PATTERNS for match in pattern.finditer(text)]
    return [match for match in matches if passes_luhn(re.sub(r"\D", "", match))]


def test_no_registry_host() -> None:
    """Locks hold hashes; where packages come from is the business of whoever installs them."""
    assert found(REGISTRY_HOSTS, re.IGNORECASE) == []


def test_no_path_of_a_machine() -> None:
    assert found(MACHINE_PATHS) == []


def test_no_word_of_a_workplace() -> None:
    assert found(TOOL_WORDS, re.IGNORECASE) == []


def test_no_secret() -> None:
    assert found(SECRETS) == []


def test_no_card_number() -> None:
    """Test cards start with 0, as no real card does; anything else would be somebody's money."""
    assert {str(p): cards for p in text_files() if (cards := card_numbers(text_of(p)))} == {}


@pytest.mark.parametrize("separator", ["", " ", "-"])
def test_card_numbers_would_be_seen(separator: str) -> None:
    number = separator.join(("4" + "000", "0" * 4, "0" * 4, "0" * 3 + "2"))
    assert card_numbers(f"pay with {number}, please") == [number]
    assert card_numbers(f"pay with {number[:-1]}3, please") == []


@pytest.mark.parametrize(
    ("patterns", "line"),
    [
        (MACHINE_PATHS, 'DATA = "' + "/ro" + 'ot/data"'),
        (MACHINE_PATHS, "cd " + "/wo" + "rk/main"),
        (REGISTRY_HOSTS, "files." + "python" + "hosted.org"),
        (SECRETS, "key = sk_" + "live_0123456789"),
    ],
)
def test_the_patterns_match_what_they_are_for(patterns: tuple[str, ...], line: str) -> None:
    assert re.search("|".join(patterns), line)
