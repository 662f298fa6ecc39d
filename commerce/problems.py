"""What is in the way of a checkout, as data: every problem at once, with a code and a sentence.

Each has `code`, `line_id`, `sku` (None when it is about the whole) and `message`, and the facts.
"""

from collections.abc import Mapping, Sequence

from commerce.cart import Line
from commerce.checkout import Quote
from commerce.contact import Contact
from commerce.errors import JSON, PurchaseLimitError
from commerce.gift import Gift
from commerce.money import Money
from commerce.payments.settings import PaymentSettings

Problem = Mapping[str, JSON]


def problem(code: str, line: Line | None, message: str, **data: JSON) -> Problem:
    """A problem of a line, or of the whole."""
    return {
        "code": code,
        "line_id": line.line_id if line else None,
        "sku": line.sku if line else None,
        "message": message,
        **data,
    }


def limit_problem(line: Line, error: PurchaseLimitError) -> Problem:
    """A line of which one person cannot buy so much; `limited_sku` may be something in the kit."""
    return problem(
        error.code,
        line,
        error.message,
        limit="purchase_limit",
        maximum=error.maximum,
        limited_sku=error.sku,
    )


def price_problems(
    lines: Sequence[Line], quote: Quote, expected_total_minor: int | None
) -> list[Problem]:
    """What the shopper has to be told about prices, when they expected another total."""
    if expected_total_minor is None or expected_total_minor == quote.total_minor:
        return []
    problems = [
        problem(
            "TOTAL_CHANGED",
            None,
            "The total is not what you saw last. Please look at the cart again.",
            expected_total_minor=expected_total_minor,
            total_minor=quote.total_minor,
            currency=quote.currency,
        )
    ]
    for line, quoted in zip(lines, quote.lines, strict=True):
        if line.price_at_add_minor != quoted.unit_price_minor:
            problems.append(
                problem(
                    "PRICE_CHANGED",
                    line,
                    f"The price of {quoted.name} changed since it was put into the cart.",
                    price_at_add_minor=line.price_at_add_minor,
                    unit_price_minor=quoted.unit_price_minor,
                )
            )
    return problems


def order_problems(
    lines: Sequence[Line],
    quote: Quote,
    gifts: Mapping[str, Gift],
    contact: Contact | None,
    settings: PaymentSettings,
) -> list[Problem]:
    """What the rules of the shop say about the order as a whole, and gifts nobody accepted yet."""
    problems: list[Problem] = []
    minimum = settings.minimum_order_minor
    if lines and quote.total_minor < minimum:
        problems.append(
            problem(
                "BELOW_MINIMUM",
                None,
                f"The smallest order is {Money(minimum, quote.currency)}.",
                minimum_minor=minimum,
                total_minor=quote.total_minor,
                currency=quote.currency,
            )
        )
    countries = settings.shipping_countries
    if contact is None and countries and lines:
        problems.append(
            problem(
                "CONTACT_MISSING",
                None,
                "We do not know yet where to send it. Please give us your address.",
                countries=list(countries),
            )
        )
    elif contact is not None and countries and contact.country not in countries:
        problems.append(
            problem(
                "SHIPPING_NOT_POSSIBLE",
                None,
                "We do not send anything to this country.",
                country=contact.country,
                countries=list(countries),
            )
        )
    for line in lines:
        gift = gifts.get(line.line_id)
        if gift is not None and gift.accepted is None:
            problems.append(
                problem(
                    "GIFT_NOT_ACCEPTED",
                    line,
                    "The gift has not been accepted yet.",
                    receiver_id=gift.receiver_id,
                )
            )
    return problems
