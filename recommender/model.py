"""The model in service: what goes with what, what is alike, what is liked, and how to mix it.

A person's history h gives each product three numbers in about 0..1, which `Blend` turns into one:

    together(i) = sum_j h_j * T[j, i] / (prior + sum_j |h_j|)    T from `recommender.ease`
    text(i)     = sum_j h_j * S[j, i] / (prior + sum_j |h_j|)    S from `recommender.features`
    popular(i)                                                   from `recommender.training`
    score(i)    = bias + weights * (together, text, popular)     (log-odds; `probability` in 0..1)

With an empty history only popularity is left, and with no popularity every product scores alike.
That is the first stage. `second` orders the best of it anew, by what it learned from evidence side
by side (`recommender.shortlist`).
A model is never changed: a new one takes its place in a single assignment, so a reader sees the
old one or the new one, whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from recommender.columns import TRAITS
from recommender.features import (
    TextNeighbours,
    catalogue_digest,
    hashed_neighbours,
    no_neighbours,
)
from recommender.interactions import Product
from recommender.ready_stage import ReadyStage
from recommender.second_stage import SecondStage

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Blend:
    """Weights of the three numbers and the bias, in log-odds. Never negative but the bias."""

    together: float
    text: float
    popular: float
    bias: float


def default_blend(people: int) -> Blend:
    """The blend before there is enough to calibrate on.

    Behaviour earns its weight with the people it comes from (half of it at 10): two shoppers are no
    rule. Text is worth as much as well-founded behaviour at first, because the text of what
    somebody holds is never wrong; popularity only orders what is otherwise alike. The bias makes an
    average product a one-in-twenty chance.
    """
    return Blend(together=4.0 * people / (people + 10.0), text=3.0, popular=1.0, bias=-3.0)


@dataclass(frozen=True, slots=True)
class Model:
    """One version of the model, over `product_ids` in catalogue order (n products).

    Attributes:
        version: grows with every accepted fit; 0 is the model made of texts alone.
        fitted_ms: when it was fitted, or 0.
        data_through_id: newest stored interaction it has learned from, or 0.
        people: how many people it has learned from.
        digest: of the catalogue whose texts it knows.
        head: int32 (h,) catalogue positions of the products in `together`.
        together: float32 (h, h); row j says what goes with product j.
        text: similar products by words.
        popularity: float32 (n,) in 0..1.
        supporters: int32 (n,) people behind the popularity of each product.
        blend: how the three are mixed.
        traits: float32 (TRAITS, n), numbers of each product alone.
        second: the trained second stage, or None before there is enough to learn it from.
    """

    version: int
    fitted_ms: int
    data_through_id: int
    people: int
    digest: str
    product_ids: tuple[str, ...]
    head: Positions
    together: Floats
    text: TextNeighbours
    popularity: Floats
    supporters: Positions
    blend: Blend
    traits: Floats
    second: SecondStage | None = None
    position: dict[str, int] = field(init=False, repr=False)
    head_row: Positions = field(init=False, repr=False)
    """int32 (n,): row of each product in `together`, or -1."""
    by_popularity: Floats = field(init=False, repr=False)
    """float32 (n,): log-odds of somebody without a history."""
    mean_popularity: float = field(init=False, repr=False)
    _ready: list[ReadyStage] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        position = {product_id: row for row, product_id in enumerate(self.product_ids)}
        head_row = np.full(len(self.product_ids), -1, dtype=np.int32)
        head_row[self.head] = np.arange(len(self.head), dtype=np.int32)
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "head_row", head_row)
        popular = self.popularity * np.float32(self.blend.popular) + np.float32(self.blend.bias)
        object.__setattr__(self, "by_popularity", popular)
        mean = float(self.popularity.mean()) if self.popularity.size else 0.0
        object.__setattr__(self, "mean_popularity", mean)

    @property
    def size(self) -> int:
        return len(self.product_ids)

    @property
    def ready(self) -> ReadyStage | None:
        """`second` over these products. Made when it is first asked for, which takes a moment in a
        large catalogue; `aligned` asks, so that nobody else has to wait."""
        if self.second is not None and not self._ready:
            self._ready.append(ReadyStage(self.second, np.vstack([self.popularity, self.traits])))
        return self._ready[0] if self._ready else None

    def made_ready(self) -> "Model":
        """The same, with everything made that a list needs."""
        _ = self.ready
        return self

    def add_to(self, together: Floats, text: Floats, position: int, weight: float) -> None:
        """Add `weight` times the rows of one product to a history's two sums, in place."""
        row = self.head_row[position]
        if row >= 0:
            if len(self.head) == len(together):
                # All products are in the head and `head` is ascending: no need to look up.
                together += weight * self.together[row]
            else:
                together[self.head] += weight * self.together[row]
        text[self.text.positions[position]] += weight * self.text.similarity[position]

    def blended(
        self,
        together: Floats,
        text: Floats,
        scale: float,
        places: list[int] | slice = slice(None),
    ) -> Floats:
        """Log-odds, float32, from a history's sums times `scale`: of all products, or of some."""
        blend = self.blend
        scores = np.multiply(together[places], np.float32(blend.together * scale))
        scores += text[places] * np.float32(blend.text * scale)
        scores += self.by_popularity[places]
        return scores


