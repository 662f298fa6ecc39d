"""What a party thinks of products: one vote an avatar and product."""

from rooms import behaviour
from rooms.commands import Vote
from rooms.errors import Refusal
from rooms.events import Answer, VotesChanged
from rooms.state import Avatar, State, Turn
from rooms.types import TallyView


def vote(turn: Turn, command: Vote) -> None:
    avatar = turn.avatar(command.avatar_id)
    turn.placement(command.product_id)
    party = turn.state.votes.setdefault(avatar.party_id, {})
    if command.product_id not in party and len(party) >= turn.state.settings.votes_per_party:
        raise Refusal("VOTES_FULL")
    _set(turn, avatar, command.product_id, command.choice)
    if command.request_id:
        turn.tell(avatar.avatar_id, Answer(command.request_id, {}))
    if command.choice:
        signal = "vote_up" if command.choice > 0 else "vote_down"
        behaviour.record(turn, avatar, signal, command.product_id)


def take_back_all(turn: Turn, avatar: Avatar) -> None:
    """Somebody leaves the party: their votes go with them."""
    for product_id, choices in list(turn.state.votes.get(avatar.party_id, {}).items()):
        if avatar.avatar_id in choices:
            _set(turn, avatar, product_id, 0)


def tallies(state: State, party_id: str) -> tuple[TallyView, ...]:
    """All votes of a party."""
    party = state.votes.get(party_id, {})
    return tuple(_tally(product_id, choices) for product_id, choices in party.items())


def _set(turn: Turn, avatar: Avatar, product_id: str, choice: int) -> None:
    party = turn.state.votes[avatar.party_id]
    choices = party.setdefault(product_id, {})
    choices.pop(avatar.avatar_id, None)
    if choice:
        choices[avatar.avatar_id] = choice
    turn.tell_party(avatar.party_id, VotesChanged(_tally(product_id, choices)))
    if not choices:
        del party[product_id]


def _tally(product_id: str, choices: dict[int, int]) -> TallyView:
    up = sum(choice > 0 for choice in choices.values())
    return TallyView(product_id, up, len(choices) - up)
