"""What one modality says, predicted from what the others say: residuals of sources that a prediction never saw.

1. Every descriptor is replaced by the normal deviate of its rank, so that no unit and no tail decides.
2. Kernel ridge regression (a linear kernel and a Gaussian one by Nystroem's method; Williams & Seeger 2001, NIPS 13)
   predicts all descriptors of one modality from those of the others. The residual of each source is that of a fit
   without it, e_i / (1 - h_ii) (Allen 1974, Technometrics 16, 125); the ridge is chosen, target by target, by the same
   residuals. Sources that are far off weigh less in two further fits.
3. A second regression of log |residual| gives the scale that a residual has where the source lies: faint stars are
   predicted less well. z = residual / that scale, in robust standard deviations of the population.
4. The surprise of a source in the modality is Mahalanobis' z' (C + r 1)^-1 z, with C the correlations of z.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranked", "Residuals", "cross_residuals", "normal_deviates"]

Array = NDArray[np.float64]

LANDMARKS = 500
MOST_JUDGED = 5000
"""About so many sources choose the ridge: more choose the same."""

RIDGES = 10.0 ** np.arange(-7, 1.5, 0.5)
SCALE_RIDGES = 10.0 ** np.arange(-4, 2.5, 0.5)
A_PART = 1000
"""Sources that are worked on at a time."""

FITS = 3
SHRINKAGE = 0.1
CLIP, FAR = 3.0, 15.0
"""Robust standard deviations at which z is cut for the correlations, and for the surprise."""

FEWEST = 20
"""Sources under which nothing is predicted."""


@dataclass(frozen=True)
class Ranked:
    """Normal deviates of ranks, for values that come later too.

    Attributes:
        known: for each column its known values, ascending.
    """

    known: tuple[Array, ...]

    @classmethod
    def of(cls, values: Array) -> "Ranked":
        """Learn the columns of (N, K) values, NaN where missing."""
        return cls(tuple(np.sort(column[np.isfinite(column)]) for column in values.T))

    def __call__(self, values: Array) -> Array:
        """(n, K) standard normal deviates of (n, K) values: Phi^-1((rank - 1/2) / n), ties in the middle."""
        from scipy.special import ndtri

        found = np.full(values.shape, np.nan)
        for number, known in enumerate(self.known):
            if len(known):
                column = values[:, number]
                place = (np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")) / 2
                deviates = ndtri(np.clip(place, 0.5, len(known) - 0.5) / len(known))
                found[:, number] = np.where(np.isfinite(column), deviates, np.nan)
        return found

    def value(self, column: int, deviate: float) -> float:
        """The value whose rank has this normal deviate, between known ones by interpolation."""
        from scipy.special import ndtr

        known = self.known[column]
        return float(np.interp(ndtr(deviate) * len(known) - 0.5, np.arange(len(known)), known))


def normal_deviates(values: Array) -> Array:
    """(N, K) standard normal deviates of the ranks in each column; NaN stays."""
    return Ranked.of(values)(values)


@dataclass(frozen=True)
class Residuals:
    """One modality's residuals.

    Attributes:
        z: (N, K) residuals in robust standard deviations, NaN where the descriptor or the modality is missing.
        expected: (N, K) predicted normal deviates.
        scale: (N, K) what a residual is divided by.
        correlation: (K, K) of z, cut at `CLIP`.
        unexplained: (K,) robust scale of the residuals in standard deviations of the descriptor: 1 where the others
            tell nothing, 0 where they tell all.
    """

    z: Array
    expected: Array
    scale: Array
    correlation: Array
    unexplained: Array

    @property
    def weights(self) -> Array:
        """(K, K) of the quadratic form."""
        return _weights(self.correlation)

    def surprise(self, z: Array | None = None, only: NDArray[np.int64] | None = None) -> Array:
        """(n,) z' W z / K, z cut at `FAR`; NaN where a source has no descriptor. Above 0, higher is odder.

        Args:
            z: (n, K) in place of the residuals' own.
            only: numbers of the descriptors that count; their correlations are then W alone.
        """
        z = self.z if z is None else z
        weights = self.weights
        if only is not None:
            z, weights = z[:, only], _weights(self.correlation[np.ix_(only, only)])
        cut = np.clip(np.nan_to_num(z), -FAR, FAR)
        form = np.einsum("ij,jk,ik->i", cut, weights, cut) / max(cut.shape[1], 1)
        return np.where(np.isfinite(z).any(axis=1), form, np.nan)

    def shares(self, row: int) -> Array:
        """(K,) what each descriptor adds to a source's surprise; their sum is the surprise."""
        cut = np.clip(np.nan_to_num(self.z[row]), -FAR, FAR)
        return np.asarray(cut * (self.weights @ cut) / max(len(cut), 1))


