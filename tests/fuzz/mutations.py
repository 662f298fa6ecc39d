"""Hostile input: seeded changes of good frames, and a corpus of hex files."""

import random
from collections.abc import Iterator
from pathlib import Path

from server.wire.vectors import bad_vectors, good_vectors

CORPUS = Path(__file__).with_name("corpus")

# Lengths and types that libraries get wrong: claims of large things, floats, extensions, NaN.
NASTY = tuple(
    bytes.fromhex(text)
    for text in (
        "c1", "c0", "c2", "cb7ff8000000000000", "cb7ff0000000000000", "cfffffffffffffffff",
        "d38000000000000000", "dbffffffff", "ddffffffff", "dfffffffff", "c6ffffffff",
        "c9ffffffff01", "d4ff00", "a1ff", "80", "90", "93", "a0",
    )
)  # fmt: skip


def seeds() -> list[bytes]:
    """Good frames, bad frames, and what the corpus keeps of former findings."""
    vectors = [*good_vectors(), *bad_vectors()]
    return [bytes.fromhex(vector["hex"]) for vector in vectors] + corpus()


def corpus() -> list[bytes]:
    """The frames of the corpus folder: hex, with blanks and lines as one likes."""
    return [bytes.fromhex(path.read_text()) for path in sorted(CORPUS.glob("*.hex"))]


def mutated(chance: random.Random, frames: list[bytes]) -> bytes:
    """One frame with up to four changes."""
    data = bytearray(chance.choice(frames))
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(data) + 1)
        action = chance.randrange(6)
        if action == 0 and data:
            data[place % len(data)] = chance.randrange(256)
        elif action == 1:
            del data[place : place + chance.randrange(1, 9)]
        elif action == 2:
            data[place:place] = chance.randbytes(chance.randrange(1, 9))
        elif action == 3:
            data[place:place] = chance.choice(NASTY)
        elif action == 4:
            data = data[:place] + bytearray(chance.choice(frames))[-chance.randrange(1, 30) :]
        elif data:
            data[place % len(data)] ^= 1 << chance.randrange(8)
    return bytes(data[:4_000])


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """The same frames for the same seed."""
    chance, frames = random.Random(seed), seeds()
    for _ in range(count):
        yield mutated(chance, frames)


def masked(payload: bytes, opcode: int = 0x82, mask: bytes = b"\x11\x22\x33\x44") -> bytes:
    """A WebSocket frame as clients send it (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes((opcode, 0x80 | length))
    else:
        head = bytes((opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return head + mask + body
