"""Astronomy of light curves on plain arrays: scaling, folding, binning. Inputs are never changed."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "bin_curve",
    "binned_phase",
    "median",
    "median_absolute_deviation",
    "phase_fold",
    "robust_scale",
    "time_resolution",
]

Array = NDArray[np.float64]


def median(values: NDArray) -> float:
    """Median of values without NaN: numpy's own spends most of its time on checks when there are a hundred values."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    middle = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((middle[0] + middle[1]) / 2)


def median_absolute_deviation(values: NDArray) -> float:
    """Raw median absolute deviation from the median (no factor 1.4826)."""
    return median(np.abs(values - median(values)))


def robust_scale(values: NDArray) -> float:
    """A spread that is never zero: the MAD; where that is zero the standard deviation; where both are, 1."""
    return median_absolute_deviation(values) or float(np.std(values)) or 1.0


def phase_fold(time: Array, period: float, epoch_time: float = 0.0) -> Array:
    """Phase ((time - epoch_time) / period) mod 1, in [0, 1).

    Args:
        time: (n,) float64, days.
        period: days, positive.
        epoch_time: the time of phase zero, days, in the same system as `time`.
    """
    if not (np.isfinite(period) and period > 0):
        raise ValueError(f"a period is a positive number of days; got {period}.")
    phase = np.mod((time - epoch_time) / period, 1.0)
    return np.where(phase >= 1.0, 0.0, phase)  # mod of a tiny negative number rounds up to 1.0


def bin_curve(position: Array, values: Array, weights: Array, n_bins: int) -> tuple[Array, Array]:
    """Weighted mean of `values` in equal bins of `position` over [0, 1].

    Args:
        position: (n,) in [0, 1]; 1 itself falls into the last bin.
        values, weights: (n,), weights positive.

    Returns:
        (n_bins,) means, 0 in empty bins, and (n_bins,) sums of weights.
    """
    index = np.minimum((position * n_bins).astype(np.int64), n_bins - 1)
    total = np.bincount(index, weights, n_bins).astype(np.float64)
    summed = np.bincount(index, weights * values, n_bins)
    return np.divide(summed, total, out=np.zeros(n_bins), where=total > 0), total


def binned_phase(phase: Array, value: Array, error: Array, n_bins: int) -> Array:
    """The curve in equal bins of phase, weighted by 1 / error^2; all alike where an error is unknown.

    Args:
        phase: (n,) in [0, 1); value, error: (n,).

    Returns:
        (3, k) of the k bins that have a point: the middle of the bin; the weighted mean; its error, from the scatter
        within the bin, sqrt(sum w (v - mean)^2 / (sum w (m - 1))) of m points, and of one point its own.
    """
    known = np.isfinite(error) & (error > 0)
    weight = 1.0 / error**2 if known.all() and len(error) else np.ones(len(phase))
    index = np.minimum((phase * n_bins).astype(np.int64), n_bins - 1)
    mean, total = bin_curve(phase, value, weight, n_bins)
    count = np.bincount(index, minlength=n_bins)
    squares = np.bincount(index, weight * (value - mean[index]) ** 2, n_bins)
    used = np.flatnonzero(count)
    own = np.bincount(index, np.where(known, error, np.nan), n_bins)[used]
    with np.errstate(divide="ignore", invalid="ignore"):
        scatter = np.sqrt(squares[used] / (total[used] * (count[used] - 1)))
    return np.stack([(used + 0.5) / n_bins, mean[used], np.where(count[used] > 1, scatter, own)])


def time_resolution(time: Array) -> float:
    """The step to which times are kept, in days; 0 where it is finer than 1e-5 d or cannot be told.

    Times that came through float32 all lie on its grid (0.25 d at an HJD of 2.45e6), times printed with few
    decimals on a decimal one. The coarsest grid that holds every time is the answer.
    """
    finite = time[np.isfinite(time)]
    if len(np.unique(finite)) < 3:
        return 0.0
    single = float(np.spacing(np.float32(np.abs(finite).max())))
    if single >= 1e-5 and np.array_equal(finite, finite.astype(np.float32).astype(np.float64)):
        grids = [single * 2.0**power for power in range(12)]
    else:
        grids = [10.0**-decimals for decimals in range(5, -1, -1)]
    on_grid = [grid for grid in grids if np.all(np.abs(finite / grid - np.round(finite / grid)) < 1e-4)]
    return max(on_grid, default=0.0)
