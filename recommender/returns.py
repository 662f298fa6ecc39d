"""What comes back: a return says as much against a product as the purchase said for it."""

from collections.abc import Sequence

from recommender.interactions import ConsentClass, Interaction, KeptInteraction, Signal


def taken_back(
    stored: Sequence[KeptInteraction], person_id: str, product_id: str, occurred_ms: int
) -> Interaction | None:
    """The return of a product, or None when nothing may be known of it.

    Nobody is asked for consent when they bring something back. So what is `stored` of the person
    decides: only a purchase that is kept under their id is taken back, and once.
    """
    did = [kept.signal for kept in stored if kept.product_id == product_id]
    if did.count(Signal.BUY) <= did.count(Signal.RETURN):
        return None
    consent = frozenset({ConsentClass.PERSONAL})
    return Interaction(person_id, product_id, Signal.RETURN, occurred_ms, consent)
