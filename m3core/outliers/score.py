"""Odd sources: detectors on the embeddings, cross-modal disagreement, their combination, kept by hash.

disagreement = sum over modalities of surprise / its 84th percentile: how far what a modality says is from what the
others lead to expect (cross_residuals). score = disagreement + sum over light curves of the same ratio for
the descriptors that an outburst or a fading changes. Where a source lacks a modality the median stands in for the
ratio. The detectors on embeddings stand beside it as columns: they are not in the score (docs/outliers.md says why).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from m3core.embeddings.kept import Embeddings
from m3core.errors import SurveyError
from m3core.light_curve.features import kept_features
from m3core.outliers.cross_residuals import Residuals, cross_residuals, normal_deviates
from m3core.outliers.descriptors import Descriptors, describe
from m3core.outliers.detectors import centre_distance, cosine_disagreement, isolation_forest, neighbour_distance
from m3core.survey import Survey
from m3core.workers import in_threads

__all__ = ["MEAN", "Evidence", "Outliers", "find_evidence", "find_outliers", "outlier_table"]

Array = NDArray[np.float64]
Progress = Callable[[float, str], None]

MEAN = "mean"
TYPICAL = 84.0
"""Percentile that a surprise is measured in: one standard deviation above the median of a normal distribution."""

FEWEST = 2


@dataclass(frozen=True)
class Evidence:
    """Why a source's modality is a surprise.

    Attributes:
        descriptors: of the modality, those that no other has too.
        residuals: theirs.
        typical: the surprise's 84th percentile.
    """

    descriptors: Descriptors
    residuals: Residuals
    typical: float


@dataclass(frozen=True)
class Outliers:
    """What was found.

    Attributes:
        scores: (N rows, in the survey's order) score, disagreement, a column a detector; higher is odder.
        evidence: modality -> why, those that could be predicted.
        sentences: what could not be done, and how many that concerns.
    """

    scores: pd.DataFrame
    evidence: Mapping[str, Evidence]
    sentences: list[str] = field(default_factory=list)


def find_evidence(
    embeddings: Embeddings, survey: Survey, progress: Progress = lambda done, said: None
) -> tuple[dict[str, Evidence], list[str]]:
    """Modality -> why it is a surprise, and what could not be predicted.

    Embeddings are asked only of modalities that `needs_embedding`.
    """
    features = kept_features(survey, lambda done: progress(0.4 * done, "Measuring light curves."))
    described = describe(
        survey, embeddings, features, lambda done: progress(0.4 + 0.3 * done, "Describing modalities.")
    )  # fmt: skip
    return _evidence(described, lambda done, said: progress(0.7 + 0.3 * done, said))


def find_outliers(
    embeddings: Embeddings,
    survey: Survey,
    progress: Progress = lambda done, said: None,
    find: Callable[[Embeddings, Survey, Progress], tuple[dict[str, Evidence], list[str]]] = find_evidence,
) -> Outliers:
    """Score every source of a survey.

    Args:
        progress: told the fraction done and what is being done; raising from it cancels.
        find: gives the evidence, found anew or kept.

    Raises:
        SurveyError: fewer than two sources.
    """
    if len(survey) < FEWEST:
        raise SurveyError(f"survey {survey.path.name} has {len(survey)} source: with nothing beside it none is odd.")
    # the threads are ours, a modality each: those of large products wait for one another, on a busy machine for minutes
    with threadpool_limits(1, user_api="blas"):
        evidence, sentences = find(embeddings, survey, lambda done, said: progress(0.7 * done, said))
        asked = _of_embeddings(
            embeddings, survey, lambda done: progress(0.7 + 0.3 * done, "Asking the embeddings.")
        )  # fmt: skip
    columns: dict[str, Array] = {}
    score = disagreement = np.zeros(len(survey))
    for name, found in evidence.items():
        columns[f"surprise_{name}"] = found.residuals.surprise()
        disagreement = disagreement + _ratio(columns[f"surprise_{name}"])
    score = disagreement
    for name, found in evidence.items():
        if events := [found.descriptors.names.index(one) for one in found.descriptors.events]:
            columns[f"events_{name}"] = found.residuals.surprise(only=np.array(events))
            score = score + _ratio(columns[f"events_{name}"])
    columns |= asked
    if not evidence:
        sentences = [
            *sentences, "No modality can be predicted from another: the score is the isolation forest's on the mean."
        ]  # fmt: skip
        score = disagreement = np.nan_to_num(columns[f"isolation_forest_{MEAN}"])
    table = pd.DataFrame({"score": score, "disagreement": disagreement, **columns}, index=survey.sources.index)
    return Outliers(table, evidence, sentences)


def _ratio(surprise: Array) -> Array:
    typical = np.nanpercentile(surprise, TYPICAL)
    ratio = surprise / typical if typical > 0 else np.zeros_like(surprise)
    return np.where(np.isfinite(ratio), ratio, np.nanmedian(ratio))


def _evidence(described: Mapping[str, Descriptors], progress: Progress) -> tuple[dict[str, Evidence], list[str]]:
    deviates = {name: normal_deviates(one.values) for name, one in described.items()}
    found, sentences = {}, []

    def predicted(name: str) -> tuple[list[int], Residuals | None]:
        one, others = described[name], [other for other in described if other != name]
        own = [
            column for column in range(len(one.names)) if not _is_shared(one, column, [described[o] for o in others])
        ]  # fmt: skip
        inputs = (
            np.concatenate([deviates[other] for other in others], axis=1) if others else np.zeros((len(one.values), 0))
        )
        return own, cross_residuals(deviates[name][:, own], inputs)

    progress(0.0, "Predicting each modality from the others.")
    with in_threads(predicted, described) as results:
        for number, (name, (own, residuals)) in enumerate(zip(described, results, strict=True), 1):
            progress(number / len(described), "Predicting each modality from the others.")
            one = described[name]
            if residuals is None:
                sentences.append(f"{name} cannot be predicted: too few sources have it and another modality.")
                continue
            names = tuple(one.names[column] for column in own)
            events = tuple(event for event in one.events if event in names)
            kept = Descriptors(names, one.values[:, own], events, one.shape)
            surprise = residuals.surprise()
            found[name] = Evidence(kept, residuals, float(np.nanpercentile(surprise, TYPICAL)))
            if missing := int((~np.isfinite(surprise)).sum()):
                sentences.append(
                    f"{missing} of {len(surprise)} sources lack {name}, or all else: its median stands in."
                )
    return found, sentences


def _is_shared(one: Descriptors, column: int, others: list[Descriptors]) -> bool:
    """Whether another modality has the same numbers under the same name: a column that feeds both."""
    name, values = one.names[column], one.values[:, column]
    return any(
        name in other.names and np.array_equal(values, other.values[:, other.names.index(name)], equal_nan=True)
        for other in others
    )


def _of_embeddings(embeddings: Embeddings, survey: Survey, progress: Callable[[float], None]) -> dict[str, Array]:
    all_vectors = {**embeddings.embeddings, MEAN: embeddings.mean}
    train = survey.rows("train")

    def of_one(name: str) -> dict[str, Array]:
        vectors = all_vectors[name]
        return {
            f"isolation_forest_{name}": isolation_forest(vectors),
            f"neighbour_distance_{name}": neighbour_distance(vectors),
            f"centre_distance_{name}": centre_distance(vectors, survey.labels, train),
        }

    progress(0.0)
    columns = {"cosine_disagreement": cosine_disagreement(embeddings.embeddings)}
    with in_threads(of_one, all_vectors) as found:
        for number, some in enumerate(found, 1):
            columns |= some
            progress(0.5 + 0.5 * number / len(all_vectors))
    return columns


def outlier_table(found: Outliers) -> pd.DataFrame:
    """Every source, oddest first: source_id, rank (1 the oddest), score, disagreement, percentile, a column a detector.

    Equal scores are ordered by source_id.
    """
    table = found.scores.rename_axis("source_id").reset_index()
    order = np.lexsort((table["source_id"].to_numpy(str), -table["score"].to_numpy()))
    table = table.iloc[order].reset_index(drop=True)
    n = len(table)
    table.insert(1, "rank", np.arange(1, n + 1))
    table.insert(4, "percentile", 100.0 * (n - np.arange(1, n + 1) + 0.5) / n)
    return table
