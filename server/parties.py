"""Party codes. Who is in a party is decided by commerce (its cart has the members); here is only
the short code that friends type, and the name that others see for a person."""

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

from server.clock import Clock
from server.errors import GalleriaError

# No 0/O, 1/I/L: codes are read aloud and typed on controllers.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6
NAMES_MAX = 100_000

NOBODY = "somebody"
"""What people are called whose name is not known."""


class PartyCodes(Protocol):
    """What rooms ask, wherever the codes are kept: here, or in the directory of all workers."""

    async def open(self) -> tuple[str, str]:
        """A new party id and its code."""

    async def code_of(self, party_id: str) -> str:
        """The code of a shared party, newly made when it has none (after a crash)."""

    def keep(self, party_id: str, code: str) -> None:
        """This party had this code before the restart; it goes on unless either is taken."""

    async def find(self, code: str) -> str:
        """The party with this code, whatever the letters' case; PARTY_NOT_FOUND."""

    def remember_name(self, person_id: str, name: str) -> None:
        """This is how the person is called from now on."""

    def name_of(self, person_id: str) -> str:
        """The name a person goes by, or "somebody" when it is not known."""


class Names:
    """Names of at most `names_max` people; the one heard of longest ago is forgotten."""

    def __init__(self, names_max: int = NAMES_MAX) -> None:
        self._names_max = names_max
        self._names: OrderedDict[str, str] = OrderedDict()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._names.items())

    def remember(self, person_id: str, name: str) -> bool:
        """Keep a name; False when it was known already."""
        known = self._names.get(person_id) == name
        self._names[person_id] = name
        self._names.move_to_end(person_id)
        if len(self._names) > self._names_max:
            self._names.popitem(last=False)
        return not known

    def name_of(self, person_id: str) -> str:
        return self._names.get(person_id, NOBODY)


class Parties:
    """Codes of open parties: long enough (31^6) not to be guessed at the allowed request rate.

    At most `parties_max` codes; the longest unused one makes room.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        code_ttl_ms: int = 24 * 3_600_000,
        parties_max: int = 50_000,
        names_max: int = NAMES_MAX,
    ) -> None:
        self.names = Names(names_max)
        self._clock = clock
        self._code_ttl_ms = code_ttl_ms
        self._parties_max = parties_max
        self._party_by_code: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._code_by_party: dict[str, str] = {}

    async def open(self) -> tuple[str, str]:
        party_id = "party-" + secrets.token_hex(8)
        return party_id, self._new_code(party_id)

    async def code_of(self, party_id: str) -> str:
        code = self._code_by_party.get(party_id)
        if code is not None:
            if self._party_by_code[code][1] > self._clock():
                return code
            del self._party_by_code[code]
        return self._new_code(party_id)

    def keep(self, party_id: str, code: str) -> None:
        if party_id not in self._code_by_party and code not in self._party_by_code:
            self._keep(party_id, code)

    async def find(self, code: str) -> str:
        found = self._party_by_code.get(code.strip().upper())
        if found is None or found[1] <= self._clock():
            raise GalleriaError(
                "PARTY_NOT_FOUND", "No party has this code; ask your friends for theirs.", {}, 404
            )
        return found[0]

    def remember_name(self, person_id: str, name: str) -> None:
        self.names.remember(person_id, name)

    def name_of(self, person_id: str) -> str:
        return self.names.name_of(person_id)

    def _new_code(self, party_id: str) -> str:
        while True:
            code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
            if code not in self._party_by_code:
                break
        self._keep(party_id, code)
        return code

    def _keep(self, party_id: str, code: str) -> None:
        self._party_by_code[code] = (party_id, self._clock() + self._code_ttl_ms)
        self._code_by_party[party_id] = code
        if len(self._party_by_code) > self._parties_max:
            _, (oldest, _) = self._party_by_code.popitem(last=False)
            self._code_by_party.pop(oldest, None)
