"""Guest tokens: who somebody is, signed, so that no node has to remember them.

A token is a JSON Web Token (RFC 7519) with HMAC-SHA-256. The algorithm is fixed here and never
taken from the token: a token that names another one, or none, is refused (RFC 8725, section 3.1).
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from commerce import subject_of
from server.auth.keys import (
    SECRET_BYTES_MINIMUM,
    TOKEN_SECRET_FILE,
    check_length,
    new_token_secret,
    secret_from_file,
)
from server.clock import Clock
from server.errors import GalleriaError

if TYPE_CHECKING:
    from server.config import Settings

ALGORITHM = "HS256"
AUDIENCE = "galleria"
NAME_LENGTH_MAX = 32
NETWORK_NAME_LENGTH = 32
TOKEN_LENGTH_MAX = 1_024
JOINER = "\N{ZERO WIDTH JOINER}"

Role = Literal["shopper", "host"]
ROLES: tuple[Role, ...] = ("shopper", "host")


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """`verified_max`: tokens that need not be verified again; full: the one used longest ago is
    verified anew. `erased_max`: people whose tokens are refused because they were erased; full: the
    one erased longest ago may come in again, to an empty shop."""

    verified_max: int = 16_384
    erased_max: int = 100_000


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whose token was good. `role` is "shopper" or "host" (staff). `network` tells the
    network from which the token was asked for from others, and nothing else; empty: not known."""

    person_id: str
    name: str
    role: str
    network: str = ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. `expires_ms`: ms since the Unix epoch, a whole second."""

    token: str
    person_id: str
    name: str
    role: str
    expires_ms: int


class GuestTokens:
    """Issues and verifies guest tokens.

    `secret` also seeds the other tokens of the server (resume tokens). `host_key` is asked for only
    when somebody wants to come in as a host, so that its file is made no earlier than needed.
    """

    def __init__(
        self,
        secret: bytes,
        clock: Clock,
        *,
        guest_token_ttl_ms: int,
        host_token_ttl_ms: int,
        host_key: Callable[[], str],
        limits: TokenLimits | None = None,
    ) -> None:
        self.secret = secret
        self._clock = clock
        self._ttl_ms: dict[str, int] = {"shopper": guest_token_ttl_ms, "host": host_token_ttl_ms}
        self._host_key = host_key
        self._limits = limits or TokenLimits()
        self._key = OctKey.import_key(secret)
        # Verifying a signature costs more than most requests need otherwise. What is kept was
        # good once, and can only run out.
        self._verified: OrderedDict[str, tuple[Guest, int]] = OrderedDict()
        self._erased: OrderedDict[str, None] = OrderedDict()

    @classmethod
    def open(cls, settings: "Settings", clock: Clock) -> Self:
        """Tokens signed with the secret of the settings, or else with the one in the data folder.

        Raises SECRET_TOO_SHORT, SECRET_EXPOSED or SECRET_UNREADABLE.
        """
        auth = settings.auth
        if auth.secret is not None:
            secret = check_length(
                auth.secret.get_secret_value(), SECRET_BYTES_MINIMUM, "GALLERIA_AUTH__SECRET"
            )
        else:
            path = settings.data_dir / TOKEN_SECRET_FILE
            secret = secret_from_file(path, new_token_secret, SECRET_BYTES_MINIMUM)
        return cls(
            secret.encode(),
            clock,
            guest_token_ttl_ms=auth.guest_token_ttl_ms,
            host_token_ttl_ms=auth.host_token_ttl_ms,
            host_key=settings.host_key,
            limits=settings.token_limits(),
        )

    def issue(self, name: str, role: Role = "shopper", *, address: str = "") -> IssuedToken:
        """A token for somebody new, who asks from this address. Raises NAME_INVALID."""
        name = clean_name(name)
        person_id = "person-" + secrets.token_hex(12)
        issued_s = self._clock() // 1_000
        expires_s = issued_s + self._ttl_ms[role] // 1_000
        claims = {
            "sub": person_id,
            "name": name,
            "role": role,
            "aud": AUDIENCE,
            "iat": issued_s,
            "exp": expires_s,
        }
        if address:
            claims["net"] = self.network_name(address)
        token = jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])
        return IssuedToken(token, person_id, name, role, expires_s * 1_000)

    def network_name(self, address: str) -> str:
        """A network without its address: people are counted by it, and need not be found."""
        digest = hmac.new(self.secret, address.encode(), hashlib.sha256).hexdigest()
        return digest[:NETWORK_NAME_LENGTH]

    def issue_host(self, name: str, host_key: str) -> IssuedToken:
        """A token for staff. Raises HOST_KEY_WRONG or NAME_INVALID."""
        # Compared in constant time: how long an answer takes must not tell how much was right.
        if not hmac.compare_digest(host_key.encode(), self._host_key().encode()):
            raise GalleriaError("HOST_KEY_WRONG", "This host key is not right.", {}, 403)
        return self.issue(name, "host")

    def revoke(self, person_id: str) -> None:
        """This person was erased: their tokens are good for nothing any more."""
        self.refuse((subject_of(person_id),))
        theirs = [
            token for token, (guest, _) in self._verified.items() if guest.person_id == person_id
        ]
        for token in theirs:
            del self._verified[token]

    def refuse(self, subjects: Iterable[str]) -> None:
        """These people were erased, as `commerce.subject_of` says it; the last one the latest."""
        for subject in subjects:
            self._erased[subject] = None
            self._erased.move_to_end(subject)
        while len(self._erased) > self._limits.erased_max:
            self._erased.popitem(last=False)

    def verify(self, token: str, *, even_erased: bool = False) -> Guest:
        """The guest this token was issued to; one who was erased only when that does not matter.

        Raises TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED, all with HTTP status 401.
        """
        if not token:
            raise GalleriaError("TOKEN_MISSING", "Get a token first: POST /session/guest.", {}, 401)
        known = self._verified.get(token)
        if known is not None and known[1] > self._clock():
            self._verified.move_to_end(token)
            return known[0]
        guest, expires_ms = self._verify(token)
        if self._erased and subject_of(guest.person_id) in self._erased:
            if even_erased:
                return guest
            raise GalleriaError(
                "TOKEN_EXPIRED",
                "This token belongs to somebody who asked to be forgotten; get a new one.",
                {"reason": "erased"},
                401,
            )
        self._verified[token] = (guest, expires_ms)
        if len(self._verified) > self._limits.verified_max:
            self._verified.popitem(last=False)
        return guest

    def _verify(self, token: str) -> tuple[Guest, int]:
        """The guest of a token, and when it runs out, ms since the Unix epoch."""
        claims = self._claims(token)
        person_id, name, role = claims.get("sub"), claims.get("name"), claims.get("role")
        expires_s, network = claims.get("exp"), claims.get("net", "")
        if (
            claims.get("aud") != AUDIENCE
            or not isinstance(person_id, str)
            or not isinstance(name, str)
            or role not in ROLES
            or type(expires_s) is not int
            or not isinstance(network, str)
        ):
            raise _invalid()
        if expires_s * 1_000 <= self._clock():
            raise GalleriaError(
                "TOKEN_EXPIRED",
                "This token has run out; get a new one.",
                {"expired_ms": expires_s * 1_000},
                401,
            )
        return Guest(person_id, name, cast("str", role), network), expires_s * 1_000

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > TOKEN_LENGTH_MAX:
            raise _invalid()
        try:
            return dict(jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims)
        # Whatever a hostile token breaks inside the parser, it is an invalid token.
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise _invalid() from error


def clean_name(name: str) -> str:
    """The name as others will see it: composed, trimmed, on one line, without invisible signs.

    Raises NAME_INVALID when nothing is left or it is longer than 32 characters. Control and format
    characters go (they can turn text around and fake other names); joiners stay, emoji need them.
    """
    composed = unicodedata.normalize("NFC", name)
    cleaned = " ".join("".join(_visible(character) for character in composed).split())
    if not cleaned.strip(JOINER + " ") or len(cleaned) > NAME_LENGTH_MAX:
        raise GalleriaError(
            "NAME_INVALID",
            f"A name needs 1 to {NAME_LENGTH_MAX} visible characters.",
            {"length_max": NAME_LENGTH_MAX},
            422,
        )
    return cleaned


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    # Cn (unassigned) stays: emoji newer than this Python would be among them.
    return "" if category in ("Cf", "Cs", "Co") and character != JOINER else character


def _invalid() -> GalleriaError:
    return GalleriaError(
        "TOKEN_INVALID", "This token was not issued here, or was changed.", {}, 401
    )
