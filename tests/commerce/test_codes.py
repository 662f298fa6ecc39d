"""Codes: from any id, easy to read, and read as they were meant."""

from hypothesis import given
from hypothesis import strategies as st

from commerce.codes import ALPHABET, code_from, normal
from commerce.ports import random_id


@given(st.text(min_size=1), st.integers(1, 24))
def test_every_id_gives_a_code(fresh_id: str, length: int) -> None:
    code = code_from(fresh_id, length)
    assert len(code) == length
    assert set(code) <= set(ALPHABET)
    assert code == code_from(fresh_id, length)
    assert normal(f" {code[:2].lower()}-{code[2:]} ") == code


def test_codes_differ_and_use_the_whole_alphabet() -> None:
    codes = {code_from(random_id(), 10) for _ in range(1_000)}
    assert len(codes) == 1_000
    assert {character for code in codes for character in code} == set(ALPHABET)
    assert len(ALPHABET) == 32
    assert not set("01IO") & set(ALPHABET)
