"""Frozen dataclasses made quickly are like those that were made slowly."""

import dataclasses
from dataclasses import dataclass

import pytest

from commerce.frozen import quickly


@dataclass(frozen=True, slots=True)
class Piece:
    name: str
    count: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loose:
    name: str


@dataclass(frozen=True, slots=True)
class Heavier(Piece):
    weight_g: int = 0


def test_the_same_as_from_the_constructor() -> None:
    make = quickly(Piece)
    made = make("mug", 2, ("blue",))
    assert type(made) is Piece
    assert made == Piece("mug", 2, ("blue",))
    assert hash(made) == hash(Piece("mug", 2, ("blue",)))
    assert repr(made) == repr(Piece("mug", 2, ("blue",)))
    assert dataclasses.replace(made, count=3) == Piece("mug", 3, ("blue",))


def test_it_is_frozen() -> None:
    made = quickly(Piece)("mug", 2, ())
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.count = 3  # type: ignore[misc]


def test_all_fields_are_wanted() -> None:
    with pytest.raises(TypeError):
        quickly(Piece)("mug", 2)


def test_what_has_no_twin() -> None:
    for kind in (Loose, Heavier):
        with pytest.raises(TypeError):
            quickly(kind)
