"""Invites: codes that open a room, for some time and some people."""

import secrets
from dataclasses import dataclass, replace

from server.clock import Clock
from server.errors import GalleriaError


@dataclass(frozen=True, slots=True)
class InviteLimits:
    """How long an invite lives, how many people it lets in, and how many may be open.

    When they are all open the newcomer is refused with BUSY.
    """

    ttl_ms: int
    uses: int
    invites_max: int = 10_000


@dataclass(frozen=True, slots=True)
class Invite:
    """A code that opens a room. `uses` are left."""

    code: str
    room_id: str
    expires_ms: int
    uses: int


class Invites:
    """All open invites. All live equally long, so they end in the order of their making."""

    def __init__(self, limits: InviteLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._invites: dict[str, Invite] = {}

    def create(self, room_id: str) -> Invite:
        """A code that friends type or scan. Error: BUSY."""
        self._expire()
        if len(self._invites) >= self._limits.invites_max:
            raise GalleriaError("BUSY", "Too many invites are open; try again later.", {}, 503)
        expires_ms = self._clock() + self._limits.ttl_ms
        invite = Invite(secrets.token_urlsafe(9), room_id, expires_ms, self._limits.uses)
        self._invites[invite.code] = invite
        return invite

    def use(self, code: str, people: int) -> Invite:
        """Let so many people in with this code; INVITE_NOT_FOUND, also when it has too few uses."""
        self._expire()
        invite = self._invites.get(code)
        if invite is None or invite.uses < people:
            raise GalleriaError(
                "INVITE_NOT_FOUND", "This invite is unknown, used up or has run out.", {}, 404
            )
        self._invites[code] = replace(invite, uses=invite.uses - people)
        return invite

    def give_back(self, code: str, people: int) -> None:
        """They did not get in after all."""
        invite = self._invites.get(code)
        if invite is not None:
            self._invites[code] = replace(invite, uses=invite.uses + people)

    def _expire(self) -> None:
        now_ms = self._clock()
        while self._invites:
            code, invite = next(iter(self._invites.items()))
            if invite.expires_ms > now_ms:
                return
            del self._invites[code]