def probability(log_odds: Floats) -> Floats:
    """The logistic function, safe for any finite input."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)), dtype=np.float32)


def text_model(products: Sequence[Product], neighbours_limit: int) -> Model:
    """The model before the first fit: words alone, ready as soon as there is a catalogue."""
    count = len(products)
    return Model(
        version=0,
        fitted_ms=0,
        data_through_id=0,
        people=0,
        digest=catalogue_digest(products),
        product_ids=tuple(product.product_id for product in products),
        head=np.zeros(0, dtype=np.int32),
        together=np.zeros((0, 0), dtype=np.float32),
        text=hashed_neighbours(products, neighbours_limit),
        popularity=np.zeros(count, dtype=np.float32),
        supporters=np.zeros(count, dtype=np.int32),
        blend=default_blend(0),
        traits=price_traits(products),
    )


def price_traits(products: Sequence[Product]) -> Floats:
    """Traits of which only the price is known, float32 (TRAITS, products)."""
    traits = np.zeros((len(TRAITS), len(products)), dtype=np.float32)
    prices = np.array([product.price_minor for product in products], dtype=np.float64)
    traits[TRAITS.index("price")] = np.log(np.maximum(prices, 1.0))
    return traits


def empty_model() -> Model:
    """The model of an empty catalogue."""
    return replace(text_model((), 1), text=no_neighbours(0))


def aligned(model: Model, products: Sequence[Product], neighbours_limit: int) -> Model:
    """`model` over another catalogue: behaviour is carried over by product id.

    A product that is new to the model has its text neighbours at once; one that is gone is gone.
    Texts are compared anew, as similarities are relative to the catalogue. The same object comes
    back when the catalogue is the one the model was fitted on.
    """
    digest = catalogue_digest(products)
    if digest == model.digest:
        return model.made_ready()
    fresh = text_model(products, neighbours_limit)
    old_rows = np.array(
        [model.position.get(product_id, -1) for product_id in fresh.product_ids], dtype=np.int64
    )
    known = old_rows >= 0
    popularity = np.zeros(fresh.size, dtype=np.float32)
    supporters = np.zeros(fresh.size, dtype=np.int32)
    popularity[known] = model.popularity[old_rows[known]]
    supporters[known] = model.supporters[old_rows[known]]
    traits = fresh.traits.copy()
    behaviour = np.array([name != "price" for name in TRAITS])
    carried = np.where(known, model.traits[:, old_rows], 0.0) if model.size else fresh.traits
    traits[behaviour] = carried[behaviour]
    head_rows = np.full(fresh.size, -1, dtype=np.int64)
    head_rows[known] = model.head_row[old_rows[known]]
    head = np.flatnonzero(head_rows >= 0).astype(np.int32)
    kept = head_rows[head]
    found = replace(
        model,
        digest=digest,
        product_ids=fresh.product_ids,
        head=head,
        together=np.ascontiguousarray(model.together[np.ix_(kept, kept)]),
        text=fresh.text,
        popularity=popularity,
        supporters=supporters,
        traits=traits,
    )
    return found.made_ready()
