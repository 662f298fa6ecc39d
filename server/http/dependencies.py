"""What routes ask for: services, the guest or host behind a token, the key of a request."""

import secrets
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from commerce import NotAllowedError
from server.auth.tokens import Guest
from server.errors import GalleriaError
from server.http.caching import EncodedDocuments
from server.http.rate_limit import network_of
from server.services import Services

HOST = "host"

IDEMPOTENCY_KEY_LENGTH_MIN = 8
IDEMPOTENCY_KEY_LENGTH_MAX = 128

_bearer = HTTPBearer(
    auto_error=False, description="The token of `POST /session/guest` or `POST /session/host`."
)


async def _services(request: Request) -> Services:
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the application was made without services")
    return services


ServicesHere = Annotated[Services, Depends(_services)]


async def _documents(request: Request) -> EncodedDocuments:
    documents = request.app.state.documents
    if not isinstance(documents, EncodedDocuments):
        raise TypeError("the application was made without its cache")
    return documents


DocumentsHere = Annotated[EncodedDocuments, Depends(_documents)]


async def _guest(
    services: ServicesHere,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Guest:
    return services.guests.verify(credentials.credentials if credentials else "")


GuestHere = Annotated[Guest, Depends(_guest)]
"""Who asks; TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED otherwise."""


async def _former_guest(
    services: ServicesHere,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Guest:
    token = credentials.credentials if credentials else ""
    return services.guests.verify(token, even_erased=True)


FormerGuestHere = Annotated[Guest, Depends(_former_guest)]
"""Who asks, even when they were erased meanwhile: only for asking about that."""


async def _host(guest: GuestHere) -> Guest:
    if guest.role != HOST:
        raise NotAllowedError("This is for the staff of the shop.", {"role": HOST})
    return guest


HostHere = Annotated[Guest, Depends(_host)]
"""Who asks, when it is a host; NOT_ALLOWED for shoppers."""


def base_url_of(services: Services, request: Request) -> str:
    """How this client reaches us: as the operator says, else as it just did."""
    return services.settings.listen.public_url or str(request.base_url).rstrip("/")


def address_of(request: Request) -> str:
    """Where a request came from, as far as people are counted by it."""
    return network_of(request.client.host if request.client else None)


_KEY_DESCRIPTION = (
    "A key you make up for this one action (such as a UUID) and send again when you repeat it: "
    "the action then happens once and you get the same answer."
)


async def _required_key(
    idempotency_key: Annotated[str | None, Header(description=_KEY_DESCRIPTION)] = None,
) -> str:
    return required_key(idempotency_key)


def required_key(given: str | None) -> str:
    """The key of an action that needs one. Raises IDEMPOTENCY_KEY_MISSING or
    INVALID_IDEMPOTENCY_KEY."""
    if given is None:
        raise GalleriaError(
            "IDEMPOTENCY_KEY_MISSING",
            "Send an Idempotency-Key header, so that a repeated request cannot pay twice.",
            {"header": "Idempotency-Key"},
        )
    return _checked_key(given)


async def _optional_key(
    idempotency_key: Annotated[str | None, Header(description=_KEY_DESCRIPTION)] = None,
) -> str:
    return optional_key(idempotency_key)


def optional_key(given: str | None) -> str:
    """The key of an action; without one each request is an action of its own. Raises
    INVALID_IDEMPOTENCY_KEY."""
    return secrets.token_hex(16) if given is None else _checked_key(given)


RequiredKey = Annotated[str, Depends(_required_key)]
OptionalKey = Annotated[str, Depends(_optional_key)]


def _checked_key(key: str) -> str:
    length_right = IDEMPOTENCY_KEY_LENGTH_MIN <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX
    if not length_right or not key.isascii() or not key.isprintable():
        raise GalleriaError(
            "INVALID_IDEMPOTENCY_KEY",
            f"An Idempotency-Key has {IDEMPOTENCY_KEY_LENGTH_MIN} to {IDEMPOTENCY_KEY_LENGTH_MAX} "
            "printable ASCII characters.",
            {"header": "Idempotency-Key"},
            422,
        )
    return key
