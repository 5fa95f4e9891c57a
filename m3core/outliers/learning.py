"""A list of outliers that learns from yes and no: coniferest's active anomaly detection forest on the detectors.

Das et al. (2016, ICDM, 'Incorporating expert feedback into active anomaly discovery'): each leaf of an isolation
forest gets a weight, and the weights are changed until what was called odd stands above the 3 % oddest and what was
called ordinary below. The forest sees the normal deviates of every detector's column, so it can learn which detectors
find what is wanted. The list is ordered by the sum of the normal deviates of the forest's score and of the given
one: a few answers cannot throw the list away.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.outliers.cross_residuals import normal_deviates

__all__ = ["ANSWERS", "learned_score"]

Array = NDArray[np.float64]

ANSWERS = {"yes": True, "no": False}
"""Verdicts that teach; any other says nothing."""

N_TREES, SUBSAMPLE = 100, 256


def learned_score(scores: pd.DataFrame, order_by: str, verdicts: Mapping[str, str], seed: int = 0) -> Array | None:
    """(N,) what to order the list by, higher first; None where no answer teaches anything.

    Args:
        scores: of `m3core.outliers.score.Outliers`, indexed by source_id.
        order_by: the column that orders the list without answers.
        verdicts: source_id -> verdict.
    """
    from coniferest.aadforest import AADForest
    from coniferest.label import Label

    place = {source_id: row for row, source_id in enumerate(scores.index)}
    told = [(place[one], ANSWERS[verdict]) for one, verdict in verdicts.items() if verdict in ANSWERS and one in place]
    if not told:
        return None
    table = np.ascontiguousarray(np.nan_to_num(normal_deviates(scores.to_numpy(np.float64))))
    rows = np.array([row for row, _ in told])
    labels = np.array([Label.ANOMALY if odd else Label.REGULAR for _, odd in told], np.int32)
    size = min(SUBSAMPLE, len(table))
    forest = AADForest(n_trees=N_TREES, n_subsamples=size, random_seed=seed, n_jobs=1)
    forest.fit_known(table, table[rows], labels)
    learned = -forest.score_samples(table)  # coniferest: lower is odder
    both = np.stack([learned, scores[order_by].to_numpy(np.float64)], axis=1)
    return np.asarray(np.nan_to_num(normal_deviates(both)).sum(axis=1))
