"""Guest tokens: what we issued is good, everything else is one of three typed errors."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from commerce import subject_of
from server.auth.tokens import GuestTokens, Role, TokenLimits, clean_name
from server.errors import GalleriaError

SECRET = b"0123456789abcdef0123456789abcdef"
HOST_KEY = "a-host-key-for-tests"
HOUR_MS = 3_600_000


class TurnedClock:
    def __init__(self) -> None:
        self.now_ms = 1_900_000_000_000

    def __call__(self) -> int:
        return self.now_ms


def make_tokens(
    clock: TurnedClock, secret: bytes = SECRET, limits: TokenLimits | None = None
) -> GuestTokens:
    return GuestTokens(
        secret,
        clock,
        guest_token_ttl_ms=2 * HOUR_MS,
        host_token_ttl_ms=HOUR_MS,
        host_key=lambda: HOST_KEY,
        limits=limits,
    )


def code_of(tokens: GuestTokens, token: str) -> str:
    with pytest.raises(GalleriaError) as caught:
        tokens.verify(token)
    assert caught.value.http_status == 401
    return caught.value.code


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def tokens(clock: TurnedClock) -> GuestTokens:
    return make_tokens(clock)


def test_a_token_that_is_known_runs_out_like_any_other(
    tokens: GuestTokens, clock: TurnedClock
) -> None:
    issued = tokens.issue("Ada")
    guest = tokens.verify(issued.token)
    clock.now_ms = issued.expires_ms - 1
    assert tokens.verify(issued.token) is guest
    clock.now_ms = issued.expires_ms
    assert code_of(tokens, issued.token) == "TOKEN_EXPIRED"


def test_so_many_tokens_are_known(clock: TurnedClock) -> None:
    tokens = make_tokens(clock, limits=TokenLimits(verified_max=2))
    issued = [tokens.issue(name).token for name in ("Ada", "Bert", "Cora")]
    first = tokens.verify(issued[0])
    second = tokens.verify(issued[1])
    assert tokens.verify(issued[0]) is first
    tokens.verify(issued[2])
    assert tokens.verify(issued[0]) is first
    assert tokens.verify(issued[1]) is not second
    assert tokens.verify(issued[1]) == second
    assert code_of(tokens, issued[0] + "x") == "TOKEN_INVALID"


def test_the_tokens_of_somebody_erased_are_good_for_nothing(
    tokens: GuestTokens, clock: TurnedClock
) -> None:
    ada, bert = tokens.issue("Ada"), tokens.issue("Bert")
    guest = tokens.verify(ada.token)
    tokens.revoke(ada.person_id)
    assert code_of(tokens, ada.token) == "TOKEN_EXPIRED"
    assert tokens.verify(ada.token, even_erased=True) == guest
    assert code_of(tokens, ada.token) == "TOKEN_EXPIRED"
    assert tokens.verify(bert.token).person_id == bert.person_id
    # After a restart, from what is kept of them.
    again = make_tokens(clock)
    again.refuse([subject_of(ada.person_id)])
    assert code_of(again, ada.token) == "TOKEN_EXPIRED"
    clock.now_ms = ada.expires_ms
    with pytest.raises(GalleriaError):
        again.verify(ada.token, even_erased=True)


def test_so_many_erased_people_are_refused(clock: TurnedClock) -> None:
    tokens = make_tokens(clock, limits=TokenLimits(erased_max=2))
    issued = [tokens.issue(name) for name in ("Ada", "Bert", "Cora")]
    for each in issued:
        tokens.revoke(each.person_id)
    assert tokens.verify(issued[0].token).name == "Ada"
    assert [code_of(tokens, each.token) for each in issued[1:]] == ["TOKEN_EXPIRED"] * 2


@pytest.mark.parametrize("role", ["shopper", "host"])
def test_round_trip(tokens: GuestTokens, role: Role) -> None:
    issued = tokens.issue("  Ada \t Lovelace ", role)
    guest = tokens.verify(issued.token)
    assert (guest.person_id, guest.name, guest.role) == (issued.person_id, "Ada Lovelace", role)
    assert len(issued.token) < 1_024


def test_every_guest_is_somebody_new(tokens: GuestTokens) -> None:
    assert len({tokens.issue("Ada").person_id for _ in range(100)}) == 100


def test_runs_out_to_the_second(tokens: GuestTokens, clock: TurnedClock) -> None:
    issued = tokens.issue("Ada")
    assert issued.expires_ms == clock.now_ms + 2 * HOUR_MS
    clock.now_ms = issued.expires_ms - 1
    tokens.verify(issued.token)
    clock.now_ms = issued.expires_ms
    assert code_of(tokens, issued.token) == "TOKEN_EXPIRED"


def test_hosts_sign_in_again_sooner(tokens: GuestTokens, clock: TurnedClock) -> None:
    assert tokens.issue_host("Grace", HOST_KEY).expires_ms == clock.now_ms + HOUR_MS


def test_missing(tokens: GuestTokens) -> None:
    assert code_of(tokens, "") == "TOKEN_MISSING"


def test_other_secret(tokens: GuestTokens, clock: TurnedClock) -> None:
    foreign = make_tokens(clock, b"f" * 32).issue("Mallory", "host")
    assert code_of(tokens, foreign.token) == "TOKEN_INVALID"


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


GOOD_CLAIMS: dict[str, Any] = {
    "sub": "person-1",
    "name": "Mallory",
    "role": "host",
    "aud": "galleria",
    "iat": 1_900_000_000,
    "exp": 1_900_100_000,
}


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS512", "RS256", "", None, 7])
def test_algorithm_is_ours_to_choose(tokens: GuestTokens, algorithm: object) -> None:
    header = encoded({"alg": algorithm, "typ": "JWT"})
    for signature in ("", "AAAA"):
        forged = f"{header}.{encoded(GOOD_CLAIMS)}.{signature}"
        assert code_of(tokens, forged) == "TOKEN_INVALID"


def test_rightly_signed_with_another_algorithm(tokens: GuestTokens) -> None:
    key = OctKey.import_key(SECRET + SECRET)
    token = jwt.encode({"alg": "HS512"}, GOOD_CLAIMS, key, algorithms=["HS512"])
    assert code_of(make_tokens(TurnedClock(), SECRET + SECRET), token) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-shop"},
        {"aud": None},
        {"aud": ["galleria"]},
        {"role": "admin"},
        {"role": ["host"]},
        {"sub": 7},
        {"name": None},
        {"exp": "1900100000"},
        {"exp": True},
        {"exp": None},
        {"exp": 1.9e9},
    ],
)
def test_wrong_claims_under_the_right_signature(
    tokens: GuestTokens, change: dict[str, object]
) -> None:
    claims = {**GOOD_CLAIMS, **change}
    payload = encoded(claims)
    key = OctKey.import_key(SECRET)
    token = jwt.encode({"alg": "HS256"}, GOOD_CLAIMS, key, algorithms=["HS256"])
    header = token.split(".")[0]
    # Signed by hand: the library itself refuses to write some of these.
    import hashlib
    import hmac

    digest = hmac.new(SECRET, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert code_of(tokens, f"{header}.{payload}.{signature}") == "TOKEN_INVALID"


@given(st.text(max_size=200))
def test_any_text_is_invalid(text: str) -> None:
    assert code_of(make_tokens(TurnedClock()), "x" + text) == "TOKEN_INVALID"


@given(st.data())
def test_any_changed_character_is_invalid(data: st.DataObject) -> None:
    tokens = make_tokens(TurnedClock())
    token = tokens.issue("Ada").token
    # The last character of base64 may carry unused bits, so it is left alone.
    index = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from("Az09-_.=\x00é"))
    if token[index] != other:
        changed = token[:index] + other + token[index + 1 :]
        assert code_of(tokens, changed) == "TOKEN_INVALID"


def test_too_long(tokens: GuestTokens) -> None:
    assert code_of(tokens, tokens.issue("Ada").token + "A" * 1_024) == "TOKEN_INVALID"


def test_host_key(tokens: GuestTokens) -> None:
    assert tokens.issue_host("Grace", HOST_KEY).role == "host"
    for wrong in ("", HOST_KEY + "x", HOST_KEY[:-1], "é", "\x00"):
        with pytest.raises(GalleriaError) as caught:
            tokens.issue_host("Grace", wrong)
        assert (caught.value.code, caught.value.http_status) == ("HOST_KEY_WRONG", 403)


@pytest.mark.parametrize(
    ("given_name", "seen"),
    [
        ("Ada", "Ada"),
        ("  Zoë   Müller ", "Zoë Müller"),
        ("e\u0301", "é"),
        ("a\nb\tc", "a b c"),
        ("\u202eadA", "adA"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("李雷", "李雷"),
    ],
)
def test_names_as_others_see_them(given_name: str, seen: str) -> None:
    assert clean_name(given_name) == seen


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200e", "\u200d", "\x00\x07", "x" * 33])
def test_names_that_nobody_can_see(name: str) -> None:
    with pytest.raises(GalleriaError) as caught:
        clean_name(name)
    assert caught.value.code == "NAME_INVALID"


@given(st.text())
def test_a_name_is_good_or_refused(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except GalleriaError:
        return
    assert 1 <= len(cleaned) <= 32
    assert clean_name(cleaned) == cleaned
    assert make_tokens(TurnedClock()).issue(cleaned).name == cleaned
