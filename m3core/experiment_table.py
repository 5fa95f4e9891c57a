"""The tables of an experiment: a row a cell, and a row a method with mean, spread, intervals and paired tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from m3core.experiment import ALL, METHODS, Experiment, Outcome, Row
from m3core.published_scores import published_score
from m3core.resampling import METRICS, Repeat, interval, paired_difference, paired_t_test

__all__ = [
    "COLUMNS",
    "REFERENCE",
    "Compared",
    "cell_table",
    "compare",
    "compare_rows",
    "describe_column",
    "score_table",
]

REFERENCE = "clip"
"""The method that all others of the same modality and labels are compared with."""

COLUMNS = {
    "mean": "mean over the seeds; 0 to 1, higher is better",
    "std": "standard deviation over the seeds, sqrt(sum (x - mean)^2 / (n - 1)); lower is steadier; empty with one",
    "low": "lower end of the 95 % bootstrap interval of the mean: seeds and test stars drawn anew 2,000 times",
    "high": "upper end of that interval",
    "gain": "CLIP less this method: mean over the seeds of the difference on the same test stars; -1 to 1, above 0: "
    "CLIP is better",
    "gain_low": "lower end of the 95 % interval of the gain, both methods on the same drawn seeds and stars; above 0: "
    "CLIP is better beyond chance",
    "gain_high": "upper end of that interval; under 0: CLIP is worse beyond chance",
    "gain_p": "p of the paired two-sided t-test over the seeds, t = mean(d) / (std(d) / sqrt(n)); 0 to 1, lower is "
    "stronger evidence; empty with one seed, or where all differences are alike",
}
"""Ending of a column of `score_table` behind a metric's name -> what it is."""

FORMULAS = {
    "accuracy": "right guesses / all test stars",
    "balanced_accuracy": "mean over the classes among the test stars of right / members",
    "macro_recall": "mean over all classes of the survey of right / members, 0 for a class without a test star",
}


def describe_column(name: str) -> str:
    """What a column of `score_table` is: formula, range and direction."""
    fixed = {
        "modality": "the modality that is read, or all together",
        "labels": "share of the training labels that a method may see, the same stars for every method of a seed",
        "method": "what tells the classes",
        "seeds": "repeats that are done; each has its own split and its own pre-training",
        "n_labels": "labels trained on, mean over the seeds",
        "n_test": "labelled test stars that have the modality, mean over the seeds",
        "cut": "trainings that the cap of minutes ended early, of those done",
        "published": "accuracy of the paper (AJ 2025) on its own five splits; 0 to 1, higher is better",
        "published_std": "its standard deviation over five seeds",
        "published_p": "p of its paired t-test of CLIP against scratch",
    }
    if name in fixed:
        return fixed[name]
    metric = next(metric for metric in METRICS if name.startswith(f"{metric}_"))
    ending = name.removeprefix(f"{metric}_")
    return f"{metric.replace('_', ' ')} = {FORMULAS[metric]}; {COLUMNS[ending]}"


def cell_table(experiment: Experiment) -> pd.DataFrame:
    """One row a finished cell: seed, modality, labels, method, n_labels, n_test, cut, and the scores."""
    rows = [
        {
            "seed": found.cell.seed, "modality": row.modality, "labels": row.labels, "method": row.method,
            "n_labels": found.n_labels, "n_test": len(found.source_ids), "cut": found.is_cut,
            **found.repeat(experiment.classes).scores,
        }
        for row in experiment.plan.rows
        for found in experiment.outcomes(row)
    ]  # fmt: skip
    columns = ["seed", "modality", "labels", "method", "n_labels", "n_test", "cut", *METRICS]
    return pd.DataFrame(rows, columns=columns)


def score_table(experiment: Experiment) -> pd.DataFrame:
    """One row a method, modality and share of labels of which a seed is done: the columns of `describe_column`.

    On the published set the paper's scores stand in three more columns. Gains are CLIP's over the row's method, over
    the seeds in which both are done; empty in CLIP's own rows.
    """
    found = {row: list(experiment.outcomes(row)) for row in experiment.plan.rows}
    rows = [
        _row(row, outcomes, found.get(Row(row.modality, row.labels, REFERENCE), []), experiment.classes)
        for row, outcomes in found.items()
        if outcomes
    ]
    columns = ["modality", "labels", "method", "seeds", "n_labels", "n_test", "cut"]
    columns += [f"{metric}_{ending}" for metric in METRICS for ending in COLUMNS]
    table = pd.DataFrame(rows, columns=columns)
    if not experiment.asked["is_published"]:
        return table
    kinds = {**experiment.asked["kinds"], ALL: ALL}
    theirs = [published_score(kinds[row.modality], row.labels, row.method) for row, done in found.items() if done]
    return pd.concat([table, pd.DataFrame(theirs, columns=["published", "published_std", "published_p"])], axis=1)


