"""Who pays how much of a locked checkout: by own lines, in equal parts, or as agreed.

The parts always sum to the total, to the minor unit. Remainder rule of equal parts: each pays the
total divided by their number, rounded down, and the minor units that are left over are paid one
each by the first ones, in the order of the members of the cart. A line of somebody who does not
take part is paid in equal parts by those who do. Who receives a gift does not pay for it, unless
the parts were agreed one by one.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from commerce.checkout import QuoteLine
from commerce.errors import InvalidRequestError


class SplitPlan(StrEnum):
    """How a total is divided."""

    OWN_LINES = "own_lines"
    EQUAL = "equal"
    CUSTOM = "custom"


def equal_parts(total_minor: int, people: Sequence[str]) -> dict[str, int]:
    """The same for everybody, as near as minor units go; sums to `total_minor`."""
    _check_people(people)
    part, left = divmod(total_minor, len(people))
    return {person: part + (place < left) for place, person in enumerate(people)}


def own_lines(lines: Sequence[QuoteLine], people: Sequence[str]) -> dict[str, int]:
    """Everybody pays what they put in, gifts too; what belongs to nobody of `people` is shared
    equally."""
    _check_people(people)
    parts, common = dict.fromkeys(people, 0), 0
    for line in lines:
        amount = line.total_minor
        if line.owner_id in parts:
            parts[line.owner_id] += amount
        else:
            common += amount
    return _sum(parts, equal_parts(common, people))


def equal_but_gifts(lines: Sequence[QuoteLine], people: Sequence[str]) -> dict[str, int]:
    """Everybody pays the same, but a gift is paid by who gives it."""
    _check_people(people)
    gifts = [line for line in lines if line.gift_for is not None and line.owner_id in people]
    others = [line for line in lines if line not in gifts]
    total_minor = sum(line.total_minor for line in others)
    return _sum(own_lines(gifts, people), equal_parts(total_minor, people))


def custom_parts(
    total_minor: int, people: Sequence[str], amounts: Mapping[str, int]
) -> dict[str, int]:
    """Parts as the party agreed. Raises INVALID_SPLIT unless members pay them and they sum up."""
    _check_people(people)
    if any(type(amount) is not int or amount < 0 for amount in amounts.values()):
        raise invalid_split("A part is a whole number of minor units from 0 up.")
    strangers = sorted(set(amounts) - set(people))
    if strangers:
        raise invalid_split("Only those who share the cart can pay a part.", strangers=strangers)
    given = sum(amounts.values())
    if given != total_minor:
        raise invalid_split(
            "The parts do not sum to the total.", given_minor=given, total_minor=total_minor
        )
    return {person: amounts.get(person, 0) for person in people}


def divided(
    plan: SplitPlan,
    lines: Sequence[QuoteLine],
    total_minor: int,
    people: Sequence[str],
    amounts: Mapping[str, int],
) -> dict[str, int]:
    """The part of everybody in `people`, in their order. Raises INVALID_SPLIT."""
    if plan is SplitPlan.EQUAL:
        return equal_but_gifts(lines, people)
    if plan is SplitPlan.OWN_LINES:
        return own_lines(lines, people)
    return custom_parts(total_minor, people, amounts)


def invalid_split(message: str, **data: int | list[str]) -> InvalidRequestError:
    """A division that cannot be."""
    return InvalidRequestError("INVALID_SPLIT", message, data)


def _check_people(people: Sequence[str]) -> None:
    if not people or len(set(people)) != len(people):
        raise invalid_split("Those who pay are at least one, and nobody twice.")


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {person: amount + other[person] for person, amount in one.items()}
