"""Which texts share rare words: likeness in a large catalogue, with numpy alone.

Words and pairs of neighbouring words that are in at least two texts and in at most `RARE_LIMIT` are
weighted by (1 + log count) * idf (Salton, Buckley 1988) and compared by cosine. What many share is
left out, because it tells nothing apart and costs most. Texts are taken in blocks whose pairs fit
into `PAIRS_LIMIT`; the work grows with the number of pairs that share a rare word, not with the
square of the catalogue.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

RARE_LIMIT = 200
"""Texts with one term; a term of more of them is not compared."""

PAIRS_LIMIT = 1 << 20
"""Pairs of texts with a term in common that are in memory at a time: about 50 MB."""

_WORD = re.compile(r"\w+")

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Nearest = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]


def nearest_by_rare_words(texts: Sequence[str], limit: int) -> Nearest:
    """Positions int32 (texts, limit) and cosines float32 (texts, limit) in 0..1, best first.

    Where a text has fewer neighbours, it is its own with 0.
    """
    count = len(texts)
    positions = np.repeat(np.arange(count, dtype=np.int32)[:, None], limit, axis=1)
    cosines = np.zeros((count, limit), dtype=np.float32)
    rows, terms, weights = _weighted_terms(texts)
    if rows.size == 0:
        return positions, cosines
    holders = np.bincount(terms)
    # Rows of each term side by side: postings, as of an inverted index.
    by_term = np.argsort(terms, kind="stable")
    first_of_term = np.concatenate([[0], np.cumsum(holders)])
    for first, last in _blocks(rows, holders[terms]):
        part = slice(first, last)
        repeats = holders[terms[part]]
        ends = np.cumsum(repeats)
        within = np.arange(int(ends[-1])) - np.repeat(ends - repeats, repeats)
        other = by_term[np.repeat(first_of_term[terms[part]], repeats) + within]
        products = np.repeat(weights[part], repeats) * weights[other]
        pairs = np.repeat(rows[part], repeats) * count + rows[other]
        found, place = np.unique(pairs, return_inverse=True)
        cosine = np.bincount(place, products).astype(np.float64)
        _keep_best(found, cosine, count, positions, cosines)
    return positions, cosines


def _terms(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    yield from words
    for one, other in pairwise(words):
        yield f"{one} {other}"


def _weighted_terms(texts: Sequence[str]) -> tuple[Ints, Ints, Reals]:
    """Text, term and weight of each rare term of each text, by text; rows have length 1."""
    numbers: dict[str, int] = {}
    rows: list[int] = []
    terms: list[int] = []
    counts: list[int] = []
    for row, text in enumerate(texts):
        bag: dict[int, int] = {}
        for term in _terms(text):
            number = numbers.setdefault(term, len(numbers))
            bag[number] = bag.get(number, 0) + 1
        rows.extend([row] * len(bag))
        terms.extend(bag)
        counts.extend(bag.values())
    of_text, of_term = np.array(rows, dtype=np.int64), np.array(terms, dtype=np.int64)
    holders = np.bincount(of_term, minlength=1)
    rare = (holders[of_term] >= 2) & (holders[of_term] <= RARE_LIMIT)
    of_text, of_term = of_text[rare], of_term[rare]
    idf = 1.0 + np.log((1.0 + len(texts)) / (1.0 + holders[of_term]))
    weights = (1.0 + np.log(np.array(counts, dtype=np.float64)[rare])) * idf
    lengths = np.sqrt(np.bincount(of_text, weights**2, len(texts)))
    return of_text, of_term, np.asarray(weights / np.maximum(lengths[of_text], 1e-12))


def _blocks(rows: Ints, costs: Ints) -> Iterator[tuple[int, int]]:
    """Spans of entries of whole texts with at most `PAIRS_LIMIT` pairs, or of a single text."""
    begins = np.flatnonzero(np.diff(rows, prepend=-1))
    ends = np.append(begins[1:], rows.size)
    pairs = np.cumsum(costs)[ends - 1]
    first = 0
    while first < begins.size:
        before = int(pairs[first - 1]) if first else 0
        last = int(np.searchsorted(pairs, before + PAIRS_LIMIT, side="right"))
        last = max(first + 1, last)
        yield int(begins[first]), int(ends[last - 1])
        first = last


def _keep_best(
    pairs: Ints,
    values: Reals,
    count: int,
    positions: npt.NDArray[np.int32],
    cosines: npt.NDArray[np.float32],
) -> None:
    """Write the best of these pairs (ascending) into the rows of their texts."""
    row, other = pairs // count, pairs % count
    apart = row != other
    row, other, values = row[apart], other[apart], values[apart]
    order = np.lexsort((other, -values, row))
    row, other, values = row[order], other[order], np.minimum(values[order], 1.0)
    place = np.arange(row.size) - np.searchsorted(row, row)
    kept = place < positions.shape[1]
    positions[row[kept], place[kept]] = other[kept]
    cosines[row[kept], place[kept]] = values[kept]
