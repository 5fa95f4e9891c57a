"""Subtypes: clusters within one class, from the embeddings of a model that knows the class's name at most.

1. Each modality's embeddings lose their mean over the class, and a star's are averaged over the modalities it has. So
   neither the gap between modalities (Liang et al. 2022, arXiv 2203.02053) nor which of them a star lacks
   makes a cluster.
2. Stars among whose neighbours in the whole survey the class is rarer than half of what chance gives are not
   fitted: wrong labels would make clusters of their own.
3. The rest is cut in two where two Gaussians are better than one by BIC and a valley lies between
   (m3core.subtypes.mixture_split), and each side again, until no cut is left.
4. Every star of the class gets the cluster of largest posterior probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings
from m3core.embeddings.neighbors import nearest
from m3core.errors import SurveyError
from m3core.progress import Progress, silent
from m3core.subtypes.mixture_split import DEEP, FEWEST, GAIN, Split, best_split
from m3core.survey import Survey

__all__ = ["Subtypes", "class_rows", "class_vectors", "find_subtypes", "has_own_neighbours", "subtype_table"]

NEIGHBOURS = 15

COMPLETE_SHARE = 0.25
"""From this share of stars with every modality on, these alone are fitted."""

MOST_FITTED = 5000
"""More stars of a class than this are not needed to find its clusters; the others are only assigned."""


@dataclass(frozen=True)
class Subtypes:
    """The clusters of one class.

    Attributes:
        label: the class.
        rows: (n,) row numbers of its sources in the survey, ascending.
        source_ids: (n,) text.
        cluster: (n,) 0 for the largest, then by size.
        confidence: (n,) posterior probability of that cluster, 0 to 1, higher is surer; 0 without an embedding.
        first: the first cut, accepted or not; None where there was none to judge.
        fitted: (m,) which of the class the clusters were looked for in: positions in `rows`, ascending. Comparisons
            of clusters are of these, so that wrong labels do not blur them.
        splits: the accepted cuts.
        sentences: how many stars were fitted, left out, guessed, and what decided.
    """

    label: str
    rows: NDArray[np.int64]
    source_ids: NDArray[np.object_]
    cluster: NDArray[np.int64]
    confidence: NDArray[np.float64]
    first: Split | None
    fitted: NDArray[np.int64]
    splits: list[Split] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """Stars of each cluster."""
        return np.bincount(self.cluster).tolist()


def class_rows(survey: Survey, label: str) -> NDArray[np.int64]:
    """Row numbers of the sources of a class.

    Raises:
        SurveyError: the survey has no such class.
    """
    if label not in survey.classes:
        known = ", ".join(survey.classes) or "none"
        raise SurveyError(f"survey {survey.path.name} has no class {label[:80]!r}; it has {known}.")
    return np.flatnonzero(survey.labels == survey.classes.index(label))


def class_vectors(embeddings: Mapping[str, NDArray[np.float32]], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, D): embeddings of a class less each modality's mean over it, averaged over what a star has; NaN rows without.

    Args:
        embeddings: modality -> (N, D), NaN rows where a source lacks it.
        rows: (n,) of the class.
    """
    dimension = next(iter(embeddings.values())).shape[1]
    total, count = np.zeros((len(rows), dimension)), np.zeros(len(rows))
    for vectors in embeddings.values():
        own = np.asarray(vectors[rows], np.float64)
        known = np.isfinite(own).all(axis=1)
        if known.any():
            total[known] += own[known] - own[known].mean(axis=0)
            count += known
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], np.nan)


def has_own_neighbours(
    mean: NDArray[np.float32], labels: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.bool_]:  # fmt: skip
    """(n,) whether at least half as many of a star's 15 nearest bear its label as chance would give (cosine, mean).

    Args:
        mean: (N, D); labels: (N,) class index; rows: (n,) sources of one class.
    """
    found, _ = nearest(np.asarray(mean[rows]), mean, NEIGHBOURS + 1)
    own = (labels[found] == labels[rows][:, None]) & (found >= 0) & (found != rows[:, None])
    share = float(np.mean(labels == labels[rows[0]])) if len(rows) else 0.0
    return np.asarray(own.sum(axis=1) >= 0.5 * NEIGHBOURS * share)


