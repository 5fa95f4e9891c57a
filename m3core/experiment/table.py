"""The tables of an experiment: a row a cell, and a row a method with mean, spread, intervals and paired tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from m3core.experiment.folder import ALL, METHODS, Experiment, Outcome, Row
from m3core.experiment.published_scores import published_score
from m3core.experiment.resampling import METRICS, Repeats, paired_difference, paired_t_test

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
    "std": "standard deviation over the seeds, sqrt(sum (x - mean)^2 / (n - 1)); lower is steadier; "
    "empty with one seed",
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
        "cut": "repeats whose training, or the pre-training under it, the limit of minutes ended early",
        "published": "accuracy of the paper (AJ 2025) on its own five splits; 0 to 1, higher is better",
        "published_std": "its standard deviation over five seeds",
        "published_p": "p of its paired t-test of CLIP against scratch",
    }
    if name in fixed:
        return fixed[name]
    metric = next(metric for metric in METRICS if name.startswith(f"{metric}_"))
    ending = name.removeprefix(f"{metric}_")
    title = metric.replace("_", " ")
    formula = f" = {FORMULAS[metric]};" if ending == "mean" else ":"
    return f"{title}{formula} {COLUMNS[ending]}"


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
    found = {row: side for row in experiment.plan.rows if (side := Side.of(experiment, row)).outcomes}
    rows = [
        _cells(row, side) | _gains(row, side, found.get(Row(row.modality, row.labels, REFERENCE)))
        for row, side in found.items()
    ]
    columns = ["modality", "labels", "method", "seeds", "n_labels", "n_test", "cut"]
    columns += [f"{metric}_{ending}" for metric in METRICS for ending in COLUMNS]
    table = pd.DataFrame(rows, columns=columns)
    if not experiment.asked["is_published"]:
        return table
    kinds = {**experiment.asked["kinds"], ALL: ALL}
    theirs = [published_score(kinds[row.modality], row.labels, row.method) for row in found]
    return pd.concat([table, pd.DataFrame(theirs, columns=["published", "published_std", "published_p"])], axis=1)


@dataclass(frozen=True)
class Side:
    """A row of the table: what it says in each seed in which it is done, and that as repeats."""

    outcomes: tuple[Outcome, ...]
    repeats: Repeats
    classes: tuple[str, ...]

    @classmethod
    def of(cls, experiment: Experiment, row: Row) -> "Side":
        """Read a row."""
        outcomes = tuple(experiment.outcomes(row))
        return cls(outcomes, Repeats(tuple(one.repeat(experiment.classes) for one in outcomes)), experiment.classes)

    def paired(self, other: "Side") -> tuple[Repeats, Repeats] | None:
        """Both in the seeds in which both are done, on the test stars that both judge; None where there are none."""
        stars = [[(one.cell.seed, frozenset(one.source_ids)) for one in side.outcomes] for side in (self, other)]
        if stars[0] == stars[1]:
            return (self.repeats, other.repeats) if self.outcomes else None
        theirs = {one.cell.seed: one for one in other.outcomes}
        pairs = []
        for one in self.outcomes:
            two = theirs.get(one.cell.seed)
            if two and (shared := frozenset(one.source_ids) & frozenset(two.source_ids)):
                pairs.append((one.repeat(self.classes, shared), two.repeat(self.classes, shared)))
        if not pairs:
            return None
        return Repeats(tuple(mine for mine, _ in pairs)), Repeats(tuple(its for _, its in pairs))


def _cells(row: Row, side: Side) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "modality": row.modality, "labels": row.labels, "method": METHODS[row.method], "seeds": len(side.outcomes),
        "n_labels": float(np.mean([one.n_labels for one in side.outcomes])),
        "n_test": float(np.mean([len(one.source_ids) for one in side.outcomes])),
        "cut": sum(one.is_cut for one in side.outcomes),
    }  # fmt: skip
    for metric in METRICS:
        score = side.repeats.interval(metric)
        cells |= {f"{metric}_mean": score.value, f"{metric}_low": score.low, f"{metric}_high": score.high}
        if len(side.outcomes) > 1:
            cells[f"{metric}_std"] = float(np.std(side.repeats.values(metric), ddof=1))
    return cells


def _gains(row: Row, side: Side, reference: Side | None) -> dict[str, float]:
    pair = reference.paired(side) if reference and row.method != REFERENCE else None
    if pair is None:
        return {}
    cells: dict[str, float] = {}
    for metric in METRICS:
        gain = paired_difference(*pair, metric)
        cells |= {f"{metric}_gain": gain.value, f"{metric}_gain_low": gain.low, f"{metric}_gain_high": gain.high}
        cells[f"{metric}_gain_p"] = paired_t_test(*(one.values(metric) for one in pair))
    return cells


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


def compare(first: Repeats, second: Repeats) -> Compared:
    """Compare two methods, repeat by repeat, each pair on the same stars in the same order."""
    rows = []
    for metric in METRICS:
        values = [side.values(metric) for side in (first, second)]
        found = paired_difference(first, second, metric)
        rows.append(
            {
                "metric": metric, "first": float(np.mean(values[0])), "second": float(np.mean(values[1])),
                "difference": found.value, "low": found.low, "high": found.high, "p": paired_t_test(*values),
            }
        )  # fmt: skip
    right = [np.concatenate([one.truth == one.guess for one in side.each]) for side in (first, second)]
    return Compared(
        pd.DataFrame(rows), len(first.each), len(right[0]),
        int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()),
    )  # fmt: skip


def compare_rows(experiment: Experiment, first: Row, second: Row) -> Compared | None:
    """Compare two rows of an experiment over the seeds in which both are done; None where there is none."""
    pair = Side.of(experiment, first).paired(Side.of(experiment, second))
    return compare(*pair) if pair else None
