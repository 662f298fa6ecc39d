"""Gifts: somebody pays a line of the cart for somebody else, who accepts it first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gift:
    """A line of `giver_id` for `receiver_id`. `accepted` is None until the receiver answers."""

    line_id: str
    cart_id: str
    giver_id: str
    receiver_id: str
    accepted: bool | None
