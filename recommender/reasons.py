"""Why a product is on a list, as a code for programs and a sentence for people.

The reason is what set the product apart most: that it goes with or is like what the reader touched
(the strongest of those products is named), or that it is more popular than the others.
Privacy rules, in this order:

- A person's list names only what that person did.
- What a person told the store they like is named on their own list only.
- A party's list names only what the party saw anyway (`PARTY_VISIBLE_SIGNALS` inside the party);
  what members did in private may move the list and is told as "should suit everyone".
- "Popular" needs `reason_people_minimum` people, so that it never stands for one neighbour.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.interactions import PARTY_VISIBLE_SIGNALS, Product, Signal
from recommender.live import Entry, History
from recommender.live_evidence import contributions
from recommender.model import Floats, Model
from recommender.singles import Singles

REASON_ENTRIES = 16
"""Newest products of a history that are looked at for a reason: older ones are forgotten by people
too."""

LEAST_SHARE = 0.05
"""A contribution in log-odds below this is no reason."""

DEEDS = {
    Signal.APPROACH: "walked up to",
    Signal.DWELL: "looked at",
    Signal.PICK_UP: "picked up",
    Signal.INSPECT: "had a close look at",
    Signal.TRY_ON: "tried on",
    Signal.HAND_OVER: "handed over",
    Signal.VOTE_UP: "voted for",
    Signal.VOTE_DOWN: "voted on",
    Signal.ADD: "put in the cart",
    Signal.REMOVE: "took out of the cart",
    Signal.HOLD_EXPIRED: "had in the cart",
    Signal.BUY: "bought",
    Signal.RETURN: "returned",
    Signal.LIKE: "liked",
}

Reason = tuple[str, str]


def _telling_entries(history: History, party: bool, model: Model) -> list[Entry]:
    """Newest entries that may be named and that spoke for something."""
    telling: list[Entry] = []
    for entry in reversed(history.entries.values()):
        if entry.weight <= 0 or entry.product_id not in model.position:
            continue
        if party and entry.signal not in PARTY_VISIBLE_SIGNALS:
            continue
        telling.append(entry)
        if len(telling) == REASON_ENTRIES:
            break
    return telling


def explain(
    model: Model,
    products: Mapping[str, Product],
    history: History | None,
    chosen: npt.NDArray[np.int64],
    *,
    prior_weight: float,
    people_minimum: int,
    party: bool,
) -> list[Reason]:
    """Code and sentence for each chosen position, in order.

    `history` is the reader's: the person's own, or (with `party`) the party's.
    """
    entries = [] if history is None else _telling_entries(history, party, model)
    if not entries or history is None or chosen.size == 0:
        return [
            usual_reason(model, products, int(place), people_minimum, party) for place in chosen
        ]
    sources = np.array([model.position[entry.product_id] for entry in entries], dtype=np.int64)
    weights = np.array([history.weight_now(entry) for entry in entries], dtype=np.float32)
    together, text = contributions(model, sources, chosen)
    weights /= prior_weight + history.mass
    together *= weights[:, None] * model.blend.together
    text *= weights[:, None] * model.blend.text
    popular = model.blend.popular * (model.popularity[chosen] - model.mean_popularity)
    least = np.maximum(popular, LEAST_SHARE)
    goes, alike = together.sum(axis=0), text.sum(axis=0)
    by_behaviour = goes >= alike
    strongest = np.where(by_behaviour, together.argmax(axis=0), text.argmax(axis=0))
    told = np.maximum(goes, alike) >= least
    return [
        _because(products, entries[source], goes_with, party)
        if tells
        else usual_reason(model, products, place, people_minimum, party)
        for place, tells, goes_with, source in zip(
            chosen.tolist(), told.tolist(), by_behaviour.tolist(), strongest.tolist(), strict=True
        )
    ]


def explain_own(
    model: Model,
    products: Mapping[str, Product],
    singles: Singles | None,
    sums: tuple[Floats, Floats],
    scale: float,
    chosen: npt.NDArray[np.int64],
    usual: Callable[[int], Reason],
) -> list[Reason]:
    """The same for a person's own list, from what is kept of their history: its two sums, which
    count `scale` times, and the strongest of its products for each position. `usual` gives the
    reason of a position that nothing in the history speaks for."""
    places = chosen.tolist()
    if singles is None:
        return [usual(place) for place in places]
    goes = sums[0].take(chosen) * np.float32(scale * model.blend.together)
    alike = sums[1].take(chosen) * np.float32(scale * model.blend.text)
    popular = model.popularity.take(chosen) - np.float32(model.mean_popularity)
    popular *= np.float32(model.blend.popular)
    by_goes, by_words = singles.marks(chosen).tolist()
    found: list[Reason] = []
    known = singles.reasons
    # A few dozen numbers: a loop costs less than array after array.
    for place, together, text, usually, goes_mark, words_mark in zip(
        places, goes.tolist(), alike.tolist(), popular.tolist(), by_goes, by_words, strict=True
    ):
        goes_with = together >= text
        mark, said = (goes_mark, together) if goes_with else (words_mark, text)
        if mark == 0 or said < LEAST_SHARE or said < usually:
            found.append(usual(place))
            continue
        reason = known.get((mark, goes_with))
        if reason is None:
            reason = _because(products, singles.entry(mark), goes_with, False)
            known[mark, goes_with] = reason
        found.append(reason)
    return found


def _because(products: Mapping[str, Product], entry: Entry, goes_with: bool, party: bool) -> Reason:
    known = products.get(entry.product_id)
    name = known.name if known is not None and known.name else entry.product_id
    who = "your party" if party else "you"
    opening = "Goes with" if goes_with else "Similar to"
    code = "goes_with" if goes_with else "similar_to"
    sentence = f"{opening} {name}, which {who} {DEEDS[entry.signal]}."
    return (f"party_{code}" if party else code, sentence)


def usual_reason(
    model: Model, products: Mapping[str, Product], place: int, people_minimum: int, party: bool
) -> Reason:
    """What there is to say of a product without any history."""
    if party:
        return ("suits_party", "Should suit everyone in your party.")
    if model.supporters.item(place) >= people_minimum and model.popularity.item(place) > 0:
        return ("popular", "Popular in the store lately.")
    product = products.get(model.product_ids[place])
    department = product.department if product is not None else ""
    return ("department", f"Worth a look in {department}." if department else "Worth a look.")


TOGETHER: Reason = ("together", "Your friends see this too: something to talk about.")
NEW: Reason = ("new", "New here: be among the first to see it.")


def wished(
    reasons: Sequence[Reason], chosen: npt.NDArray[np.int64], named: Mapping[int, str]
) -> list[Reason]:
    """The reasons with the reader's stated wishes.

    What the reader did tells more than what they once said, so a wish stands only where there is no
    reason from behaviour. `named` has the wish that each position meets and must be the reader's.
    """
    return [
        ("wish", f"You told us that you like {named[position]}.")
        if position in named and reason[0] in ("popular", "department")
        else reason
        for reason, position in zip(reasons, chosen.tolist(), strict=True)
    ]
