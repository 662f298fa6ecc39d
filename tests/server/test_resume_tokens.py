"""Resume tokens say what was signed, and nothing else is believed."""

from hypothesis import given
from hypothesis import strategies as st

from server.resume_tokens import ResumeFacts, ResumeTokens


class Still:
    def __call__(self) -> int:
        return 1_000


TOKENS = ResumeTokens(b"k" * 32, Still(), ttl_ms=500)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_what_was_issued_is_understood(session_id: str, epoch: int) -> None:
    assert TOKENS.verify(TOKENS.issue(session_id, epoch)) == ResumeFacts(session_id, epoch)


@given(st.integers(0, 10**4), st.integers(0, 5))
def test_one_changed_sign_is_one_too_many(place: int, shift: int) -> None:
    token = TOKENS.issue("session-1", 1)
    place %= len(token)
    alphabet = "Aq-7_z"
    changed = token[:place] + alphabet[shift] + token[place + 1 :]
    verdict = TOKENS.verify(changed)
    if changed != token:
        assert verdict == "invalid" or verdict == ResumeFacts("session-1", 1)


@given(st.text(max_size=600))
def test_garbage_is_invalid(token: str) -> None:
    assert TOKENS.verify(token) == "invalid"