def find_subtypes(embeddings: Embeddings, survey: Survey, label: str, progress: Progress = silent) -> Subtypes:
    """Clusters of a class.

    Args:
        progress: told the share of the stars that no cut is looked for in any more.

    Raises:
        SurveyError: the survey has no such class, or no star of it has an embedding.
    """
    rows = class_rows(survey, label)
    vectors = class_vectors(embeddings.embeddings, rows)
    known = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    if not len(known):
        raise SurveyError(f"no source of class {label!r} in {survey.path.name} has an embedding: embed it again.")
    complete = _complete(embeddings.embeddings, rows, known)
    drawn = complete
    if len(complete) > MOST_FITTED:
        drawn = np.sort(np.random.default_rng(0).choice(complete, MOST_FITTED, replace=False))
    fitted = drawn[has_own_neighbours(embeddings.mean, survey.labels, rows[drawn])]
    first, splits, shares = _divided(vectors, known, fitted, _Counted(progress, len(fitted)))
    cluster, confidence = np.zeros(len(rows), np.int64), np.zeros(len(rows))
    order = np.argsort(-np.bincount(shares.argmax(axis=1), minlength=shares.shape[1]), kind="stable")
    shares = shares[:, order]
    cluster[known], confidence[known] = shares.argmax(axis=1), shares.max(axis=1)
    sentences = [_verdict(label, np.bincount(cluster).tolist(), first, splits, len(fitted))]
    if len(complete) < len(known):
        sentences.append(
            f"{len(known) - len(complete)} of {len(known)} stars lack a modality and were not fitted, only assigned: "
            "less is known of them."
        )
    if len(drawn) < len(complete):
        sentences.append(f"the clusters were looked for in {len(drawn)} of {len(complete)} stars, drawn with seed 0.")
    if len(fitted) < len(drawn):
        sentences.append(
            f"{len(drawn) - len(fitted)} of {len(drawn)} stars have neighbours of other classes and were not fitted, "
            "only assigned: their labels may be wrong."
        )
    if len(known) < len(rows):
        sentences.append(
            f"{len(rows) - len(known)} of {len(rows)} stars have no embedding: they are in cluster 0, the largest, "
            "with confidence 0."
        )
    return Subtypes(
        label, rows, survey.source_ids[rows], cluster, confidence, first, fitted, splits, sentences
    )  # fmt: skip


def _complete(
    embeddings: Mapping[str, NDArray[np.float32]], rows: NDArray[np.int64], known: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of `known` that have every modality; all where these are under a quarter, or too few to fit.

    What a star lacks shrinks and scatters its mean, which fills a valley.
    """
    has_all = np.all([np.isfinite(np.asarray(e[rows[known]])).all(axis=1) for e in embeddings.values()], axis=0)
    return known[has_all] if has_all.sum() >= max(FEWEST, COMPLETE_SHARE * len(known)) else known


class _Counted:
    """How much of a class is settled."""

    def __init__(self, progress: Progress, n: int) -> None:
        self._progress, self._n, self._done = progress, n, 0

    def tick(self) -> None:
        """Still at work."""
        self._progress(self._done / self._n if self._n else 1.0, "Looking for clusters")

    def settle(self, n: int) -> None:
        """So many stars need no further cut."""
        self._done += n
        self.tick()


def _divided(
    vectors: NDArray[np.float64], known: NDArray[np.int64], fitted: NDArray[np.int64], counted: "_Counted"
) -> tuple[Split | None, list[Split], NDArray[np.float64]]:
    """The first cut, all accepted ones, and (k, clusters) posterior probabilities of the known stars.

    The probability of a cluster is the product of those of the sides that lead to it.
    """
    first = best_split(vectors[fitted], counted.tick)
    if first is None or not first.is_accepted:
        counted.settle(len(fitted))
        return first, [], np.ones((len(known), 1))
    right = first.share_on_right(vectors[known])
    splits, parts = [first], []
    for side, share in ((0, 1.0 - right), (1, right)):
        _, more, within = _divided(vectors, known, fitted[first.side == side], counted)
        splits += more
        parts.append(share[:, None] * within)
    return first, splits, np.concatenate(parts, axis=1)


def _verdict(label: str, sizes: list[int], first: Split | None, splits: list[Split], n_fitted: int) -> str:
    if splits:
        cuts = "; ".join(
            f"valley {one.valley:.2f}, BIC gain {one.gain_per_star:.2f} a star, separation {one.separation:.1f} sigma"
            for one in splits
        )
        listed = " and ".join(str(size) for size in sizes)
        return f"class {label}: {len(sizes)} clusters of {listed} stars ({cuts})."
    if n_fitted < FEWEST:
        why = f"{n_fitted} stars to fit, and at least {FEWEST} are needed to tell"
    elif first is None:
        why = "no mixture of two Gaussians is better than one by BIC"
    else:
        why = (
            f"the best cut has valley {first.valley:.2f} and BIC gain {first.gain_per_star:.2f} a star, and a subtype "
            f"needs {DEEP:g} or less and {GAIN:g} or more"
        )
    return f"class {label}: one cluster of {sum(sizes)} stars, no subtypes seen ({why})."


def subtype_table(found: Subtypes) -> pd.DataFrame:
    """source_id, cluster, confidence: a row a star of the class, in the survey's order."""
    return pd.DataFrame({"source_id": found.source_ids, "cluster": found.cluster, "confidence": found.confidence})
