"""Detectors of odd sources in embeddings: each a number a source, higher is odder, NaN where it cannot be told.

Embeddings are (N, D), L2-normalised, NaN rows where a source lacks the modality.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from m3core.embeddings.neighbors import nearest
from m3core.workers import in_threads

__all__ = ["N_TREES", "centre_distance", "cosine_disagreement", "isolation_forest", "neighbour_distance"]

Array = NDArray[np.float64]

N_TREES = 300
SUBSAMPLE = 256
NEIGHBOURS = 10
CHUNK = 240
"""Rows of a product at once: they stay in the cache, and a byte counts them."""

ROUNDING = 1e-6
"""Of cosines in single precision: nothing is above by less."""


def _known(vectors: NDArray) -> NDArray[np.int64]:
    return np.flatnonzero(np.isfinite(vectors).all(axis=1))


def _spread_over(n: int, rows: NDArray[np.int64], values: NDArray) -> Array:
    found = np.full(n, np.nan)
    found[rows] = values
    return found


def isolation_forest(vectors: NDArray, seed: int = 0) -> Array:
    """(N,) anomaly score 2^(-E[path] / c(n)) of coniferest's isolation forest (Liu et al. 2008, ICDM), 0 to 1."""
    from coniferest.isoforest import IsolationForest

    rows = _known(vectors)
    if len(rows) < 2:
        return np.full(len(vectors), np.nan)
    table = np.ascontiguousarray(vectors[rows], np.float64)
    size = min(SUBSAMPLE, len(rows))
    forest = IsolationForest(n_trees=N_TREES, n_subsamples=size, random_seed=seed, n_jobs=1).fit(table)
    return _spread_over(len(vectors), rows, -forest.score_samples(table))  # coniferest: lower is odder


def centre_distance(vectors: NDArray, labels: NDArray[np.int64], train: NDArray[np.int64]) -> Array:
    """(N,) 1 - cosine to the centre of the source's own class, 0 to 2.

    A centre is the mean of the class's embeddings in the training split, normalised (the paper's). A class without
    one there takes its mean over all splits.

    Args:
        labels: (N,) class index, -1 unknown: NaN there.
        train: row numbers of the training split.
    """
    found = np.full(len(vectors), np.nan)
    known = np.isfinite(vectors).all(axis=1)
    in_train = np.zeros(len(vectors), bool)
    in_train[train] = True
    for label in np.unique(labels[labels >= 0]):
        own = known & (labels == label)
        members = np.asarray(vectors[own & in_train] if (own & in_train).any() else vectors[own], np.float64)
        if len(members):
            centre = members.mean(axis=0)
            found[own] = 1 - vectors[own] @ (centre / max(np.linalg.norm(centre), 1e-12))
    return found


def neighbour_distance(vectors: NDArray[np.float32]) -> Array:
    """(N,) mean of 1 - cosine to the ten nearest other sources, 0 to 2."""
    rows = _known(vectors)
    if len(rows) < 2:
        return np.full(len(vectors), np.nan)
    table = np.asarray(vectors[rows])
    count = min(NEIGHBOURS, len(rows) - 1)
    found, similarity = nearest(table, table, count + 1)
    itself = found == np.arange(len(rows))[:, None]
    itself[~itself.any(axis=1), -1] = True  # among more than ten copies of a source it need not be named
    others = np.where(itself, 0.0, similarity).sum(axis=1) / count
    return _spread_over(len(vectors), rows, 1 - others)


def cosine_disagreement(embeddings: Mapping[str, NDArray[np.float32]]) -> Array:
    """(N,) how badly a source's modalities find one another, 0 to 1; 0.5 is chance.

    For each pair of modalities and each direction: the share of the other sources whose embedding in the second is more
    similar to the source's in the first than its own is (ties count half). The mean over the pairs that it has.
    """
    total = np.zeros(len(next(iter(embeddings.values()))))
    count = np.zeros_like(total)
    pairs = []
    for first, second in combinations(embeddings.values(), 2):
        both = np.intersect1d(_known(first), _known(second))
        if len(both) >= 2:
            pairs.append((both, np.asarray(first[both]), np.asarray(second[both])))
            count[both] += 2
    with in_threads(lambda pair: _shares_above(*pair[1:]), pairs) as found:
        for (both, _, _), shares in zip(pairs, found, strict=True):
            total[both] += shares
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _shares_above(first: NDArray[np.float32], second: NDArray[np.float32]) -> Array:
    """(n,) sum of the shares of both directions: rows and columns of one product of the two."""
    n = len(first)
    limit = np.einsum("ij,ij->i", first, second) + ROUNDING
    above = np.zeros(n, np.int64)
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        scores = first[part] @ second.T
        above[part] += [np.count_nonzero(row) for row in scores > limit[part, None]]
        above += np.add.reduce((scores > limit).view(np.uint8), axis=0, dtype=np.uint8)
    return (above + (_copies(first) + _copies(second)) / 2) / (n - 1)


def _copies(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,) how many other rows are the same: those alone are ties, beside rounding."""
    rows = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors.itemsize * vectors.shape[1]))).ravel()
    _, place, count = np.unique(rows, return_inverse=True, return_counts=True)
    return count[place] - 1
