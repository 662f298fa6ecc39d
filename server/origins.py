"""Where people come from, as far as they are counted by it."""

from collections import OrderedDict
from dataclasses import dataclass

PEOPLE_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Origin:
    """`network` names the network from which a person's token was asked for, for the lines of
    drops; empty: not known. `address` is where their newest connection came from, for the limit of
    tries to pay (see `server.http.rate_limit.network_of`); None: they have had none here."""

    network: str = ""
    address: str | None = None


class Origins:
    """Of at most `PEOPLE_MAX` people; the one heard of longest ago is forgotten, and is then
    counted as a person alone."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Origin] = OrderedDict()

    def remember(self, person_id: str, origin: Origin) -> None:
        """A person was heard of just now."""
        self._known[person_id] = origin
        self._known.move_to_end(person_id)
        if len(self._known) > PEOPLE_MAX:
            self._known.popitem(last=False)

    def forget(self, person_id: str) -> None:
        """This person asked to be forgotten."""
        self._known.pop(person_id, None)

    def of(self, person_id: str) -> Origin:
        """Where this person comes from; without anything when it is not known."""
        return self._known.get(person_id, Origin())
