"""The codec against hostile bytes: a frame or one typed error, never anything else."""

import pytest

from server.wire import codec
from server.wire.codec import Frame
from server.wire.errors import FRAME_ERRORS, WireError
from server.wire.schema import Direction
from server.wire.vectors import plain
from tests.fuzz.mutations import corpus, mutations, seeds


def read(data: bytes, direction: Direction) -> Frame | WireError:
    try:
        return codec.decode(data, direction)
    except WireError as error:
        return error


def text_of(outcome: Frame | WireError) -> str:
    assert isinstance(outcome, Frame)
    return f"{outcome.message.name} {outcome.head} {plain(outcome.body)}"


@pytest.mark.parametrize("seed", range(4))
def test_changed_frames_whole(seed: int) -> None:
    outcomes = set()
    for data in mutations(seed, 4_000):
        for direction in Direction:
            outcome = read(data, direction)
            if isinstance(outcome, WireError):
                assert outcome.code in FRAME_ERRORS
                outcomes.add(outcome.code)
            else:
                assert outcome.message.direction is direction
                again = codec.encode(outcome.message.number, outcome.head, outcome.body)
                # By their text: a list is as good as a tuple, and NaN is nothing else.
                assert text_of(read(again, direction)) == text_of(outcome)
                outcomes.add("good")
    # The changes reach every check, or they would prove little.
    assert outcomes >= {
        "good", "NOT_MESSAGEPACK", "NOT_AN_ENVELOPE", "UNKNOWN_MESSAGE", "WRONG_DIRECTION",
        "HEAD_INVALID", "BODY_INVALID", "FIELD_MISSING", "FIELD_TYPE", "POSE_MALFORMED",
    }  # fmt: skip


def test_every_beginning_of_every_frame() -> None:
    """One byte at a time: a frame that is cut anywhere is an error, never a crash or a frame."""
    for data in seeds():
        whole = read(data, Direction.TO_SERVER)
        for end in range(len(data)):
            cut = read(data[:end], Direction.TO_SERVER)
            assert isinstance(cut, WireError) or isinstance(whole, WireError)


def test_every_byte_of_every_frame_changed() -> None:
    for data in seeds()[:60]:
        for place in range(len(data)):
            for value in (0x00, 0x7F, 0xC1, 0xDD, 0xFF):
                read(data[:place] + bytes((value,)) + data[place + 1 :], Direction.TO_SERVER)


def test_the_corpus_is_read() -> None:
    assert len(corpus()) >= 8
    for data in corpus():
        assert isinstance(read(data, Direction.TO_SERVER), WireError)
