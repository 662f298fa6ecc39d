"""Refusals have stable codes, sentences and data."""

import string

import pytest

from rooms.errors import SENTENCES, RefusalError, refuse


def test_a_refusal_speaks() -> None:
    refusal = refuse("PARTY_FULL", capacity=8)
    assert isinstance(refusal, RefusalError)
    assert refusal.code == "PARTY_FULL"
    assert refusal.message == str(refusal) == "This party is full; it has 8 places."
    assert refusal.data == {"capacity": 8}


def test_a_code_must_be_in_the_table() -> None:
    with pytest.raises(KeyError):
        refuse("NO_SUCH_CODE")


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_is_one(code: str) -> None:
    sentence = SENTENCES[code]
    assert code == code.upper()
    assert sentence.endswith(".")
    fields = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    assert refuse(code, **dict.fromkeys(fields, "1")).message
