"""A checkout as somebody sees it: what is private to others is left out."""

from collections.abc import Sequence

from commerce.checkout import CheckoutState, QuoteLine
from commerce.db.checkouts import Checkout
from commerce.db.shares import Share
from commerce.payment import NOT_FOR_OTHERS, PUBLIC_FAILURES, Attempt, AttemptState
from commerce.views import (
    ChallengeView,
    CheckoutView,
    FailureView,
    QuoteLineView,
    ShareState,
    ShareView,
)

ASKED = "The bank has a question for the one who pays."
"""What everybody else sees of a bank's question."""


def view_of(checkout: Checkout, viewer: str | None = None) -> CheckoutView:
    """The checkout as `viewer` sees it; None: as the room shows it to everybody.

    Only the payer sees where their bank waits for them and why it refused. Who receives a gift sees
    neither its price nor a total that would tell it, nor what its giver pays.
    """
    paying = checkout.state is CheckoutState.PAYING
    givers = {line.owner_id for line in checkout.lines if line.gift_for and _hides(line, viewer)}
    hidden = sum(line.total_minor for line in checkout.lines if _hides(line, viewer))
    payer = _payer(checkout)
    unclear = [a for a in checkout.live_attempts if a.in_doubt]
    return CheckoutView(
        id=checkout.checkout_id,
        cart_id=checkout.cart_id,
        version=checkout.version,
        state=checkout.state,
        locked_by=checkout.locked_by,
        total_minor=checkout.total_minor - hidden,
        currency=checkout.currency,
        expires_ms=checkout.expires_ms,
        quote_hash=checkout.quote_hash,
        lines=line_views(checkout.lines, checkout.currency, viewer),
        order_id=checkout.order_id,
        payer_id=payer,
        challenge=_challenge(checkout.attempts, viewer) if paying else None,
        in_doubt=paying and bool(unclear),
        last_failure=_failure(checkout.attempt, viewer),
        released_reason=checkout.released_reason,
        shares=tuple(_share(checkout, share, givers) for share in checkout.shares),
        due_minor=None if viewer is None else checkout.due_from(viewer),
        coupon_code=checkout.coupon_code,
    )


def line_views(
    lines: Sequence[QuoteLine], currency: str, viewer: str | None = None
) -> tuple[QuoteLineView, ...]:
    """Frozen lines as they are shown."""
    return tuple(
        QuoteLineView(
            line_id=line.line_id,
            sku=line.sku,
            product_id=line.product_id,
            name=line.name,
            options=line.options,
            quantity=line.quantity,
            unit_price_minor=0 if _hides(line, viewer) else line.unit_price_minor,
            currency=currency,
            owner_id=line.owner_id,
            gift_for=line.gift_for,
            price_hidden=_hides(line, viewer),
            components=line.components,
            discount_minor=0 if _hides(line, viewer) else line.discount_minor,
        )
        for line in lines
    )


def _hides(line: QuoteLine, viewer: str | None) -> bool:
    # What goes to everybody in the room goes to the receiver too.
    return line.gift_for is not None and viewer in (None, line.gift_for)


def _payer(checkout: Checkout) -> str | None:
    attempt = checkout.attempt
    return attempt.payer_id if attempt and attempt.state is not AttemptState.FAILED else None


def _challenge(attempts: Sequence[Attempt], viewer: str | None) -> ChallengeView | None:
    """The viewer's own question, or somebody else's, whose address is not shown."""
    asked = [attempt for attempt in attempts if attempt.state is AttemptState.CHALLENGE]
    if not asked:
        return None
    attempt = next((entry for entry in asked if entry.payer_id == viewer), asked[-1])
    return ChallengeView(
        challenge_id=attempt.challenge_id or "",
        # A bank names the amount, which can tell what a gift costs.
        instructions=(attempt.instructions or "") if viewer == attempt.payer_id else ASKED,
        url=attempt.challenge_url if viewer == attempt.payer_id else None,
        expires_ms=attempt.challenge_expires_ms or 0,
        person_id=attempt.payer_id,
    )


def _failure(attempt: Attempt | None, viewer: str | None) -> FailureView | None:
    if attempt is None or attempt.state is not AttemptState.FAILED:
        return None
    code, message = attempt.failure_code or "", attempt.failure_message or ""
    if code not in PUBLIC_FAILURES and (viewer is None or viewer != attempt.caused_by):
        code, message = NOT_FOR_OTHERS.code, NOT_FOR_OTHERS.message
    return FailureView(code, message, attempt.caused_by)


def _share(checkout: Checkout, share: Share, givers: set[str]) -> ShareView:
    attempts = [
        attempt
        for attempt in checkout.attempts
        if attempt.payer_id == share.payer_id
        and (attempt.live or attempt.attempt_id in checkout.captured)
    ]
    if checkout.state is CheckoutState.PAID:
        state = ShareState.PAID
    elif checkout.due_from(share.payer_id) > 0:
        state = ShareState.PAYING if attempts else ShareState.OPEN
    elif all(a.state not in (AttemptState.PREPARED, AttemptState.CHALLENGE) for a in attempts):
        state = ShareState.AUTHORISED
    else:
        state = ShareState.PAYING
    return ShareView(
        person_id=share.person_id,
        amount_minor=None if share.payer_id in givers else share.amount_minor,
        covered_by=share.covered_by,
        state=state,
    )
