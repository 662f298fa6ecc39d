"""Search over the words of the catalogue, in memory.

Every word of the term has to fit a word of the product: exactly, as its beginning, or with a small
typing mistake. At some thousand products this takes well under a millisecond per word and needs no
index of the database.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

WORDS_MAX = 8
"""Words of a term that count; more would only cost time."""

_WORD = re.compile(r"\w+")

EXACT, PREFIX, TYPO = 1.0, 0.7, 0.4
"""What a fit is worth: a beginning less than the word, a mistake least."""


def normalise(text: str) -> list[str]:
    """The words of a text, in lower case and without accents: `Café` becomes `cafe`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _WORD.findall(plain)


def typos_allowed(word: str) -> int:
    """Mistakes that are forgiven: none in short words, where everything is near everything."""
    if len(word) < 4:
        return 0
    return 1 if len(word) < 8 else 2


def distance_within(left: str, right: str, limit: int) -> bool:
    """Whether `limit` insertions, deletions, replacements or swaps of neighbours make them equal.

    Optimal string alignment (Damerau 1964 with non-overlapping transpositions), row by row, given
    up as soon as a whole row is above the limit.
    """
    if abs(len(left) - len(right)) > limit:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return False
    return row[-1] <= limit


class SearchIndex:
    """Words with their weight for each product. Made once, then only read."""

    def __init__(self, products: Iterable[tuple[str, Mapping[str, float]]]) -> None:
        self._products: dict[str, dict[str, float]] = {}
        self._order: dict[str, int] = {}
        for number, (product_id, words) in enumerate(products):
            self._order[product_id] = number
            for word, weight in words.items():
                self._products.setdefault(word, {})[product_id] = weight

    def find(self, term: str, limit: int) -> list[str]:
        """Ids of at most `limit` products, best first; nothing for a term without words."""
        scores: dict[str, float] | None = None
        for word in normalise(term)[:WORDS_MAX]:
            fits = self._fits(word)
            if scores is None:
                scores = fits
            else:
                scores = {id_: scores[id_] + fits[id_] for id_ in scores.keys() & fits.keys()}
        ranked = sorted((scores or {}).items(), key=lambda item: (-item[1], self._order[item[0]]))
        return [product_id for product_id, _ in ranked[:limit]]

    def _fits(self, asked: str) -> dict[str, float]:
        """Score of each product for one word: the best fit among its words."""
        typos = typos_allowed(asked)
        scores: dict[str, float] = {}
        for word, products in self._products.items():
            if word == asked:
                worth = EXACT
            elif word.startswith(asked):
                worth = PREFIX
            elif typos and distance_within(asked, word, typos):
                worth = TYPO
            else:
                continue
            for product_id, weight in products.items():
                scores[product_id] = max(scores.get(product_id, 0.0), weight * worth)
        return scores
