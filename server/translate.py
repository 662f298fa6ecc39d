"""The only dictionary between the words of the packages: wire, rooms, commerce, recommender.

Events and commands have the names and fields of their messages (a test holds them together), so
they are translated by rule; views of commerce are put into the room's projections by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from commerce import CartLineView, CartView, CheckoutView
from commerce import StockView as CommerceStock
from commerce import events as commerce_events
from recommender.display import DisplayCell
from recommender.impressions import Showing, Surface
from recommender.interactions import ConsentClass, Interaction, Recommendation, Signal
from rooms import commands
from rooms.basket import Cart, CartLine, Checkout
from rooms.commands import COMMANDS
from rooms.commands_together import TOGETHER_COMMANDS
from rooms.effects import RecordInteraction, RecordShowing
from rooms.types import Item, OwnDisplay, OwnPlace
from server.wire.messages import MESSAGES
from server.wire.schema import Delivery, Direction

NameOf = Callable[[str], str]

ROOM_COMMANDS: dict[str, type[commands.AvatarCommand]] = {
    message.name: command
    for message in MESSAGES
    if message.direction is Direction.TO_SERVER
    and message.delivery in (Delivery.REQUEST, Delivery.COMMAND)
    and (command := (COMMANDS | TOGETHER_COMMANDS).get(message.name)) is not None
    and issubclass(command, commands.AvatarCommand)
}
"""The room command of each message that goes to the room as it is."""


def room_command(
    name: str, avatar_id: int, request_id: int, body: Mapping[str, Any]
) -> commands.AvatarCommand:
    """A decoded message as the command of the same name and fields."""
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in body.items()}
    return ROOM_COMMANDS[name](avatar_id=avatar_id, request_id=request_id, **fields)


def cart(view: CartView, name_of: NameOf) -> Cart:
    """Commerce's cart as the room shows it."""
    return Cart(
        cart_id=view.id,
        version=view.version,
        currency=view.currency,
        total_minor=view.total_minor,
        lines=tuple(_cart_line(line, name_of) for line in view.lines),
        checkout_id=view.checkout_id or "",
    )


def _cart_line(line: CartLineView, name_of: NameOf) -> CartLine:
    return CartLine(
        line_id=line.line_id,
        sku=line.sku,
        product_id=line.product_id,
        name=line.name,
        options=", ".join(str(value) for value in line.options.values()),
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        owner_person_id=line.owner_id,
        owner_name=name_of(line.owner_id),
        hold_state=str(line.hold_state),
        hold_expires_ms=line.hold_expires_ms or 0,
    )


def checkout(view: CheckoutView, name_of: NameOf) -> Checkout:
    """Commerce's checkout as the room shows it to the party. Raises ValueError for a view that was
    made for one person: nobody else may see that."""
    if view.due_minor is not None:
        raise ValueError("a room shows the public view of a checkout")
    challenge, failure = view.challenge, view.last_failure
    return Checkout(
        checkout_id=view.id,
        version=view.version,
        state=str(view.state),
        locked_by_person_id=view.locked_by,
        locked_by_name=name_of(view.locked_by),
        total_minor=view.total_minor,
        currency=view.currency,
        expires_ms=view.expires_ms,
        payer_person_id=view.payer_id or "",
        challenge_id=challenge.challenge_id if challenge else "",
        challenge_text=challenge.instructions if challenge else "",
        in_doubt=view.in_doubt,
        failure_code=failure.code if failure else "",
        failure_message=failure.message if failure else "",
        order_id=view.order_id or "",
    )


def stock_updated(stock: CommerceStock | commerce_events.StockChanged) -> commands.StockUpdated:
    return commands.StockUpdated(stock.sku, stock.product_id, stock.available, stock.version)


def order_paid(
    event: commerce_events.OrderPaid, total_minor: int, name_of: Callable[[str], str]
) -> commands.OrderPaid:
    """`total_minor` is what everybody may see of it; `name_of` gives a product's name here."""
    return commands.OrderPaid(
        party_id=event.cart_id,
        order_id=event.order_id,
        checkout_id=event.checkout_id,
        payer_person_id=event.payer_id,
        total_minor=total_minor,
        currency=event.currency,
        items=tuple(f"{line.quantity} × {name_of(line.product_id)}" for line in event.lines),
        product_ids=tuple(line.product_id for line in event.lines),
    )


def hold_expired(event: commerce_events.HoldExpired) -> commands.HoldExpired:
    return commands.HoldExpired(event.cart_id, event.line_id, event.product_id)


def interaction(effect: RecordInteraction) -> Interaction:
    """What a person did in the room, as the recommender learns it."""
    return Interaction(
        person_id=effect.person_id,
        product_id=effect.product_id,
        signal=Signal(effect.signal),
        occurred_ms=effect.occurred_ms,
        consent=frozenset(ConsentClass(name) for name in effect.consent),
        party_id=effect.party_id or None,
        session_id=effect.session_id or None,
        slot_id=effect.slot_id or None,
        value=effect.value,
    )


def showing(effect: RecordShowing) -> Showing:
    """What a person was shown in the room, as the recommender learns it."""
    return Showing(
        person_id=effect.person_id,
        surface=Surface(effect.scope),
        product_ids=tuple(product_id for product_id, _ in effect.items),
        shown_ms=effect.occurred_ms,
        consent=frozenset(ConsentClass(name) for name in effect.consent),
        party_id=effect.party_id or None,
        session_id=effect.session_id or None,
        explored=frozenset(product_id for product_id, code in effect.items if code == "new"),
    )


def items(recommendations: list[Recommendation]) -> tuple[Item, ...]:
    return tuple(_item(entry) for entry in recommendations)


def _item(entry: Recommendation) -> Item:
    return Item(entry.product_id, float(entry.score), entry.reason_code, entry.reason)


def displays(cells: Mapping[str, Sequence[DisplayCell]]) -> tuple[OwnDisplay, ...]:
    """A shelf as each of its viewers sees it."""
    return tuple(
        OwnDisplay(
            person_id,
            tuple(OwnPlace(c.place, _item(c.recommendation), c.shared_with) for c in places),
        )
        for person_id, places in cells.items()
    )
