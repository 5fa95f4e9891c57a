"""Exact cosine neighbours, and how well modalities find one another. Embeddings are L2-normalised, NaN rows absent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearestNeighbourScore", "nearest", "nearest_neighbour_score", "own_ranks", "recall_at_k"]

CHUNK = 256
"""Queries at once: bounds the memory of a similarity matrix against a million sources to 1 GB."""

BLOCK = 64


def nearest(
    queries: NDArray[np.float32], index: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k most similar rows of `index` for every query.

    Args:
        queries: (Q, D); index: (N, D). Rows with NaN are never found, and find nothing (-1).

    Returns:
        (Q, k) row numbers, most similar first, -1 where there are no more; (Q, k) cosine similarities in [-1, 1].
    """
    found = np.full((len(queries), k), -1, np.int64)
    similarity = np.full((len(queries), k), np.nan, np.float32)
    candidates = np.flatnonzero(np.isfinite(index).all(axis=1))
    n_found = min(k, len(candidates))
    if not n_found:
        return found, similarity
    table = index if len(candidates) == len(index) else index[candidates]  # a copy of a million rows is felt
    for start in range(0, len(queries), CHUNK):
        rows = start + np.flatnonzero(np.isfinite(queries[start : start + CHUNK]).all(axis=1))
        scores = queries[rows] @ table.T
        above = np.flatnonzero(scores >= _lower_bounds(scores, n_found)[:, None])  # nonzero of a matrix is slow
        query, near = np.divmod(above, scores.shape[1])
        value = scores[query, near]
        order = np.lexsort((near, -value, query))  # equal ones by row number: the same list every time
        first = np.searchsorted(query, np.arange(len(rows)))[:, None] + np.arange(n_found)
        best = order[first]
        found[rows, :n_found], similarity[rows, :n_found] = candidates[near[best]], value[best]
    return found, similarity


def _lower_bounds(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """(Q,) no more than the k-th highest of each row of (Q, N): the k-th highest of the maxima of at least k blocks.

    A partition of the whole row takes ten times as long; so few are above the bound that they can be sorted.
    """
    n = scores.shape[1]
    size = max(1, min(BLOCK, n // (4 * k)))
    blocks = n // size
    maxima = scores[:, : size * blocks].reshape(len(scores), size, blocks).max(axis=1)
    return np.partition(maxima, blocks - k, axis=1)[:, blocks - k]


def recall_at_k(
    first: NDArray[np.float32], second: NDArray[np.float32], ks: tuple[int, ...] = (1, 5, 10)
) -> dict[str, float]:
    """How often a source's own embedding in one modality is among the k nearest to it in the other.

    Args:
        first, second: (N, D), row i of both is the same source. Only sources that have both count.

    Returns:
        'recall@k' for each k, the mean of both directions, 0 to 1, higher is better; 'chance@k' = min(k / n, 1); 'n'.
    """
    both = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    first, second = first[both], second[both]
    n = len(first)
    result: dict[str, float] = {"n": float(n)}
    if not n:
        return result
    ranks = np.concatenate([own_ranks(first, second), own_ranks(second, first)])
    for k in ks:
        result[f"recall@{k}"] = float(np.mean(ranks < k))
        result[f"chance@{k}"] = min(k / n, 1.0)
    return result


def own_ranks(queries: NDArray[np.float32], index: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) rank of row i of `index` for query i, 0 best; ties count against it."""
    ranks = []
    for start in range(0, len(queries), CHUNK):
        scores = queries[start : start + CHUNK] @ index.T
        own = scores[np.arange(len(scores)), start + np.arange(len(scores))]
        ranks.append(np.count_nonzero(scores >= own[:, None], axis=1) - 1)
    return np.concatenate(ranks)


@dataclass(frozen=True)
class NearestNeighbourScore:
    """Accuracy of the label of the nearest training source, fractions in [0, 1], higher is better.

    Attributes:
        accuracy: share of right labels.
        balanced: mean over classes of the share of right labels in it.
        majority: accuracy of always naming the commonest class, for comparison.
        n: sources asked.
    """

    accuracy: float
    balanced: float
    majority: float
    n: int


def nearest_neighbour_score(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], train: NDArray[np.int64], asked: NDArray[np.int64]
) -> NearestNeighbourScore | None:
    """Label every asked source as its nearest labelled training source (cosine).

    Args:
        vectors: (N, D); labels: (N,) class index, -1 unknown; train, asked: row numbers.

    Returns:
        None where either side has no labelled source with an embedding.
    """
    known = (labels >= 0) & np.isfinite(vectors).all(axis=1)
    train, asked = train[known[train]], asked[known[asked]]
    if not len(train) or not len(asked):
        return None
    found, _ = nearest(vectors[asked], vectors[train], 1)
    truth, guess = labels[asked], labels[train][found[:, 0]]
    right = truth == guess
    majority = np.bincount(labels[train]).argmax()
    balanced = np.mean([right[truth == label].mean() for label in np.unique(truth)])
    return NearestNeighbourScore(float(right.mean()), float(balanced), float(np.mean(truth == majority)), len(asked))