def _row(
    row: Row, outcomes: Sequence[Outcome], reference: Sequence[Outcome], classes: tuple[str, ...]
) -> dict[str, Any]:
    repeats = [found.repeat(classes) for found in outcomes]
    mine, theirs = _in_both(outcomes, reference, classes) if row.method != REFERENCE else ([], [])
    cells: dict[str, Any] = {
        "modality": row.modality, "labels": row.labels, "method": METHODS[row.method], "seeds": len(outcomes),
        "n_labels": float(np.mean([found.n_labels for found in outcomes])),
        "n_test": float(np.mean([len(repeat.truth) for repeat in repeats])),
        "cut": sum(found.is_cut for found in outcomes),
    }  # fmt: skip
    for metric in METRICS:
        values = [repeat.scores[metric] for repeat in repeats]
        score = interval(repeats, metric)
        cells |= {f"{metric}_mean": score.value, f"{metric}_low": score.low, f"{metric}_high": score.high}
        if len(values) > 1:
            cells[f"{metric}_std"] = float(np.std(values, ddof=1))
        if mine:
            gain = paired_difference(theirs, mine, metric)
            cells |= {f"{metric}_gain": gain.value, f"{metric}_gain_low": gain.low, f"{metric}_gain_high": gain.high}
            scores = ([repeat.scores[metric] for repeat in side] for side in (theirs, mine))
            cells[f"{metric}_gain_p"] = paired_t_test(*scores)
    return cells


def _in_both(
    first: Sequence[Outcome], second: Sequence[Outcome], classes: tuple[str, ...]
) -> tuple[list[Repeat], list[Repeat]]:
    """Repeats of the seeds in which both are done, each on the test stars that both judge."""
    by_seed = {found.cell.seed: found for found in second}
    pairs = []
    for one in first:
        other = by_seed.get(one.cell.seed)
        shared = frozenset(one.source_ids) & frozenset(other.source_ids) if other else frozenset()
        if other and shared:
            pairs.append((one.repeat(classes, shared), other.repeat(classes, shared)))
    return [mine for mine, _ in pairs], [theirs for _, theirs in pairs]


@dataclass(frozen=True)
class Compared:
    """Two methods on the same test stars.

    Attributes:
        table: a row a metric: metric, first, second, difference (first - second), low, high (its 95 % interval), p.
        n_repeats, n_stars: what it rests on.
        n_first_alone, n_second_alone: stars that one of the two alone gets right.
    """

    table: pd.DataFrame
    n_repeats: int
    n_stars: int
    n_first_alone: int
    n_second_alone: int

    @property
    def mcnemar(self) -> float:
        """p of McNemar's exact test, two-sided: of the stars that one alone gets right, is the half the first's?

        For one repeat; NaN where there is no such star.
        """
        from scipy.stats import binomtest

        n = self.n_first_alone + self.n_second_alone
        return float(binomtest(self.n_first_alone, n).pvalue) if n else float("nan")


def compare(first: Sequence[Repeat], second: Sequence[Repeat]) -> Compared:
    """Compare two methods, repeat by repeat, each pair on the same stars in the same order."""
    rows = []
    for metric in METRICS:
        values = [[repeat.scores[metric] for repeat in side] for side in (first, second)]
        found = paired_difference(first, second, metric)
        rows.append(
            {
                "metric": metric, "first": float(np.mean(values[0])), "second": float(np.mean(values[1])),
                "difference": found.value, "low": found.low, "high": found.high, "p": paired_t_test(*values),
            }
        )  # fmt: skip
    right = [np.concatenate([repeat.truth == repeat.guess for repeat in side]) for side in (first, second)]
    return Compared(
        pd.DataFrame(rows), len(first), len(right[0]),
        int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()),
    )  # fmt: skip


def compare_rows(experiment: Experiment, first: Row, second: Row) -> Compared | None:
    """Compare two rows of an experiment over the seeds in which both are done; None where there is none."""
    sides = _in_both(list(experiment.outcomes(first)), list(experiment.outcomes(second)), experiment.classes)
    return compare(*sides) if sides[0] else None
