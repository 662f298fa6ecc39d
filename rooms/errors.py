"""Every refusal of a room: one table of stable codes with a sentence for a person.

The names in braces are filled from the data that goes with the refusal.
"""

from typing import Any

SENTENCES: dict[str, str] = {
    "NOT_IN_ROOM": "Join a room first.",
    "ROOM_FULL": "This room is full; try again in a moment.",
    "ALREADY_IN_ROOM": "You are in this room already.",
    "OUT_OF_BOUNDS": "Nobody can stand there; choose a free point of the floor.",
    "FIELD_INVALID": "{field} is not valid.",
    "PRODUCT_NOT_HERE": "This product is not in this room.",
    "SKU_NOT_HERE": "This article is not sold in this room.",
    "LIMIT_REACHED": "The quantity must be from {minimum} to {maximum}.",
    "BUSY": "Too many of your requests are waiting; try again in a moment.",
    "ALREADY_IN_PARTY": "You are in a party already; leave it first.",
    "NOT_IN_PARTY": "You are not in a party.",
    "PARTY_FULL": "This party is full; it has {capacity} places.",
    "PROP_NOT_FOUND": "There is no such object.",
    "PROP_TAKEN": "Somebody else is holding this.",
    "OUT_OF_REACH": "That is too far away; step closer.",
    "HANDS_FULL": "Your hands are full; put something back first.",
    "NOT_OWNER": "You are not holding this.",
    "STALE_EPOCH": "This has changed hands since.",
    "AVATAR_NOT_FOUND": "That person is not here.",
    "OFFER_PENDING": "You are holding this out to somebody already.",
    "OFFER_NOT_FOUND": "This offer is over.",
    "IN_YOUR_PARTY": "Leave the party first: members of one party always see each other.",
    "BLOCKED_IN_PARTY": "Somebody you have blocked is in this party; unblock them first.",
    "BLOCK_NOT_FOUND": "You have not blocked this person.",
    "RADIUS_OUT_OF_RANGE": "Personal space goes from 0 to {maximum_m} metres.",
    "BLOCKS_FULL": "You can keep {limit} people away; take one back first.",
    "INVALID_SPLIT": "The parts do not fit: name each payer once, and custom amounts one for each.",
    "LINES_FULL": "You can stand in {limit} waiting lines; leave one first.",
    "PARTY_NOT_FOUND": "No party has this code; ask your friends for theirs.",
    "NOT_ALLOWED": "You may not do that.",
}


class RefusalError(Exception):
    """A command that is not carried out; the room has not changed.

    `code` is a key of `SENTENCES`, `message` the sentence, `data` plain facts for programs.
    """

    def __init__(self, code: str, message: str, data: dict[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def refuse(code: str, **data: Any) -> RefusalError:
    """The refusal of this code, to be raised. KeyError for a code that is not in the table."""
    return RefusalError(code, SENTENCES[code].format_map(data), data)
