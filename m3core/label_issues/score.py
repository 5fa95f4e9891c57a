"""Which labels are likely wrong: each against what models say that were fitted without it.

    score = t / (t + p)

with p the out-of-sample probability of the given label (m3core.label_issues.readouts) and t the mean of p over the
sources that bear the label, the class's threshold of confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70,
1373; cleanlab). 0 to 1, higher is more suspect; 0.5 where the label is believed as much as is usual in its class.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings
from m3core.label_issues.readouts import (
    N_FOLDS,
    Folds,
    centre_votes,
    embedding_inputs,
    neighbour_votes,
    out_of_sample,
    pooled,
)
from m3core.survey import Survey
from m3core.survey.duplicates import duplicate_ids, duplicate_positions

__all__ = ["FEWEST", "LabelIssues", "find_label_issues", "label_score"]

FEWEST = 10
"""Of a class with fewer labelled sources nothing can be said."""

DRAWS, MOST_REDRAWN = 3, 6000
"""Folds are drawn three times and probabilities averaged; of more sources once: they are steadier, and take longer."""

EMBEDDINGS = "embeddings"

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class LabelIssues:
    """What is to be said of the labels of a survey.

    Attributes:
        table: a row a labelled source, most suspect first: source_id; rank (from 1); score (as above; NaN where its
            class is too small); label; suggested (the likeliest other class); margin (p of the suggested less p of the
            label, -1 to 1); p_label, p_suggested (0 to 1); is_issue (confident learning counts it as mislabelled);
            against (how many modalities' neighbours say the suggested class); of (how many have a say);
            neighbours_<modality> and centre_<modality> (the class that each names, '' for none);
            distance_<modality> and distance_mean (cosine distance to the own label's centre, 0 to 2);
            score_embeddings (the score from embeddings alone).
        sentences: what was left out, and what the numbers rest on.
    """

    table: pd.DataFrame
    sentences: list[str] = field(default_factory=list)


def label_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) t / (t + p).

    Args:
        probabilities: (n, C) out-of-sample; labels: (n,) class index, every class of C among them.
    """
    from cleanlab.count import get_confident_thresholds

    own = probabilities[np.arange(len(labels)), labels]
    usual = np.asarray(get_confident_thresholds(labels, probabilities))[labels]
    return np.asarray(usual / np.maximum(usual + own, 1e-12))


def find_label_issues(
    embeddings: Embeddings,
    survey: Survey,
    features: pd.DataFrame,
    progress: Progress = lambda done, sentence: None,
) -> LabelIssues:
    """Rank the labelled sources of every split.

    Args:
        features: of m3core.light_curve.features.feature_table, a row a source of the survey; no column: embeddings
            alone.
        progress: called with the fraction done and a sentence; what it raises ends the work.
    """
    counts = np.bincount(survey.labels[survey.labels >= 0], minlength=len(survey.classes))
    large = np.flatnonzero(counts >= FEWEST)
    small = [survey.classes[index] for index in np.flatnonzero((counts > 0) & (counts < FEWEST))]
    labelled = np.flatnonzero(survey.labels >= 0)
    sentences = []
    if len(labelled) < len(survey):
        sentences.append(f"{len(survey) - len(labelled)} of {len(survey)} sources have no label and are not judged.")
    if small:
        sentences.append(
            f"class {', '.join(small)}: fewer than {FEWEST} labelled sources, too few to judge; they are listed last, "
            "without a score."
        )
    if len(large) < 2:
        sentences.append(
            f"there are {len(large)} classes of {FEWEST} labelled sources or more and two are needed to judge a label: "
            "no source has a score."
        )
        return LabelIssues(_ranked(_unjudged(survey, labelled)), sentences)
    rows = labelled[np.isin(survey.labels[labelled], large)]
    labels = np.searchsorted(large, survey.labels[rows])
    names = np.array(survey.classes, object)[large]
    groups, n_twice = _stars(survey, rows)
    if n_twice:
        sentences.append(f"{n_twice} sources lie within 2 arcsec of another or share its id: left out together.")
    n_draws = DRAWS if len(rows) <= MOST_REDRAWN else 1
    embedded, measured = embedding_inputs(embeddings.embeddings, rows), features.to_numpy(np.float64)[rows]

    def told(draw: int) -> Callable[[float], None]:
        return lambda done: progress((draw + done) / n_draws, "Judging each label without it.")

    draws = [
        out_of_sample(embedded, measured, labels, len(large), Folds.drawn(labels, groups, seed), told(seed))
        for seed in range(n_draws)
    ]
    found = {name: np.mean([one[name] for one in draws], axis=0) for name in draws[0]}
    if not found:
        sentences.append("neither embeddings nor features vary: no source has a score.")
        return LabelIssues(_ranked(_unjudged(survey, labelled)), sentences)
    drawn = "once" if n_draws == 1 else f"{n_draws} times"
    sentences.append(f"score = t / (t + p), p pooled from {', '.join(found)}; {N_FOLDS} folds, drawn {drawn}.")
    table = _judged(survey, rows, labels, names, pooled(list(found.values())))
    alone = [one for name, one in found.items() if name.endswith(EMBEDDINGS)]
    table["score_embeddings"] = label_score(pooled(alone), labels) if alone else np.nan
    _vote(table, embeddings, rows, labels, groups, names)
    rest = _unjudged(survey, np.setdiff1d(labelled, rows))
    return LabelIssues(_ranked(pd.concat([table, rest], ignore_index=True) if len(rest) else table), sentences)


def _stars(survey: Survey, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """(n,) number of the star of each row, and how many rows share one with another."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = pd.concat([duplicate_positions(survey).pairs, duplicate_ids(survey).pairs])
    place = pd.Index(survey.source_ids[rows])
    first, second = place.get_indexer(pairs["first"]), place.get_indexer(pairs["second"])
    both = (first >= 0) & (second >= 0)
    graph = coo_array((np.ones(both.sum()), (first[both], second[both])), shape=(len(rows), len(rows)))
    _, groups = connected_components(graph, directed=False)
    return groups.astype(np.int64), int((np.bincount(groups)[groups] > 1).sum())


def _judged(
    survey: Survey,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    names: NDArray[np.object_],
    probabilities: NDArray[np.float64],
) -> pd.DataFrame:
    from cleanlab.filter import find_label_issues as confident_issues

    own = probabilities[np.arange(len(rows)), labels]
    others = probabilities.copy()
    others[np.arange(len(rows)), labels] = -1.0
    suggested = others.argmax(axis=1)
    return pd.DataFrame(
        {
            "source_id": survey.source_ids[rows],
            "score": label_score(probabilities, labels),
            "label": names[labels],
            "suggested": names[suggested],
            "margin": others.max(axis=1) - own,
            "p_label": own,
            "p_suggested": others.max(axis=1),
            "is_issue": confident_issues(labels, probabilities, filter_by="confident_learning", n_jobs=1),
        }
    )


def _vote(
    table: pd.DataFrame,
    embeddings: Embeddings,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    names: NDArray[np.object_],
) -> None:
    """Add what the neighbours and centres of each modality say."""
    said = np.append(names, "")
    votes = []
    for name, all_vectors in [*embeddings.embeddings.items(), ("mean", embeddings.mean)]:
        vectors = np.asarray(all_vectors[rows], np.float32)
        centre, distance = centre_votes(vectors, labels, len(names))
        if name != "mean":
            vote = said[neighbour_votes(vectors, labels, groups, len(names))]
            table[f"neighbours_{name}"], table[f"centre_{name}"] = vote, said[centre]
            votes.append(vote)
        table[f"distance_{name}"] = distance
    table["against"] = (np.array(votes) == table["suggested"].to_numpy(object)).sum(axis=0)
    table["of"] = (np.array(votes) != "").sum(axis=0)


def _unjudged(survey: Survey, rows: NDArray[np.int64]) -> pd.DataFrame:
    names = np.array(survey.classes, object)
    return pd.DataFrame(
        {
            "source_id": survey.source_ids[rows],
            "score": np.nan,
            "label": names[survey.labels[rows]],
            "suggested": "",
            "is_issue": False,
        }
    )


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Most suspect first, equal ones by id, with ranks from 1 on."""
    ordered = table.sort_values(["score", "source_id"], ascending=[False, True], na_position="last", ignore_index=True)
    ordered.insert(1, "rank", np.arange(1, len(ordered) + 1))
    for name in [one for one in map(str, ordered) if one.startswith(("neighbours_", "centre_"))]:
        ordered[name] = ordered[name].fillna("")
    return ordered
