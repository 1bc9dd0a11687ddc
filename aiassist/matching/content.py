"""What things are like by what they are called and by their marks, for those that nobody took yet.

Titles are cut into single signs and pairs of signs (for Chinese better than words: no dictionary is
needed, and models made for English know half of it only), weighed by how rare they are, and brought
down to two hundred directions (latent semantic analysis). Marks, a category or a brand, stand
beside them as they are.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

FACTORS = 200
LEARNT_FROM = 20_000  # titles; the others are laid into the same directions
MARKS = 0.5  # the weight of the marks in how alike two things are; titles have the rest
ALIKE = 20  # known things that speak for a new one
SHARPLY = 4  # the power by which the most alike ones count more
SEED = 618
FAINT = 0.05  # less alike is not alike
ROWS = 512  # compared at a time


class Content:
    """`titles` and, beside each, its `marks`; either may be empty for some or all."""

    def __init__(self, titles: Sequence[str], marks: Sequence[Iterable[str]]) -> None:
        words = _directions(_weighed([_grams(title) for title in titles]))
        beside = _weighed([list(some) for some in marks])
        self._words = np.sqrt(1 - MARKS) * words
        self._marks = np.sqrt(MARKS) * beside

    def alike(self, these: np.ndarray, known: np.ndarray) -> sparse.csr_matrix:
        """For each of `these` (places in the titles) the ALIKE most similar of `known`, with
        weights that add up to 1; nothing where nothing is similar. A column for each of known."""
        words, marks = self._words[known], self._marks[known].T.tocsc()
        pieces = [sparse.csr_matrix((0, len(known)), dtype=np.float32)]
        for start in range(0, len(these), ROWS):
            some = these[start : start + ROWS]
            near = self._words[some] @ words.T + (self._marks[some] @ marks).toarray()
            pieces.append(_nearest(np.where(near > FAINT, near, 0)))
        return sparse.vstack(pieces, format="csr")


def _grams(title: str) -> list[str]:
    said = " ".join(unicodedata.normalize("NFKC", title).casefold().split())
    return [*said.replace(" ", ""), *map("".join, pairwise(said))]


def _weighed(things: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """A row of length 1 for each thing: the rarer a gram or mark, the more it weighs."""
    places: dict[str, int] = {}
    columns, values, starts = [], [], [0]
    for grams in things:
        for gram, often in Counter(grams).items():
            columns.append(places.setdefault(gram, len(places)))
            values.append(1 + np.log(often))
        starts.append(len(columns))
    shape = (len(things), max(len(places), 1))
    cells = (np.array(values, np.float32), np.array(columns, np.int32), starts)
    counted = sparse.csr_matrix(cells, shape=shape)
    in_how_many = np.bincount(counted.indices, minlength=shape[1])
    rare = np.log((1 + len(things)) / (1 + in_how_many)).astype(np.float32)
    return _of_length_one(counted @ sparse.diags(rare))


def _of_length_one(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    long = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    shorter = np.divide(1, long, out=np.zeros_like(long), where=long > 0)
    return (sparse.diags(shorter) @ rows).tocsr().astype(np.float32)


def _directions(rows: sparse.csr_matrix) -> np.ndarray:
    """The rows in the strongest directions of a sample of them, again of length 1."""
    step = max(1, -(-rows.shape[0] // LEARNT_FROM))
    sample = rows[::step]
    factors = min(FACTORS, min(sample.shape) - 1)
    if factors < 1 or not sample.nnz:
        return np.zeros((rows.shape[0], 1), np.float32)
    start = np.random.default_rng(SEED).random(min(sample.shape)).astype(np.float32)
    found = svds(sample, k=factors, v0=start, return_singular_vectors="vh")[2]
    laid: np.ndarray = rows @ found.T
    long = np.linalg.norm(laid, axis=1, keepdims=True)
    # What lies across all of them has nothing but noise in them.
    return np.divide(laid, long, out=np.zeros_like(laid), where=long > FAINT)


def _nearest(near: np.ndarray) -> sparse.csr_matrix:
    most = min(ALIKE, near.shape[1])
    if not most:
        return sparse.csr_matrix(near.shape, dtype=np.float32)
    best = np.argpartition(-near, most - 1, axis=1)[:, :most]
    weights = np.take_along_axis(near, best, axis=1) ** SHARPLY
    whole = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)
    rows = np.repeat(np.arange(len(near)), most)
    cells = (weights.ravel().astype(np.float32), (rows, best.ravel()))
    return sparse.csr_matrix(cells, shape=near.shape)
