"""The sources most like a query, by exact cosine: within a modality, across two, on the mean, or with weights.

A query is what is looked for: one source, several, or one that is in no survey (m3core.similarity.query). Of several
sources each modality's embeddings are averaged and L2-normalised again (Rocchio 1971), so that all of them count alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import MEAN
from m3core.errors import ConfigError
from m3core.survey import Survey
from m3core.survey.duplicates import DEFAULT_RADIUS, rows_of_same_star

__all__ = [
    "Filters", "Query", "Similar", "check_weights", "find_similar", "query_of_rows", "query_of_vectors",
    "similar_table", "similarities", "weighted_similarities",
]  # fmt: skip

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Query:
    """What is looked for.

    Attributes:
        vectors: modality or 'mean' -> (D,) L2-normalised; one that the query lacks is not there.
        rows: (k,) of the sources that it is made of, in the survey searched; empty for what is not in it.
        name: what to call it in a sentence.
    """

    vectors: dict[str, Vector]
    rows: NDArray[np.int64]
    name: str


@dataclass(frozen=True)
class Filters:
    """Which sources may be found; nothing set: all.

    Attributes:
        labels: classes; splits: names of splits; empty: any.
        ranges: catalogue column -> (lowest, highest), both ends included; a source without a value is not found.
        radius: arcsec within which an entry counts as the query's own star once more; 0 keeps all but the query.
    """

    labels: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    ranges: tuple[tuple[str, float, float], ...] = ()
    radius: float = DEFAULT_RADIUS


@dataclass(frozen=True)
class Similar:
    """What was found.

    Attributes:
        rows: (n,) of the survey, most alike first; equal similarities by row.
        similarity: (n,) cosine, -1 to 1, higher is more alike.
        same_star: (m,) rows left out as the query's own star under another entry.
        sentences: what was compared, and what was left out.
    """

    rows: NDArray[np.int64]
    similarity: NDArray[np.float32]
    same_star: NDArray[np.int64]
    sentences: list[str] = field(default_factory=list)


def query_of_rows(embeddings: Embeddings, rows: Sequence[int]) -> Query:
    """One source or several of those that are embedded.

    Args:
        rows: at least one.
    """
    chosen = np.unique(np.asarray(rows, np.int64))
    every = {MEAN: embeddings.mean, **embeddings.embeddings}
    vectors = {name: _direction(np.asarray(table[chosen], np.float64)) for name, table in every.items()}
    first = str(embeddings.source_ids[chosen[0]])
    name = f"source {first}" if len(chosen) == 1 else f"{len(chosen)} sources"
    return Query({name: one for name, one in vectors.items() if one is not None}, chosen, name)


def query_of_vectors(vectors: Mapping[str, Vector], name: str) -> Query:
    """What is in no survey.

    Args:
        vectors: modality -> (D,) of those that it has; their mean is added.
    """
    found = {key: one for key, value in vectors.items() if (one := _direction(np.asarray(value)[None])) is not None}
    mean = _direction(np.array(list(found.values()), np.float64)) if found else None
    return Query(({MEAN: mean} if mean is not None else {}) | found, np.zeros(0, np.int64), name)


def _direction(vectors: NDArray) -> Vector | None:
    """(D,) mean of the rows without NaN, L2-normalised; None where there is none, or it vanishes."""
    known = vectors[np.isfinite(vectors).all(axis=1)].astype(np.float64)
    mean = known.mean(axis=0) if len(known) else np.zeros(vectors.shape[1])
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length > 0 else None


def similarities(
    query: Query, embeddings: Embeddings, by: str = MEAN, among: str | None = None
) -> NDArray[np.float32]:  # fmt: skip
    """(N,) cosine of the query's embedding in one modality with every source's in the same or another; NaN without.

    Args:
        by: a modality of the query, or 'mean'.
        among: a modality of the sources, or 'mean'; None: `by`.

    Raises:
        ConfigError: there is no such modality, or the query lacks it.
    """
    among = by if among is None else among
    for name in (by, among):
        _check_known(embeddings, name)
    if by not in query.vectors:
        has = ", ".join(query.vectors) or "none"
        raise ConfigError(f"{query.name} has no {by} embedding: look by one that it has ({has}).")
    table = embeddings.mean if among == MEAN else embeddings.embeddings[among]
    return np.clip(np.asarray(table) @ query.vectors[by], -1.0, 1.0)


def weighted_similarities(
    query: Query, embeddings: Embeddings, weights: Mapping[str, float]
) -> NDArray[np.float32]:  # fmt: skip
    """(N,) sum of w_m cos_m / sum of w_m over the modalities m that both the query and the source have; NaN without.

    Args:
        weights: modality -> weight, at least 0, one above.

    Raises:
        ConfigError: an unknown modality, a negative weight, or none that the query has.
    """
    check_weights(embeddings, weights)
    used = {name: weight for name, weight in weights.items() if weight > 0 and name in query.vectors}
    if not used:
        raise ConfigError(f"{query.name} has none of the weighted modalities: give another one a weight.")
    total, divisor = np.zeros(len(embeddings.source_ids)), np.zeros(len(embeddings.source_ids))
    for name, weight in used.items():
        cosine = similarities(query, embeddings, name)
        known = np.isfinite(cosine)
        total[known] += weight * cosine[known]
        divisor[known] += weight
    return np.where(divisor > 0, total / np.maximum(divisor, 1e-300), np.nan).astype(np.float32)


def check_weights(embeddings: Embeddings, weights: Mapping[str, float]) -> None:
    """Raise ConfigError where a weight cannot be."""
    for name, weight in weights.items():
        if name not in embeddings.embeddings:
            raise ConfigError(f"weight of {name!r}: the modalities are {', '.join(embeddings.embeddings)}.")
        if not (np.isfinite(weight) and weight >= 0):
            raise ConfigError(f"weight of {name!r} is {weight:g}: a weight is a number of at least 0.")
    if not any(weight > 0 for weight in weights.values()):
        raise ConfigError("all weights are 0: give at least one modality a weight above 0.")


def _check_known(embeddings: Embeddings, name: str) -> None:
    if name != MEAN and name not in embeddings.embeddings:
        raise ConfigError(f"there is no modality {name!r}: choose one of {MEAN}, {', '.join(embeddings.embeddings)}.")


def find_similar(
    query: Query,
    embeddings: Embeddings,
    survey: Survey,
    *,
    by: str = MEAN,
    among: str | None = None,
    weights: Mapping[str, float] | None = None,
    filters: Filters = Filters(),
) -> Similar:
    """Every source that may be found, most like the query first; the query itself and its duplicates left out.

    Args:
        by, among: see `similarities`.
        weights: see `weighted_similarities`; takes the place of `by` and `among`.

    Raises:
        ConfigError: as these two; or a class, split or column that the survey does not have.
    """
    if weights is None:
        scores = similarities(query, embeddings, by, among)
        among = by if among is None else among
        compared = by if by == among else f"{by} of the query with {among} of the sources"
        what = f"compared by {compared}"
    else:
        scores = weighted_similarities(query, embeddings, weights)
        listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items() if weight > 0)
        what = f"compared with weights {listed}"
    same_star = np.zeros(0, np.int64)
    if filters.radius > 0 and len(query.rows):
        same_star = rows_of_same_star(survey, query.rows, filters.radius)
    known = np.isfinite(scores)
    other = np.ones(len(scores), bool)
    other[query.rows] = other[same_star] = False
    passes = allowed(survey, filters)
    rows = np.flatnonzero(known & other & passes)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    found = scores[rows]
    sentences = [f"{what}: {len(rows):,} of {len(scores):,} sources"]
    if len(query.rows):
        itself = "the query itself is" if len(query.rows) == 1 else f"the {len(query.rows):,} of the query are"
        sentences.append(f"{itself} left out")
    if len(same_star):
        ids = ", ".join(str(one) for one in survey.source_ids[same_star[:5]])
        sentences.append(
            f"{len(same_star):,} left out as the query's own star (within {filters.radius:g} arcsec, or its id in "
            f"other writing): {ids}{', ...' if len(same_star) > 5 else ''}"
        )
    if n_absent := int((other & ~known).sum()):
        sentences.append(f"{n_absent:,} have nothing to compare")
    if n_filtered := int((other & known & ~passes).sum()):
        sentences.append(f"{n_filtered:,} do not pass the filters")
    if len(found) > 1 and found[0] == found[-1]:
        sentences.append("all are equally alike, so their order is the survey's and says nothing")
    return Similar(rows, found, same_star, [f"{one[0].upper()}{one[1:]}." for one in sentences])


def allowed(survey: Survey, filters: Filters) -> NDArray[np.bool_]:
    """(N,) which sources pass the filters.

    Raises:
        ConfigError: a class, split or column that the survey does not have.
    """
    passes = np.ones(len(survey), bool)
    splits = survey.sources["split"].to_numpy(object)
    for what, wanted, there, values in (
        ("class", filters.labels, survey.classes, survey.sources["label"].to_numpy(object)),
        ("split", filters.splits, tuple(dict.fromkeys(splits)), splits),
    ):
        for name in wanted:
            if name not in there:
                raise ConfigError(f"there is no {what} {name[:80]!r}: the survey has {', '.join(there) or 'none'}.")
        if wanted:
            passes &= np.isin(values.astype(str), wanted)
    for column, low, high in filters.ranges:
        if column not in survey.sources or not pd.api.types.is_numeric_dtype(survey.sources[column]):
            raise ConfigError(f"there is no column of numbers {column[:80]!r} in {survey.path.name}.")
        values = survey.sources[column].to_numpy(np.float64, na_value=np.nan)
        passes &= (values >= low) & (values <= high)
    return passes


def similar_table(survey: Survey, found: Similar, most: int | None = None) -> pd.DataFrame:
    """source_id, rank (from 1), similarity: a row a source, most alike first.

    Args:
        most: rows at most; None: all.
    """
    rows = found.rows[:most]
    return pd.DataFrame(
        {
            "source_id": survey.source_ids[rows],
            "rank": np.arange(1, len(rows) + 1),
            "similarity": found.similarity[:most],
        }
    )