def cross_residuals(targets: Array, inputs: Array, seed: int = 0) -> Residuals | None:
    """Residuals of (N, K) targets predicted from (N, M) inputs, both normal deviates, NaN where missing.

    Args:
        seed: of the landmarks of the Gaussian kernel.

    Returns:
        None where fewer than `FEWEST` sources have both.
    """
    rows = np.flatnonzero(np.isfinite(targets).any(axis=1) & np.isfinite(inputs).any(axis=1))
    if len(rows) < FEWEST or not targets.shape[1]:
        return None
    known = np.isfinite(targets[rows])
    basis = _basis(inputs[rows], seed)
    alike = _Axes.of(basis, np.ones(len(rows)))
    residual, expected = _left_out(basis, alike, targets[rows], known, RIDGES, FITS)
    typical = _robust_scale(residual, known)
    spread = np.log(np.abs(residual) / typical + 0.1)
    _, log_scale = _left_out(basis, alike, np.where(known, spread, np.nan), known, SCALE_RIDGES, 1)
    scale = typical * np.exp(log_scale - np.median(log_scale, axis=0))
    z = np.where(known, residual / scale, np.nan)
    again = _robust_scale(z, known)
    z, scale = z / again, scale * again
    cut = np.clip(np.nan_to_num(z), -CLIP, CLIP)
    covariance = np.cov(cut.T).reshape(cut.shape[1], -1)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-6))
    correlation = covariance / np.outer(deviation, deviation)

    def of_all(values: Array) -> Array:
        found = np.full(targets.shape, np.nan)
        found[rows] = values
        return found

    return Residuals(of_all(z), of_all(expected), of_all(scale), correlation, typical)


def _weights(correlation: Array) -> Array:
    return np.asarray(np.linalg.inv(correlation + SHRINKAGE * np.eye(len(correlation))))


def _robust_scale(values: Array, known: NDArray[np.bool_]) -> Array:
    """(K,) 1.4826 times the median of |values|; half of their 95th percentile over 1.96 where that is more: of a
    descriptor that is the same for most sources the median says nothing."""
    size = np.where(known, np.abs(values), np.nan)
    spread = np.fmax(1.4826 * np.nanmedian(size, axis=0), 0.5 / 1.96 * np.nanpercentile(size, 95, axis=0))
    return np.where(np.isfinite(spread) & (spread > 1e-3), spread, 1e-3)


def _basis(inputs: Array, seed: int) -> Array:
    """(n, 1 + B): a constant, the inputs with flags for what is missing, Nystroem's features of a Gaussian kernel."""
    from sklearn.kernel_approximation import Nystroem

    missing = ~np.isfinite(inputs)
    flags = np.unique(missing[:, missing.any(axis=0) & ~missing.all(axis=0)], axis=1)
    table = np.concatenate([np.where(missing, 0.0, inputs), flags], axis=1)
    drawn = table[np.random.default_rng(seed).permutation(len(table))[:LANDMARKS]]
    squared = ((drawn[:, None, :] - drawn[None, ::5, :]) ** 2).sum(axis=-1)
    width = float(np.median(squared[squared > 0])) if (squared > 0).any() else 1.0
    curved = Nystroem(gamma=1 / width, n_components=min(LANDMARKS, len(table)), random_state=seed).fit_transform(table)
    curved -= curved.mean(axis=0)
    norm = np.linalg.norm(curved)
    linear = (table - table.mean(axis=0)) / np.sqrt(table.shape[1])
    return np.concatenate([np.ones((len(table), 1)), linear, curved * (np.sqrt(len(table)) / max(norm, 1e-12))], axis=1)


