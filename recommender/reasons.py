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

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.interactions import PARTY_VISIBLE_SIGNALS, Product, Signal
from recommender.live import Entry, History
from recommender.live_evidence import Spoken, contributions
from recommender.model import Model

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
    known: tuple[Spoken, Sequence[int]] | None = None,
) -> list[Reason]:
    """Code and sentence for each chosen position, in order.

    `history` is the reader's: the person's own, or (with `party`) the party's. `known` is what its
    single products say for a short list, where that is known already, and the column of each
    chosen position in it; for people's own lists only, as it knows nothing of what a party saw.
    """
    entries = [] if history is None else _telling_entries(history, party, model)
    if not entries or history is None or chosen.size == 0:
        return [_fallback(model, products, int(place), people_minimum, party) for place in chosen]
    if known is None:
        sources = np.array([model.position[entry.product_id] for entry in entries], dtype=np.int64)
        weights = np.array([history.weight_now(entry) for entry in entries], dtype=np.float32)
        together, text = contributions(model, sources, chosen)
    else:
        spoken, columns = known
        rows = [row for row, entry in enumerate(spoken.entries) if entry.weight > 0]
        rows = rows[:REASON_ENTRIES]
        entries, weights = [spoken.entries[row] for row in rows], spoken.weights[rows]
        at = np.array(rows, dtype=np.int64)[:, None], np.array(columns, dtype=np.int64)
        together, text = spoken.goes[at], spoken.alike[at]
    if not entries:
        return [_fallback(model, products, int(place), people_minimum, party) for place in chosen]
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
        else _fallback(model, products, place, people_minimum, party)
        for place, tells, goes_with, source in zip(
            chosen.tolist(), told.tolist(), by_behaviour.tolist(), strongest.tolist(), strict=True
        )
    ]


def _because(products: Mapping[str, Product], entry: Entry, goes_with: bool, party: bool) -> Reason:
    known = products.get(entry.product_id)
    name = known.name if known is not None and known.name else entry.product_id
    who = "your party" if party else "you"
    opening = "Goes with" if goes_with else "Similar to"
    code = "goes_with" if goes_with else "similar_to"
    sentence = f"{opening} {name}, which {who} {DEEDS[entry.signal]}."
    return (f"party_{code}" if party else code, sentence)


def _fallback(
    model: Model, products: Mapping[str, Product], place: int, people_minimum: int, party: bool
) -> Reason:
    if party:
        return ("suits_party", "Should suit everyone in your party.")
    if model.popularity[place] > 0 and model.supporters[place] >= people_minimum:
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
