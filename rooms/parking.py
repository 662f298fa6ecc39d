"""A room at rest: everything in it as plain values, to go on in another process.

People are put back as reconnecting, with a new grace period: their seat, what they hold, their
party, its cart and votes, and whom they have blocked are as they were. What lasts for moments only
(offers, looks) is not kept, and neither is what commerce tells anew (stock).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rooms.avatars import POSE_BYTES
from rooms.plain import JournalError, from_plain, to_plain
from rooms.safety import settle_in
from rooms.state import RECONNECTING, Avatar, Party, State
from rooms.waiting_line import set_timers

PARKING_VERSION = 1


def park(state: State) -> dict[str, Any]:
    """Everything that goes on when the room does. Requests under way must have been answered."""
    return {
        "parking_version": PARKING_VERSION,
        "avatars": [
            to_plain(replace(state.avatars[avatar_id], gaze=None)) for avatar_id in state.avatar_ids
        ],
        "poses": state.poses.records(state.avatar_ids).hex(),
        "parties": [
            {
                "party": to_plain(replace(party, votes={})),
                "votes": [
                    [product_id, avatar_id, choice]
                    for product_id, choices in party.votes.items()
                    for avatar_id, choice in choices.items()
                ],
            }
            for party in state.parties.values()
        ],
        "props": [
            [prop.prop_id, prop.product_id, prop.owner_avatar_id, prop.hand, prop.epoch]
            for prop in state.props.values()
        ],
        "next_offer_id": state.next_offer_id,
        "spotlight": [state.spotlight_product_id, state.spotlight_by_avatar_id],
    }


def unpark(state: State, parked: Mapping[str, Any], now_ms: int) -> None:
    """Put everybody back into a room that nobody is in. Raises JournalError, and the room must not
    be used then."""
    try:
        if parked["parking_version"] != PARKING_VERSION:
            raise JournalError("this room was parked by another version")
        avatars = [from_plain(Avatar, list(entry)) for entry in parked["avatars"]]
        _put_back_people(state, avatars, bytes.fromhex(parked["poses"]), now_ms)
        _put_back_parties(state, parked["parties"])
        for avatar in avatars:
            settle_in(state, avatar)
        _put_back_props(state, parked["props"])
        state.next_offer_id = int(parked["next_offer_id"])
        product_id, by_avatar_id = parked["spotlight"]
        if product_id in state.slot_of_product:
            state.spotlight_product_id = product_id
            state.spotlight_by_avatar_id = by_avatar_id
    except (KeyError, TypeError, ValueError, IndexError) as error:
        for avatar_id in state.avatar_ids:
            state.poses.remove(avatar_id)
        raise JournalError(f"this room cannot be unparked: {error}") from error


def _put_back_people(state: State, avatars: list[Avatar], poses: bytes, now_ms: int) -> None:
    for index, avatar in enumerate(avatars):
        record = poses[index * POSE_BYTES : (index + 1) * POSE_BYTES]
        state.poses.put_back(avatar.avatar_id, record, now_ms, state.layout.bounds)
        avatar.presence = RECONNECTING
        state.add(avatar)
        due_ms = now_ms + state.settings.grace_period_ms
        state.timers.set(("grace", avatar.avatar_id), due_ms)
    for sku in sorted({place.sku for avatar in avatars for place in avatar.places}):
        set_timers(state, sku)


def _put_back_parties(state: State, parties: list[dict[str, Any]]) -> None:
    for entry in parties:
        party = from_plain(Party, list(entry["party"]))
        for product_id, avatar_id, choice in entry["votes"]:
            party.votes.setdefault(product_id, {})[avatar_id] = choice
        state.parties[party.party_id] = party


def _put_back_props(state: State, props: list[list[Any]]) -> None:
    for prop_id, product_id, owner_avatar_id, hand, epoch in props:
        prop = state.props.get(prop_id)
        # The shelves may have been filled anew meanwhile; then a prop is on its slot.
        if prop is not None and prop.product_id == product_id:
            prop.epoch = epoch
            if owner_avatar_id in state.avatars:
                prop.owner_avatar_id, prop.hand = owner_avatar_id, hand
