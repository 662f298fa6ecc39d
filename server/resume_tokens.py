"""Resume tokens: signed and not remembered, so that any node with the secret can judge them."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass

from server.clock import Clock

_FACTS = struct.Struct(">IQ")
_SIGNATURE_BYTES = hashlib.sha256().digest_size
_PURPOSE = b"galleria resume token 1"
"""Mixed into the key, so that no other token signed with this secret passes for one of these."""

TOKEN_LENGTH_MAX = 512


@dataclass(frozen=True, slots=True)
class ResumeFacts:
    """What a good token says: whose session, and which of its connections it was issued to."""

    session_id: str
    epoch: int


class ResumeTokens:
    """Issues and verifies resume tokens (HMAC-SHA-256 over session id, epoch and expiry)."""

    def __init__(self, secret: bytes, clock: Clock, ttl_ms: int) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._clock = clock
        self._ttl_ms = ttl_ms

    def issue(self, session_id: str, epoch: int) -> str:
        """A token for the next connection of this session."""
        facts = _FACTS.pack(epoch, self._clock() + self._ttl_ms) + session_id.encode()
        return base64.urlsafe_b64encode(facts + self._sign(facts)).decode()

    def verify(self, token: str) -> ResumeFacts | str:
        """What the token says, or the reason why it is no good: "invalid" or "expired"."""
        if len(token) > TOKEN_LENGTH_MAX:
            return "invalid"
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return "invalid"
        facts, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
        if len(facts) <= _FACTS.size or not hmac.compare_digest(signature, self._sign(facts)):
            return "invalid"
        epoch, expires_ms = _FACTS.unpack_from(facts)
        if expires_ms <= self._clock():
            return "expired"
        return ResumeFacts(facts[_FACTS.size :].decode(), epoch)

    def _sign(self, facts: bytes) -> bytes:
        return hmac.digest(self._key, facts, "sha256")
