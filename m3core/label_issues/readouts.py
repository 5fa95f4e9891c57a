"""Class probabilities of labelled sources from models that never saw the label in question (cross-validation).

Four read-outs, two learners on two inputs: extremely randomised trees (Geurts, Ernst & Wehenkel 2006), which follow any
border, and a Gaussian a class with shrunk covariances (quadratic discriminant analysis), which knows how far away a
star is. The inputs are the embeddings and the hand-made features with the catalogue's columns
(m3core.light_curve.features).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m3core.embeddings.neighbors import nearest
from m3core.workers import in_threads

__all__ = [
    "N_FOLDS",
    "Folds",
    "centre_votes",
    "embedding_inputs",
    "feature_inputs",
    "neighbour_votes",
    "out_of_sample",
    "pooled",
]

Array = NDArray[np.float64]
Classes = NDArray[np.int64]
Progress = Callable[[float], None]

N_FOLDS = 5
N_TREES, N_TREES_OF_MANY = 200, 80
MOST_FOR_A_TREE = 6000
"""A tree is grown from at most so many sources drawn with replacement; where there are more, fewer trees are as good
(docs/label-issues.md): large surveys take time in proportion."""

TREE_COMPONENTS, GAUSSIAN_EMBEDDING, GAUSSIAN_FEATURES = 40, 20, 30
"""Principal components that the trees and the Gaussians are given."""

SHRINKAGE = 0.2
LEAST = 1e-3
"""Added to probabilities before logarithms: one read-out alone cannot forbid a class."""

NEIGHBOURS = 15


@dataclass(frozen=True)
class Folds:
    """Attributes: number: (n,) which fold a source is left out in; seed: of trees too."""

    number: NDArray[np.int64]
    seed: int

    @classmethod
    def drawn(cls, labels: Classes, groups: Classes, seed: int) -> "Folds":
        """Stratified by label; sources of one group (the same star twice) are left out together.

        Args:
            labels: (n,) class index, each class with `N_FOLDS` sources at least; groups: (n,) number of the star.
        """
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        number = np.zeros(len(labels), np.int64)
        if len(np.unique(groups)) == len(groups):  # the grouped one is slow
            parts = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(labels, labels)
        else:
            parts = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed).split(labels, labels, groups)
        for fold, (_, left_out) in enumerate(parts):
            number[left_out] = fold
        return cls(number, seed)


def embedding_inputs(embeddings: Mapping[str, NDArray[np.float32]], rows: Classes) -> Array:
    """(n, D): embeddings of every modality side by side, each less its mean; 0 where a source lacks one."""
    parts = []
    for vectors in embeddings.values():
        own = np.asarray(vectors[rows], np.float64)
        known = np.asarray(np.isfinite(own).all(axis=1))
        parts.append(np.where(known[:, None], own - own[known].mean(axis=0) if known.any() else 0.0, 0.0))
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(rows), 0))


def feature_inputs(table: Array) -> Array:
    """(n, K): features by their ranks as normal scores within 3 sigma, 0 where missing; constant ones are left out."""
    from scipy.stats import norm, rankdata

    columns = []
    for column in table.T:
        known = np.isfinite(column)
        if known.sum() < 2 or np.ptp(column[known]) == 0:
            continue
        scores = np.zeros(len(column))
        scores[known] = norm.ppf((rankdata(column[known]) - 0.5) / known.sum())
        columns.append(np.clip(scores, -3.0, 3.0))
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def principal(inputs: Array, most: int, *, whiten: bool = False) -> Array:
    """(n, at most `most`) principal components; none of a matrix that does not vary. No label is read."""
    from sklearn.decomposition import PCA

    if inputs.shape[1] == 0 or float(np.ptp(inputs, axis=0).max()) < 1e-9:
        return np.zeros((len(inputs), 0))
    n = min(most, *inputs.shape)
    found = PCA(n, random_state=0).fit(inputs)
    scores = found.transform(inputs)[:, found.explained_variance_ > 1e-12]
    return np.asarray(scores / scores.std(axis=0) if whiten else scores)


def _trees(seed: int, n: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    limited = {"bootstrap": True, "max_samples": MOST_FOR_A_TREE} if n > MOST_FOR_A_TREE else {}
    count = N_TREES_OF_MANY if limited else N_TREES
    return ExtraTreesClassifier(count, min_samples_leaf=3, max_features=0.3, random_state=seed, n_jobs=1, **limited)


def _gaussians(seed: int, n: int) -> Any:
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    return QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=SHRINKAGE)


def out_of_sample(
    embedded: Array, features: Array, labels: Classes, n_classes: int, folds: Folds, progress: Progress
) -> dict[str, Array]:
    """Probabilities of each source's classes by models fitted to the other folds.

    Args:
        embedded: (n, D) of `embedding_inputs`; features: (n, K) as they are, NaN where missing.
        labels: (n,) class index.

    Returns:
        read-out -> (n, C), rows with the sum 1; no entry for a read-out whose input does not vary.
    """
    ranked = feature_inputs(features)
    inputs = {
        "trees on embeddings": (_trees, principal(embedded, TREE_COMPONENTS)),
        "Gaussians on embeddings": (_gaussians, principal(embedded, GAUSSIAN_EMBEDDING, whiten=True)),
        "trees on features": (_trees, ranked),
        "Gaussians on features": (_gaussians, principal(ranked, GAUSSIAN_FEATURES)),
    }
    inputs = {name: (make, one) for name, (make, one) in inputs.items() if one.shape[1]}
    found = {name: np.zeros((len(labels), n_classes)) for name in inputs}

    def fit(task: tuple[str, int]) -> tuple[Classes, Classes, Array]:
        name, fold = task
        make, one = inputs[name]
        fitted, asked = folds.number != fold, np.flatnonzero(folds.number == fold)
        model = make(folds.seed, int(fitted.sum())).fit(one[fitted], labels[fitted])
        return asked, model.classes_, model.predict_proba(one[asked])

    tasks = [(name, fold) for name in inputs for fold in range(N_FOLDS)]
    with in_threads(fit, tasks) as results:  # and not the trees' own: they add probabilities in the order they come
        for number, (asked, classes, probabilities) in enumerate(results):
            found[tasks[number][0]][np.ix_(asked, classes)] = probabilities
            progress((number + 1) / len(tasks))
    return found


def pooled(readouts: list[Array]) -> Array:
    """(n, C): geometric mean of the read-outs, each with `LEAST` added, normalised again (a logarithmic pool)."""
    logarithms = np.mean([np.log(one + LEAST) for one in readouts], axis=0)
    weights = np.exp(logarithms)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def neighbour_votes(vectors: NDArray[np.float32], labels: Classes, groups: Classes, n_classes: int) -> Classes:
    """(n,) the commonest label among the 15 nearest others by cosine, weighed by the rarity of a class; -1 without.

    A vote is divided by the class's share, so that a rare class can win. The same star twice does not vote for itself.
    """
    found, _ = nearest(vectors, vectors, NEIGHBOURS + 5)
    counted = (found >= 0) & (groups[found] != groups[:, None])
    counted &= np.cumsum(counted, axis=1) <= NEIGHBOURS
    votes = np.zeros((len(vectors), n_classes))
    for index in range(n_classes):
        votes[:, index] = ((labels[found] == index) & counted).sum(axis=1) / max((labels == index).sum(), 1)
    return np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), -1)


def centre_votes(vectors: NDArray[np.float32], labels: Classes, n_classes: int) -> tuple[Classes, Array]:
    """The nearest class centre, and the distance to that of the own label, each centre without the source itself.

    Returns:
        (n,) class of the centre of largest cosine, -1 without an embedding; (n,) 1 - cosine to the own label's
        centre, 0 to 2, higher is more suspect (the ranking of arXiv 2411.08842), NaN without.
    """
    known = np.asarray(np.isfinite(vectors).all(axis=1))
    sums = np.stack([vectors[known & (labels == c)].sum(axis=0, dtype=np.float64) for c in range(n_classes)])
    rows = np.arange(len(vectors))
    unit = np.where(known[:, None], vectors, 0.0).astype(np.float64)
    cosines = unit @ (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)).T
    own = sums[labels] - unit
    cosines[rows, labels] = (unit * own).sum(axis=1) / np.maximum(np.linalg.norm(own, axis=1), 1e-12)
    return np.where(known, cosines.argmax(axis=1), -1), np.where(known, 1.0 - cosines[rows, labels], np.nan)
