"""Is a cloud of points one or two? A Gaussian mixture proposes where to cut, an empty valley between decides.

Bayes' information criterion alone cuts any cloud that is not Gaussian, a continuum of periods for instance. A cut
counts only where few points lie between its two sides, on an axis that was not fitted to them (`valley`).
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEEP", "FEWEST", "GAIN", "Split", "best_split", "valley"]

Array = NDArray[np.float64]

DEEP = 0.25
"""A cut is accepted where the density in the valley is at most this share of the lower peak's (docs/subtypes.md)."""

GAIN = 0.5
"""A cut is accepted where two Gaussians are better than one by at least so much of BIC a star. For many stars the gain
is ln(1 + p q D^2) + 2 p ln p + 2 q ln q with shares p, q = 1 - p at distance D: 0.5 is D = 4.7, for q = p or 3 p.
"""

WORTH_A_LOOK = 10.0
"""BIC gain of the whole under which no cut is looked at: above is 'very strong' (Kass & Raftery 1995, JASA 90, 773)."""

POINTS_PER_DIMENSION, MOST_DIMENSIONS = 10, 10
"""Principal components that are looked at: one for ten points, ten at most."""

RANDOM_STARTS, FOLDS, REPEATS, MOST_TRIED = 10, 5, 5, 4
SMALLEST, SMALLEST_SHARE = 15, 0.05
"""The smaller side of a cut has at least so many points, and at least this share of them all."""

FEWEST = 40
"""Points under which no cut is looked for."""

SIMILAR = 1e-3
"""Optima whose mean log-likelihoods differ by less are one."""


@dataclass(frozen=True)
class Split:
    """A cut of a cloud in two.

    Attributes:
        valley: least density between the two peaks over that of the lower peak, cross-fitted; 0 to 1, lower is better.
        separation: Mahalanobis distance of the two means, in standard deviations within a side (sqrt of the D^2 that
            Ashman's D generalises to one covariance for both); higher is better.
        bic_gain: BIC of one Gaussian less that of two with one covariance; above 0: two are better.
        side: (n,) 0 or 1 of the points that were fitted, 1 the smaller side.
        axis: (n,) their places on the discriminant axis, cross-fitted, in standard deviations within a side.
        model: the fitted whitening and mixture; `share_on_right` asks it.
    """

    valley: float
    separation: float
    bic_gain: float
    side: NDArray[np.int64]
    axis: Array
    model: Any

    @property
    def is_accepted(self) -> bool:
        """Whether the cut counts."""
        return self.valley <= DEEP and self.gain_per_star >= GAIN

    @property
    def gain_per_star(self) -> float:
        """BIC gain over the number of fitted points."""
        return self.bic_gain / len(self.side)

    def share_on_right(self, points: Array) -> Array:
        """(m,) posterior probability of side 1 for any points (m, D)."""
        whitening, mixture = self.model
        return np.asarray(mixture.predict_proba(whitening.transform(points))[:, 1], np.float64)


