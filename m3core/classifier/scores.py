"""How good a classification is: confusion matrix, accuracies, precision and recall with intervals.

Labels and guesses are class indices, (n,); a guess of -1 is none, and counts as wrong.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["class_table", "confusion", "summary", "wilson"]


def confusion(truth: NDArray[np.int64], guess: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """(C, C) counts, rows the true class, columns the predicted; sources without a guess are in no cell."""
    known = guess >= 0
    table = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(table, (truth[known], guess[known]), 1)
    return table


def summary(truth: NDArray[np.int64], guess: NDArray[np.int64], n_classes: int) -> dict[str, float]:
    """Scores of a whole sample, fractions in [0, 1], higher is better.

    Returns:
        accuracy: share of right guesses. balanced_accuracy: mean recall over the classes that occur among the true
        ones. macro_recall: mean recall over all classes, 0 for one that does not occur: the same number wherever every
        class does.
    """
    table = confusion(truth, guess, n_classes)
    n = np.bincount(truth, minlength=n_classes)
    recall = np.diag(table) / np.maximum(n, 1)
    return {
        "accuracy": float(np.diag(table).sum() / max(len(truth), 1)),
        "balanced_accuracy": float(recall[n > 0].mean()) if len(truth) else 0.0,
        "macro_recall": float(recall.mean()),
    }


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927), NaN where n is 0."""
    from scipy.stats import binomtest

    if not n:
        return float("nan"), float("nan")
    interval = binomtest(int(successes), int(n)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def class_table(truth: NDArray[np.int64], guess: NDArray[np.int64], classes: Sequence[str]) -> pd.DataFrame:
    """One row a class, in the order of `classes`.

    Returns:
        class, n (true members), n_predicted, recall = right / n, precision = right / n_predicted, each with the ends
        of its 95 % Wilson interval (recall_low, recall_high, ...); NaN where the number below the line is 0.
    """
    table = confusion(truth, guess, len(classes))
    n = np.bincount(truth, minlength=len(classes))
    rows = []
    for index, name in enumerate(classes):
        right, n_predicted = int(table[index, index]), int(table[:, index].sum())
        row = {"class": name, "n": int(n[index]), "n_predicted": n_predicted}
        for what, below in (("recall", int(n[index])), ("precision", n_predicted)):
            low, high = wilson(right, below)
            row |= {what: right / below if below else float("nan"), f"{what}_low": low, f"{what}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)