@dataclass(frozen=True)
class _Axes:
    """The eigenvectors of the normal matrix of weighted least squares: they make a fit with any ridge cheap.

    The size of that matrix is the basis', however many the sources; every ridge exceeds its rounding. What has a row a
    source and a column an axis is made of some sources at a time: of all it would be gigabytes.

    Attributes:
        basis: (n, B); weight: (n, 1).
        vectors: (B, B), a column an axis; values: (B,) eigenvalues.
    """

    basis: Array
    weight: Array
    vectors: Array
    values: Array

    @classmethod
    def of(cls, basis: Array, weight: Array) -> "_Axes":
        root, normal = np.sqrt(weight)[:, None], np.zeros((basis.shape[1], basis.shape[1]))
        for part in _parts(len(basis)):
            scaled = basis[part] * root[part]
            normal += scaled.T @ scaled  # of one matrix with itself: half the work
        values, vectors = np.linalg.eigh(normal)
        return cls(basis, weight[:, None], vectors, np.maximum(values, 0.0))

    def fit(self, targets: Array) -> "_Fit":
        """Of (n, K) targets."""
        return _Fit(self, targets, self.vectors.T @ (self.basis.T @ (targets * self.weight)))


@dataclass(frozen=True)
class _Fit:
    """A weighted least-squares fit with any ridge.

    Attributes:
        targets: (n, K); right: (B, K) right sides.
    """

    axes: _Axes
    targets: Array
    right: Array

    def best(self, ridges: Array, rows: slice) -> NDArray[np.int64]:
        """(K,) the number of the ridge with which some sources are best predicted, each by a fit without it."""
        turned, squared = self._turned(rows)
        errors = [_error(self._left_out(turned, squared, rows, slice(None), ridge)) for ridge in ridges]
        return np.argmin(errors, axis=0)

    def left_out(self, ridges: Array) -> Array:
        """(n, K) residuals, each of a fit without its source, with (K,) a ridge a target."""
        residual = np.empty_like(self.targets)
        columns = [(ridge, np.flatnonzero(ridges == ridge)) for ridge in np.unique(ridges)]
        for part in _parts(len(residual)):
            turned, squared = self._turned(part)
            for ridge, own in columns:
                residual[part, own] = self._left_out(turned, squared, part, own, ridge)
        return residual

    def _turned(self, rows: slice) -> tuple[Array, Array]:
        """The basis of some sources in eigenvectors, and its square times the weight."""
        turned = self.axes.basis[rows] @ self.axes.vectors
        return turned, turned**2 * self.axes.weight[rows]

    def _left_out(self, turned: Array, squared: Array, rows: slice, columns: Any, ridge: float) -> Array:
        inverse = 1 / (self.axes.values + ridge * len(self.targets))
        fitted = turned @ (self.right[:, columns] * inverse[:, None])
        return (self.targets[rows, columns] - fitted) / np.maximum(1 - squared @ inverse, 1e-12)[:, None]


def _parts(n: int) -> list[slice]:
    return [slice(start, start + A_PART) for start in range(0, n, A_PART)]


def _error(residual: Array) -> Array:
    size = np.abs(residual)
    return np.asarray((np.minimum(size, 3 * np.median(size, axis=0)) ** 2).mean(axis=0))


def _left_out(
    basis: Array, alike: _Axes, targets: Array, known: NDArray[np.bool_], ridges: Array, fits: int
) -> tuple[Array, Array]:  # fmt: skip
    """Residuals of fits without the source, and what those fits expect; (n, K) each.

    Args:
        alike: axes of equal weights, which the first fit has.
    """
    filled = np.where(known, targets, np.nanmedian(np.where(known, targets, np.nan), axis=0))
    filled = np.nan_to_num(filled)
    axes = alike
    residual, expected = np.zeros_like(filled), np.zeros_like(filled)
    judged = slice(None, None, max(1, len(basis) // MOST_JUDGED))
    for number in range(fits):
        if number:
            z = np.minimum((residual / _robust_scale(residual, known)) ** 2, 25.0).mean(axis=1)
            axes = _Axes.of(basis, np.minimum(1.0, 2 * np.median(z) / np.maximum(z, 1e-9)))
        fit = axes.fit(filled)
        residual = fit.left_out(ridges[fit.best(ridges, judged)])
        expected = filled - residual
        filled = np.where(known, targets, expected)
    return residual, expected
