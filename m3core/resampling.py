"""Scores over repeated experiments: bootstrap intervals, paired differences, the paired t-test.

A repeat (a seed) has its own test stars. Interval: percentile bootstrap (Efron & Tibshirani 1993, ch. 13) over both
sources of chance: the repeats are drawn with replacement, and in each the test stars with replacement; the score is the
mean over the drawn repeats. Two methods are compared on the same drawn stars.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.scores import summary

__all__ = ["DRAWS", "METRICS", "Interval", "Repeat", "interval", "paired_difference", "paired_t_test", "resampled"]

METRICS = ("accuracy", "balanced_accuracy", "macro_recall")

DRAWS = 2000
"""Of a bootstrap: the ends of a 95 % interval are then certain to about a twentieth of its width."""

Classes = NDArray[np.int64]


@dataclass(frozen=True)
class Repeat:
    """The test stars of one repeat.

    Attributes:
        truth, guess: (n,) class indices, guess -1 for none.
        n_classes: of the whole survey.
    """

    truth: Classes
    guess: Classes
    n_classes: int

    @property
    def scores(self) -> dict[str, float]:
        """`METRICS` (m3core.scores.summary), fractions in [0, 1], higher is better."""
        return summary(self.truth, self.guess, self.n_classes)


@dataclass(frozen=True)
class Interval:
    """Attributes: value, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def resampled(repeats: Sequence[Repeat], metric: str, *, seed: int = 0, draws: int = DRAWS) -> NDArray[np.float64]:
    """(draws,) of a score, each the mean over repeats drawn with replacement, of stars drawn with replacement.

    The draws depend on `seed` and on the numbers of stars alone: methods with the same test stars meet the same draws.
    In a draw without a star of a class, balanced accuracy and macro recall leave that class out.
    """
    by_repeat = np.stack([_one(repeat, metric, seed + number, draws) for number, repeat in enumerate(repeats)])
    chosen = np.random.default_rng([seed, len(repeats)]).integers(len(repeats), size=(draws, len(repeats)))
    return np.asarray(by_repeat[chosen.T, np.arange(draws)].mean(axis=0))


def _one(repeat: Repeat, metric: str, seed: int, draws: int) -> NDArray[np.float64]:
    """(draws,) of a score on the stars of one repeat."""
    n = len(repeat.truth)
    weights = _weights(n, seed, draws)
    right = repeat.truth == repeat.guess
    if metric == "accuracy":
        return np.asarray(weights @ right.astype(np.float32) / n, np.float64)
    member = np.equal.outer(repeat.truth, np.unique(repeat.truth)).astype(np.float32)  # (n, classes that occur)
    members, hits = weights @ member, weights @ (member * right[:, None])
    with np.errstate(invalid="ignore"):
        balanced = np.nanmean(np.where(members > 0, hits / members, np.nan), axis=1)
    share = member.shape[1] / repeat.n_classes if metric == "macro_recall" else 1.0
    return np.asarray(balanced * share, np.float64)


_KEPT: dict[tuple[int, int, int], NDArray[np.float32]] = {}


def _weights(n: int, seed: int, draws: int) -> NDArray[np.float32]:
    """(draws, n) how often each star is drawn; the last few are kept, since every method asks for the same."""
    key = (n, seed, draws)
    if key not in _KEPT:
        while len(_KEPT) >= 8:
            _KEPT.pop(next(iter(_KEPT)))
        drawn = np.random.default_rng([seed, n]).multinomial(n, np.full(n, 1 / n), size=draws)
        _KEPT[key] = drawn.astype(np.float32)
    return _KEPT[key]


def interval(repeats: Sequence[Repeat], metric: str) -> Interval:
    """Mean over the repeats with its 95 % bootstrap interval."""
    low, high = np.quantile(resampled(repeats, metric), [0.025, 0.975])
    return Interval(float(np.mean([repeat.scores[metric] for repeat in repeats])), float(low), float(high))


def paired_difference(first: Sequence[Repeat], second: Sequence[Repeat], metric: str) -> Interval:
    """Mean of first - second over the repeats, with its 95 % interval; the same stars in the same order in both."""
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.truth, other.truth), "paired methods are judged on the same stars"
    low, high = np.quantile(resampled(first, metric) - resampled(second, metric), [0.025, 0.975])
    pairs = zip(first, second, strict=True)
    value = np.mean([one.scores[metric] - other.scores[metric] for one, other in pairs])
    return Interval(float(value), float(low), float(high))


def paired_t_test(first: Sequence[float], second: Sequence[float]) -> float:
    """p of Student's paired t-test, two-sided; NaN with fewer than two pairs, or where all differences are alike."""
    from scipy.stats import ttest_rel

    differences = np.subtract(first, second)
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return float("nan")
    return float(ttest_rel(first, second).pvalue)
