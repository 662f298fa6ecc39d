"""Parties as far as they are in this room. Who belongs to a party is decided outside."""

from rooms import behaviour, gifts, safety, till, votes
from rooms.commands import CreateParty, JoinParty, LeaveParty, PartyCompleted
from rooms.effects import EnterParty, OpenParty, QuitParty
from rooms.errors import refuse
from rooms.events import (
    AvatarChanged,
    CartChanged,
    CheckoutChanged,
    GiftOffered,
    PartyChanged,
    VotesChanged,
)
from rooms.state import Avatar, Party, Pending, State, Turn
from rooms.types import PartyMember

OPEN, ENTER, QUIT = "open_party", "enter_party", "quit_party"
MOVES = frozenset({OPEN, ENTER, QUIT})


def create_party(turn: Turn, avatar: Avatar, command: CreateParty) -> None:
    _check_alone(turn.state, avatar)
    _check_not_moving(turn.state, avatar)
    effect = OpenParty(avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id)
    turn.ask(avatar, command.request_id, Pending(OPEN), effect)


def join_party(turn: Turn, avatar: Avatar, command: JoinParty) -> None:
    """Ask for the party with a code. One that is known to be full is refused at once."""
    state = turn.state
    _check_alone(state, avatar)
    _check_not_moving(state, avatar)
    code = command.code.strip().upper()
    capacity = state.settings.party_capacity
    for party in state.parties.values():
        if code and party.code == code:
            safety.check_party(avatar, [state.avatars[member] for member in party.members])
            if len(party.members) >= capacity:
                raise refuse("PARTY_FULL", capacity=capacity)
    effect = EnterParty(
        avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id, command.code
    )
    turn.ask(avatar, command.request_id, Pending(ENTER), effect)


def leave_party(turn: Turn, avatar: Avatar, command: LeaveParty) -> None:
    if not turn.state.party_of(avatar).code:
        raise refuse("NOT_IN_PARTY")
    _check_not_moving(turn.state, avatar)
    effect = QuitParty(avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id)
    turn.ask(avatar, command.request_id, Pending(QUIT), effect)


def party_completed(turn: Turn, avatar: Avatar, command: PartyCompleted) -> None:
    """The person is in another party now. An outcome that nobody asked for is ignored."""
    state = turn.state
    pending = state.pending.get(avatar.avatar_id, {}).get(command.request_id)
    if pending is None or pending.subject not in MOVES:
        return
    turn.take_pending(avatar.avatar_id, command.request_id)
    if pending.subject == QUIT:
        turn.answer(avatar.avatar_id, command.request_id)
    else:
        turn.answer(
            avatar.avatar_id,
            command.request_id,
            party_id=command.party_id,
            party_code=command.party_code,
        )
    if command.party_id != avatar.party_id:
        remove_member(turn, avatar)
        add_member(state, avatar, command.party_id, command.party_code)
        turn.tell_all(AvatarChanged(avatar.view()))
        safety.refresh(turn, avatar)
        _tell_projections(turn, avatar)
    elif command.party_code:
        state.party_of(avatar).code = command.party_code
    tell_members(turn, state.party_of(avatar))
    state.avatars_with_news[avatar.avatar_id] = None
    state.parties_with_news[avatar.party_id] = None


def add_member(state: State, avatar: Avatar, party_id: str, code: str) -> None:
    """Put an avatar into a party. The newest code counts: a restart makes new ones."""
    party = state.parties.setdefault(party_id, Party(party_id))
    party.code = code or party.code
    party.members = sorted({*party.members, avatar.avatar_id})
    avatar.party_id = party_id
    state.sight_version += 1


def remove_member(turn: Turn, avatar: Avatar) -> None:
    """Take an avatar out of its party, with its votes; who stays is told."""
    state = turn.state
    party = state.party_of(avatar)
    party.members.remove(avatar.avatar_id)
    if party.members:
        behaviour.end_party_showings(turn, avatar)
    if len(party.members) == 1:
        behaviour.end_party_showings(turn, state.avatars[party.members[0]])
    if not party.members:
        del state.parties[party.party_id]
        state.timers.cancel(("recommend_party", party.party_id))
        return
    votes.take_back(turn, party, avatar.avatar_id)
    tell_members(turn, party)
    state.parties_with_news[party.party_id] = None


def tell_members(turn: Turn, party: Party) -> None:
    changed = PartyChanged(
        party.party_id, party.code, tuple(party.members), members_of(turn.state, party)
    )
    turn.tell_party(party.party_id, changed)


def members_of(state: State, party: Party) -> tuple[PartyMember, ...]:
    """Who of a party is here."""
    members = (state.avatars[avatar_id] for avatar_id in party.members)
    return tuple(PartyMember(m.person_id, m.name, m.avatar_id) for m in members)


def _tell_projections(turn: Turn, avatar: Avatar) -> None:
    """What a new member has to know of the party. Older things of theirs no longer hold."""
    party = turn.state.party_of(avatar)
    cart = till.cart_for(party, avatar.person_id)
    checkout = till.checkout_for(turn.state, party, avatar.person_id)
    if cart is not None:
        turn.tell(avatar.avatar_id, CartChanged(cart))
    if checkout is not None:
        turn.tell(avatar.avatar_id, CheckoutChanged(checkout))
    for gift in gifts.gifts_of(party, avatar.person_id):
        turn.tell(avatar.avatar_id, GiftOffered(gift))
    for tally in party.tallies():
        turn.tell(avatar.avatar_id, VotesChanged(tally))


def _check_alone(state: State, avatar: Avatar) -> None:
    party = state.party_of(avatar)
    if party.code:
        raise refuse("ALREADY_IN_PARTY", party_id=party.party_id)


def _check_not_moving(state: State, avatar: Avatar) -> None:
    # Two moves at once would race outside, and the room could end up showing the wrong party.
    waiting = state.pending.get(avatar.avatar_id, {})
    if any(pending.subject in MOVES for pending in waiting.values()):
        raise refuse("BUSY", limit=1)
