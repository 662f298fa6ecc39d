"""A party's opinion of products. Votes are the party's own business and go with who leaves it."""

from rooms import behaviour
from rooms.commands import Vote
from rooms.errors import refuse
from rooms.events import VotesChanged
from rooms.state import Avatar, Party, Turn

SIGNALS = {1: "vote_up", -1: "vote_down"}
CHOICES = (-1, 0, 1)


def vote(turn: Turn, avatar: Avatar, command: Vote) -> None:
    """Vote for, against, or take a vote back; the same vote again changes nothing."""
    turn.state.check_product(command.product_id)
    if command.choice not in CHOICES:
        raise refuse("FIELD_INVALID", field="choice")
    turn.answer(avatar.avatar_id, command.request_id)
    party = turn.state.party_of(avatar)
    before = party.votes.get(command.product_id, {}).get(avatar.avatar_id, 0)
    if command.choice == before:
        return
    if command.choice:
        party.votes.setdefault(command.product_id, {})[avatar.avatar_id] = command.choice
        behaviour.record(turn, avatar, SIGNALS[command.choice], command.product_id)
    else:
        _drop(party, command.product_id, avatar.avatar_id)
    turn.tell_party(party.party_id, VotesChanged(party.tally(command.product_id)))


def take_back(turn: Turn, party: Party, avatar_id: int) -> None:
    """Remove all votes of a member who has left the party; who stays is told."""
    for product_id in sorted(party.votes):
        if avatar_id in party.votes[product_id]:
            _drop(party, product_id, avatar_id)
            turn.tell_party(party.party_id, VotesChanged(party.tally(product_id)))


def _drop(party: Party, product_id: str, avatar_id: int) -> None:
    choices = party.votes[product_id]
    del choices[avatar_id]
    if not choices:
        del party.votes[product_id]
