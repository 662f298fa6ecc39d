"""Party codes: easy to type, hard to guess, bounded in number."""

import pytest

from server.errors import GalleriaError
from server.parties import CODE_ALPHABET, CODE_LENGTH, Parties


async def test_a_code_finds_its_party_in_any_case() -> None:
    parties = Parties(lambda: 0)
    party_id, code = await parties.open()
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(CODE_ALPHABET)
    assert await parties.find(f" {code.lower()} ") == party_id
    assert await parties.code_of(party_id) == code


async def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(GalleriaError) as unknown:
        await Parties(lambda: 0).find("ABCDEF")
    assert unknown.value.code == "PARTY_NOT_FOUND"


async def test_a_code_runs_out() -> None:
    now = [0]
    parties = Parties(lambda: now[0], code_ttl_ms=1_000)
    _, code = await parties.open()
    now[0] = 1_000
    with pytest.raises(GalleriaError):
        await parties.find(code)


async def test_a_party_without_a_code_gets_one() -> None:
    parties = Parties(lambda: 0)
    code = await parties.code_of("party-from-before-the-restart")
    assert await parties.find(code) == "party-from-before-the-restart"


async def test_the_oldest_code_makes_room() -> None:
    parties = Parties(lambda: 0, parties_max=2)
    _, first = await parties.open()
    _, second = await parties.open()
    party_id, third = await parties.open()
    with pytest.raises(GalleriaError):
        await parties.find(first)
    assert await parties.find(third) == party_id
    assert await parties.find(second)


def test_names_are_remembered_up_to_a_limit() -> None:
    parties = Parties(lambda: 0, names_max=2)
    for person in ("a", "b", "c"):
        parties.remember_name(person, person.upper())
    assert parties.name_of("a") == "somebody"
    assert parties.name_of("c") == "C"


async def test_a_code_goes_on_after_a_restart_unless_it_is_taken() -> None:
    parties = Parties(lambda: 0)
    parties.keep("party-1", "ABCDEF")
    assert await parties.find("abcdef") == "party-1"
    parties.keep("party-2", "ABCDEF")
    assert await parties.find("ABCDEF") == "party-1"
    parties.keep("party-1", "GHJKMN")
    assert await parties.code_of("party-1") == "ABCDEF"
    with pytest.raises(GalleriaError):
        await parties.find("GHJKMN")
