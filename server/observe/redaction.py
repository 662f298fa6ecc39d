"""Keeps secrets out of logs: by the name of a field, and by the look of a value.

A token in a log file is a key in a public place. Names catch what we log on purpose; patterns catch
what slips into a message or a traceback.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

REDACTED = "[redacted]"

SECRET_NAMES = frozenset(
    {
        "authorization",
        "cookie",
        "set_cookie",
        "token",
        "guest_token",
        "resume_token",
        "seat_token",
        "secret",
        "host_key",
        "password",
        "payment_method",
        "payment_details",
        "card",
        "card_number",
        "idempotency_key",
        "invite",
        "party_code",
        "database_url",
        "secret_key",
        "webhook_secret",
        "stripe_signature",
        "rpc_url",
    }
)
"""Field names (lower case, dashes as underscores) whose values are never written."""

DEPTH_MAX = 6
"""Structures nested deeper are cut: a log line is no place for them."""

SECRET_PATTERNS = (
    # A JSON Web Token: three base64url parts, the first of which is a JSON object.
    re.compile(r"eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]{4,}"),
    re.compile(r"(?i)\bbearer\s+[\w.~+/=-]{8,}"),
    # A payment method of the embedded provider, and any digits as long as a card number.
    re.compile(r"\btest:\d{4,}"),
    re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){14,18}(?!\.?\d)"),
    # Keys of payment providers.
    re.compile(r"\b(?:sk|rk|whsec)_\w{4,}"),
    # Passwords inside addresses, and secrets in query strings.
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?i)(?<=[?&]host=)[^&\s\"']+"),
)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Structlog processor that replaces secrets in a log entry."""
    for name, value in event.items():
        event[name] = _clean(name, value, 0)
    return event


def redact_text(text: str) -> str:
    """The text without anything that looks like a secret."""
    for pattern in SECRET_PATTERNS:
        text = pattern.sub(REDACTED, text)
    return text


def _clean(name: str, value: Any, depth: int) -> Any:
    if name.lower().replace("-", "_") in SECRET_NAMES:
        return REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        if depth >= DEPTH_MAX:
            return "[...]"
        return {str(key): _clean(str(key), entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        if depth >= DEPTH_MAX:
            return "[...]"
        return [_clean("", entry, depth + 1) for entry in value]
    return value
