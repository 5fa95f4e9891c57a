"""Scores over repeated experiments: bootstrap intervals, paired differences, the paired t-test.

A repeat (a seed) has its own test stars. Interval: percentile bootstrap (Efron & Tibshirani 1993, ch. 13) over both
sources of chance: the repeats are drawn with replacement, and in each the test stars with replacement; the score is the
mean over the drawn repeats. Two methods are compared on the same drawn stars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from m3core.classifier.scores import summary

__all__ = ["DRAWS", "METRICS", "Interval", "Repeat", "Repeats", "paired_difference", "paired_t_test"]

METRICS = ("accuracy", "balanced_accuracy", "macro_recall")

DRAWS = 2000
"""Of a bootstrap: the ends of a 95 % interval are then certain to about a twentieth of its width."""

Classes = NDArray[np.int64]
Drawn = dict[str, NDArray[np.float64]]
"""Metric -> (draws,) scores."""


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

    @cached_property
    def scores(self) -> dict[str, float]:
        """`METRICS` (m3core.classifier.scores.summary), fractions in [0, 1], higher is better."""
        return summary(self.truth, self.guess, self.n_classes)

    def drawn(self, seed: int, draws: int) -> Drawn:
        """Scores of stars drawn with replacement; in a draw without a star of a class, balanced accuracy and macro
        recall leave that class out.

        The draws depend on `seed` and the number of stars alone: methods with the same test stars meet the same ones.
        """
        occurring = np.unique(self.truth)
        member = np.equal.outer(self.truth, occurring).astype(np.float32)
        both = np.concatenate([member, member * (self.truth == self.guess)[:, None]], axis=1)
        members, hits = np.split((_weights(len(self.truth), seed, draws) @ both).astype(np.float64), 2, axis=1)
        with np.errstate(invalid="ignore"):
            balanced = np.nanmean(np.where(members > 0, hits / members, np.nan), axis=1)
        return {
            "accuracy": hits.sum(axis=1) / len(self.truth),
            "balanced_accuracy": balanced,
            "macro_recall": balanced * len(occurring) / self.n_classes,
        }


@lru_cache(maxsize=8)  # every method of a repeat asks for the same
def _weights(n: int, seed: int, draws: int) -> NDArray[np.float32]:
    """(draws, n): how often each star is drawn."""
    drawn = np.random.default_rng([seed, n]).multinomial(n, np.full(n, 1 / n), size=draws)
    return drawn.astype(np.float32)


@dataclass(frozen=True)
class Interval:
    """Attributes: value, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Repeats:
    """One method over its repeats."""

    each: tuple[Repeat, ...]
    draws: int = DRAWS

    def values(self, metric: str) -> list[float]:
        """The score of each repeat."""
        return [repeat.scores[metric] for repeat in self.each]

    @cached_property
    def drawn(self) -> Drawn:
        """Scores, each the mean over repeats drawn with replacement, of stars drawn with replacement.

        A repeat that is drawn twice brings other stars each time: each place in a draw reads the repeats' own draws
        from another start, so that no two of a draw are the same.
        """
        found = [repeat.drawn(number, self.draws) for number, repeat in enumerate(self.each)]
        n = len(found)
        places = np.arange(n)[:, None]
        chosen = np.random.default_rng(n).integers(n, size=(n, self.draws))
        own = (np.arange(self.draws) + places * self.draws // n) % self.draws
        return {metric: np.stack([one[metric] for one in found])[chosen, own].mean(axis=0) for metric in METRICS}

    def interval(self, metric: str) -> Interval:
        """Mean over the repeats with its 95 % bootstrap interval."""
        return _interval(float(np.mean(self.values(metric))), self.drawn[metric])


def paired_difference(first: Repeats, second: Repeats, metric: str) -> Interval:
    """Mean of first - second over the repeats, with its 95 % interval; the same stars in the same order in both."""
    for one, other in zip(first.each, second.each, strict=True):
        assert np.array_equal(one.truth, other.truth), "paired methods are judged on the same stars"
    value = float(np.mean(np.subtract(first.values(metric), second.values(metric))))
    return _interval(value, first.drawn[metric] - second.drawn[metric])


def _interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def paired_t_test(first: Sequence[float], second: Sequence[float]) -> float:
    """p of Student's paired t-test, two-sided; NaN with fewer than two pairs, or where all differences are alike."""
    from scipy.stats import ttest_rel

    differences = np.subtract(first, second)
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return float("nan")
    return float(ttest_rel(first, second).pvalue)