def best_split(points: Array, tick: Callable[[], None] = lambda: None) -> Split | None:
    """The best cut of a cloud in two, accepted or not (`Split.is_accepted`).

    Principal components are whitened. In them mixtures of two Gaussians with one covariance (which no linear map
    of the points changes) are fitted by EM from many cuts: along each principal axis, each independent
    component and random directions, at the quartiles. Of the optima that BIC prefers to one Gaussian, those with
    the emptiest valleys are cross-fitted: the axis of four fifths places the last fifth, five times anew, and the
    median of the valleys counts. Of acceptable ones the best BIC wins, else the deepest is returned.

    Args:
        points: (n, D), without NaN.
        tick: called now and then; raising from it cancels.

    Returns:
        None where there are too few points, or no mixture of two is better than one Gaussian.
    """
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    points = np.asarray(points, np.float64)
    n = len(points)
    smallest = max(SMALLEST, int(SMALLEST_SHARE * n))
    if n < FEWEST:
        return None
    # small matrices: one thread is faster, and gives the same sums on every machine
    with threadpool_limits(limits=1):
        n_axes = min(n // POINTS_PER_DIMENSION, MOST_DIMENSIONS, points.shape[1])
        whitening = PCA(n_axes, whiten=True, svd_solver="full").fit(points)
        white = whitening.transform(points)
        one = GaussianMixture(1, reg_covar=1e-6).fit(white).bic(white)
        found: list[Split] = []
        known: set[float] = set()
        for start in _starts(white, np.random.default_rng(0)):
            tick()
            mixture = _two(white, start)
            if (place := round(float(mixture.lower_bound_) / SIMILAR)) in known:
                continue
            known.add(place)
            side = mixture.predict(white)
            gain = float(one - mixture.bic(white))
            if gain < WORTH_A_LOOK or min(side.sum(), n - side.sum()) < smallest:
                continue
            axis, separation = _axis(mixture)
            place_on_axis = (white - mixture.means_.mean(axis=0)) @ axis
            found.append(
                Split(valley(place_on_axis, side), separation, gain, side, place_on_axis, (whitening, mixture))
            )
        found.sort(key=lambda one: (one.gain_per_star < GAIN, one.valley))
        tried = [_cross_fitted(white, one) for one in found[:MOST_TRIED]]
    accepted = [one for one in tried if one.is_accepted]
    if accepted:
        return max(accepted, key=lambda one: one.bic_gain)
    return min(tried, key=lambda one: one.valley, default=None)


def valley(places: Array, side: NDArray[np.int64]) -> float:
    """How much is left between two peaks.

    A Gaussian kernel density of all points on the axis, its bandwidth 1.06 s m^(-1/5) (Silverman 1986) with s the
    standard deviation within the sides and m the points of the smaller side.

    Args:
        places: (n,) on an axis; side: (n,) 0 or 1.

    Returns:
        The least density between the two sides' medians over the lower of the largest densities before and after it:
        0 where the gap is empty, 1 where there is no valley.
    """
    left, right = places[side == 0], places[side == 1]
    if np.median(left) > np.median(right):
        left, right = right, left
    spread = np.sqrt((left.var() * len(left) + right.var() * len(right)) / len(places))
    width = max(1.06 * float(spread) * min(len(left), len(right)) ** -0.2, 1e-9)
    grid = np.linspace(places.min(), places.max(), 400)
    density = np.exp(-0.5 * ((grid[:, None] - places) / width) ** 2).sum(axis=1)
    between = np.flatnonzero((grid >= np.median(left)) & (grid <= np.median(right)))
    if not len(between):
        return 1.0
    lowest = between[density[between].argmin()]
    return float(density[lowest] / min(density[: lowest + 1].max(), density[lowest:].max()))


def _starts(white: Array, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Cuts to begin from."""
    n_axes = white.shape[1]
    for direction in (*np.eye(n_axes), *_independent(white), *rng.standard_normal((RANDOM_STARTS, n_axes))):
        places = white @ direction
        for share in (0.25, 0.5, 0.75):
            yield (places > np.quantile(places, share)).astype(np.int64)


def _independent(white: Array) -> Array:
    """Independent components: of kurtosis far from a Gaussian's, low for two peaks (Hyvarinen & Oja 2000)."""
    from sklearn.decomposition import FastICA

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are starts: one that has not converged is one too
        ica = FastICA(whiten="unit-variance", fun="cube", max_iter=300, random_state=0).fit(white)
    return np.asarray(ica.components_, np.float64)


def _two(white: Array, start: NDArray[np.int64]) -> Any:
    """A mixture of two Gaussians with one covariance, from a cut; component 1 is the smaller."""
    from sklearn.mixture import GaussianMixture

    means = np.stack([white[start == side].mean(axis=0) for side in (0, 1)])
    within = (white - means[start]).T @ (white - means[start]) / len(white) + 1e-6 * np.eye(white.shape[1])
    share = np.array([np.mean(start == 0), np.mean(start == 1)])
    order = np.argsort(-share, kind="stable")
    mixture = GaussianMixture(
        2, covariance_type="tied", reg_covar=1e-6, max_iter=60, tol=1e-4, random_state=0,
        weights_init=share[order], means_init=means[order], precisions_init=np.linalg.inv(within),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sixty steps are enough to tell whether an optimum is worth more
        mixture.fit(white)
    if mixture.weights_[1] > mixture.weights_[0]:
        mixture.weights_, mixture.means_ = mixture.weights_[::-1].copy(), mixture.means_[::-1].copy()
    return mixture


def _axis(mixture: Any) -> tuple[Array, float]:
    """The discriminant axis, scaled so that a side has standard deviation 1 on it, and the distance of the means."""
    step = mixture.means_[1] - mixture.means_[0]
    direction = mixture.precisions_ @ step
    distance = float(np.sqrt(step @ direction))
    return direction / max(distance, 1e-12), distance


def _cross_fitted(white: Array, split: Split) -> Split:
    """The same cut with the valley and the places of points on axes that were fitted to others."""
    rounds = sorted(
        ((valley(places, split.side), number, places) for number, places in enumerate(_held_out(white, split.side))),
        key=lambda one: one[:2],
    )
    middle = rounds[len(rounds) // 2]
    return Split(middle[0], split.separation, split.bic_gain, split.side, middle[2], split.model)


def _held_out(white: Array, side: NDArray[np.int64]) -> Iterator[Array]:
    """(n,) places of points on the axes of mixtures fitted without them, for each repeat."""
    for repeat in range(REPEATS):
        rng = np.random.default_rng(repeat)
        fold = np.zeros(len(white), np.int64)
        for one in (0, 1):
            rows = rng.permutation(np.flatnonzero(side == one))
            fold[rows] = np.arange(len(rows)) % FOLDS
        places = np.zeros(len(white))
        for number in range(FOLDS):
            held = fold == number
            mixture = _two(white[~held], side[~held])
            axis, _ = _axis(mixture)
            sign = 1.0 if axis @ (white[side == 1].mean(axis=0) - white[side == 0].mean(axis=0)) > 0 else -1.0
            places[held] = (white[held] - mixture.means_.mean(axis=0)) @ axis * sign
        yield places
