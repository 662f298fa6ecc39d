"""Codes that people read aloud, type with a pointer, or scan."""

import hashlib

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two digits and letters that cannot be taken for one another: five bits each."""


def code_from(fresh_id: str, length: int) -> str:
    """A code of `length` characters out of a fresh id that nobody can guess."""
    number = int.from_bytes(hashlib.sha256(fresh_id.encode()).digest(), "big")
    characters = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[digit])
    return "".join(characters)


def normal(code: str) -> str:
    """A code as it was meant: people type small letters, blanks and dashes."""
    return "".join(code.upper().replace("-", "").split())
