"""How alike products are by their words: for products that nobody has touched yet.

Two ways to the same `TextNeighbours`:

- `hashed_neighbours` needs numpy only and is ready the moment a catalogue arrives. Words and
  letter triples are hashed with a sign into `HASH_WIDTH` columns (the hashing trick: Weinberger et
  al. 2009, "Feature Hashing for Large Scale Multitask Learning"), weighted by idf, compared by
  cosine.
- `tfidf_neighbours` runs in the fit process with scikit-learn: words and word pairs, and letter
  n-grams of 3 to 5 within words, each as sublinear tf-idf (Salton, Buckley 1988), cosine.

Name, brand, department and tags say what a thing *is* and count three times; the description
counts once.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.interactions import Product
from recommender.rare_words import nearest_by_rare_words

HASH_WIDTH = 512
"""Columns of the hashed text; collisions of unlike words cancel out through the sign."""

LARGE_CATALOGUE = 20_000
"""With more products, only words and pairs that few share are compared: 100,000 in seconds."""

DENSE_LIMIT = 8_000
"""With more products than this, hashed rows are not compared each with each."""

COMMON_WORD = 1_000
"""In a large catalogue a term of more products than this tells nothing apart."""

CHUNK_ROWS = 512
"""Rows of the similarity matrix held at a time."""

LABEL_REPEATS = 3
WORD_SHARE = 0.7
"""Share of words against letter n-grams in the scikit-learn similarity."""

if TYPE_CHECKING:
    from scipy import sparse

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TextNeighbours:
    """The most similar products of each product.

    `positions` int32 (products, k) catalogue positions and `similarity` float32 (products, k) in
    0..1, best first; where a product has fewer neighbours, it is its own with similarity 0.
    """

    positions: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]


def product_label(product: Product) -> str:
    """The words that say what a product is."""
    return " ".join((product.name, product.brand, product.department, *product.tags)).lower()


def catalogue_digest(products: Sequence[Product]) -> str:
    """SHA-256 (hex) over everything that fits and similarities depend on, in order."""
    digest = sha256()
    for product in products:
        parts = (product.product_id, product_label(product), product.description)
        for part in parts:
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(4, "big"))
            digest.update(encoded)
    return digest.hexdigest()


def _terms(product: Product) -> Iterator[tuple[str, float]]:
    for word in _WORD.findall(product_label(product)):
        yield word, float(LABEL_REPEATS)
        padded = f"<{word}>"
        for start in range(len(padded) - 2):
            # Triples let "lamps" meet "lamp"; each is a part of a word and weighs less than it.
            yield padded[start : start + 3], 1.0
    for word in _WORD.findall(product.description.lower()):
        yield word, 1.0


def _hashed_matrix(products: Sequence[Product]) -> npt.NDArray[np.float32]:
    """float32 (products, HASH_WIDTH), rows of length 1 (or 0 for a product without words)."""
    counts: list[dict[str, float]] = []
    holders: dict[str, int] = {}
    for product in products:
        bag: dict[str, float] = {}
        for term, weight in _terms(product):
            bag[term] = bag.get(term, 0.0) + weight
        counts.append(bag)
        for term in bag:
            holders[term] = holders.get(term, 0) + 1
    idf = {term: 1.0 + np.log((1 + len(products)) / (1 + n)) for term, n in holders.items()}
    matrix = np.zeros((len(products), HASH_WIDTH), dtype=np.float32)
    for row, bag in enumerate(counts):
        for term, count in bag.items():
            code = zlib.crc32(term.encode())
            sign = 1.0 if code & 1 else -1.0
            matrix[row, (code >> 1) % HASH_WIDTH] += sign * (1.0 + np.log(count)) * idf[term]
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    np.divide(matrix, lengths, out=matrix, where=lengths > 0)
    return matrix


def no_neighbours(count: int) -> TextNeighbours:
    """Neighbours of `count` products that are like nothing else."""
    own = np.arange(count, dtype=np.int32).reshape(count, 1)
    return TextNeighbours(own, np.zeros((count, 1), dtype=np.float32))


def _nearest(similarity: npt.NDArray[np.float32], first_row: int, limit: int) -> TextNeighbours:
    """Best `limit` columns of each row of a block of the similarity matrix, itself left out."""
    rows = np.arange(similarity.shape[0])
    similarity[rows, rows + first_row] = -np.inf
    if limit < similarity.shape[1]:
        best = np.argpartition(-similarity, limit - 1, axis=1)[:, :limit]
    else:
        best = np.broadcast_to(np.arange(similarity.shape[1]), similarity.shape)
    values = np.take_along_axis(similarity, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    alike = values > 0
    return TextNeighbours(
        np.where(alike, best, (rows + first_row)[:, None]).astype(np.int32),
        np.where(alike, np.minimum(values, 1.0), 0.0).astype(np.float32),
    )


def _stack(blocks: Sequence[TextNeighbours]) -> TextNeighbours:
    return TextNeighbours(
        np.concatenate([block.positions for block in blocks]),
        np.concatenate([block.similarity for block in blocks]),
    )


def hashed_neighbours(products: Sequence[Product], neighbours_limit: int) -> TextNeighbours:
    """Text neighbours with numpy alone: about 10 ms for 50 products, 2 s for 5,000.

    From `DENSE_LIMIT` on only products that share rare words are compared, without a dense row for
    anything: about 10 s for 100,000.
    """
    if len(products) < 2:
        return no_neighbours(len(products))
    if len(products) > DENSE_LIMIT:
        labels = [product_label(product) for product in products]
        return TextNeighbours(*nearest_by_rare_words(labels, neighbours_limit))
    matrix = _hashed_matrix(products)
    limit = min(neighbours_limit, len(products) - 1)
    return _stack(
        [
            _nearest(matrix[first : first + CHUNK_ROWS] @ matrix.T, first, limit)
            for first in range(0, len(products), CHUNK_ROWS)
        ]
    )


def tfidf_neighbours(products: Sequence[Product], neighbours_limit: int) -> TextNeighbours:
    """Text neighbours with scikit-learn; for the fit process, as the import takes a second.

    A catalogue without a single word has no neighbours.
    """
    if len(products) < 2:
        return no_neighbours(len(products))
    texts = [
        " ".join([*[product_label(product)] * LABEL_REPEATS, product.description.lower()])
        for product in products
    ]
    if not any(_WORD.search(text) for text in texts):
        return no_neighbours(len(products))
    limit = min(neighbours_limit, len(products) - 1)
    if len(products) > LARGE_CATALOGUE:
        return _sparse_neighbours(texts, limit)
    matrix = tfidf_matrix(texts)
    turned = matrix.T.tocsr()
    return _stack(
        [
            _nearest((matrix[first : first + CHUNK_ROWS] @ turned).toarray(), first, limit)
            for first in range(0, len(products), CHUNK_ROWS)
        ]
    )


def _sparse_neighbours(texts: Sequence[str], limit: int) -> TextNeighbours:
    """Neighbours by rare words and word pairs alone, without a dense row for anything."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        token_pattern=_WORD.pattern, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32,
        min_df=2, max_df=COMMON_WORD,
    )  # fmt: skip
    try:
        matrix = sparse.csr_array(words.fit_transform(texts))
    except ValueError:
        # No term is in two products and rare enough: nothing is alike.
        return no_neighbours(len(texts))
    turned = matrix.T.tocsr()
    own = np.arange(len(texts), dtype=np.int32).reshape(len(texts), 1)
    positions = np.repeat(own, limit, axis=1)
    similarity = np.zeros(positions.shape, dtype=np.float32)
    for first in range(0, len(texts), CHUNK_ROWS):
        block = sparse.csr_array(matrix[first : first + CHUNK_ROWS] @ turned)
        for row in range(block.shape[0]):
            span = slice(block.indptr[row], block.indptr[row + 1])
            others = block.indices[span] != first + row
            columns, values = block.indices[span][others], block.data[span][others]
            best = np.lexsort((columns, -values))[:limit]
            positions[first + row, : best.size] = columns[best]
            similarity[first + row, : best.size] = np.minimum(values[best], 1.0)
    return TextNeighbours(positions, similarity)


def tfidf_matrix(texts: Sequence[str]) -> "sparse.csr_array":
    """Sparse float32 (texts, terms), rows of length 1 (0 without words).

    The product of two rows is their cosine. At least one text must have a word.
    """
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        token_pattern=_WORD.pattern, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32
    )
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
    )
    return sparse.csr_array(
        sparse.hstack(
            [
                words.fit_transform(texts) * WORD_SHARE**0.5,
                letters.fit_transform(texts) * (1.0 - WORD_SHARE) ** 0.5,
            ]
        )
    )
