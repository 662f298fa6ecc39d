"""A cart of nobody, for one thing that is bought at once."""

from sqlalchemy import insert

from commerce.cart import Line
from commerce.db import carts
from commerce.db.schema import cart_lines
from commerce.db.unit import Unit


def create(unit: Unit, cart_id: str, line: Line) -> None:
    """Make a cart without members that has this line."""
    carts.create_shared(unit, cart_id)
    unit.connection.execute(insert(cart_lines), carts.line_values(cart_id, line))
