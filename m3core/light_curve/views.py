"""What the fast family sees of a light curve: binned views, measured properties, and draws for training."""

import numpy as np
from numpy.typing import NDArray

from m3core.light_curve.fold import bin_curve, median, phase_fold, robust_scale

__all__ = ["CLIP", "CONTEXT", "context", "folded_and_unfolded", "jitter"]

Array = NDArray[np.float64]

CONTEXT = (
    "level",
    "log_scale",
    "log_noise",
    "log_period",
    "skewness",
    "tails",
    "peakedness",
    "succession_in_time",
    "succession_in_phase",
    "succession_in_double_phase",
)
"""Names of `context`'s numbers, in its order. None tells how often or how long the survey looked: by those a source
would be recognised in another modality without a word about the star."""

CLIP = 6.0
"""Values further than this many robust scales from the median say 'outlier' and no more."""


def context(time: Array, value: Array, error: Array, period: float, extra: Array) -> Array:
    """Measured properties of a light curve, for standardisation.

    Args:
        time: (n,) days, ascending; value, error: (n,) magnitudes or flux, error NaN where unknown.
        period: days, NaN where unknown.
        extra: (k,) catalogue numbers that belong to the curve (a period's power).

    Returns:
        (len(CONTEXT) + k,): the level (median), log10 of the robust scale, of the median error over it and
        of the period; quantile skewness (q95 + q05 - 2 q50) / (q95 - q05), tails
        (q99 - q01) / (q75 - q25), peakedness (q95 - q05) / (q75 - q25); von Neumann's ratio (1941, Ann. Math.
        Stat. 12, 367), mean squared succession over twice the variance, in time, in phase at P and at 2P. NaN
        where not defined.
    """
    scale = robust_scale(value)
    places = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) * (len(value) - 1)
    q01, q05, q25, q50, q75, q95, q99 = np.interp(places, np.arange(len(value)), np.sort(value))
    known = error[np.isfinite(error)]
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = np.array(
            [
                q50,
                np.log10(scale),
                np.log10(median(known) / scale) if len(known) else np.nan,
                np.log10(period),
                (q95 + q05 - 2 * q50) / (q95 - q05),
                (q99 - q01) / (q75 - q25),
                (q95 - q05) / (q75 - q25),
                _succession(value),
                _succession(value[_phase_order(time, period)]),
                _succession(value[_phase_order(time, 2 * period)]),
            ]
        )
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if not np.isfinite(period):
        numbers[-2:] = np.nan
    return np.concatenate([numbers, extra])


def _phase_order(time: Array, period: float) -> NDArray[np.int64]:
    return np.argsort(phase_fold(time, period), kind="stable") if period > 0 else np.arange(len(time))


def _succession(value: Array) -> float:
    steps, deviations = np.diff(value), value - value.mean()
    spread = float(deviations @ deviations) * len(steps) / len(value)
    return float(steps @ steps) / (2 * spread) if spread > 0 else float("nan")


def jitter(time: Array, value: Array, error: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Another observation of the same star: a random 60 to 100 % of the epochs, noise of up to half the error added."""
    n_kept = max(min(len(time), 5), round(len(time) * rng.uniform(0.6, 1.0)))
    kept = np.sort(rng.choice(len(time), n_kept, replace=False))
    noise = rng.uniform(0.0, 0.5) * np.nan_to_num(error[kept]) * rng.standard_normal(n_kept)
    return time[kept], value[kept] + noise, error[kept]


def folded_and_unfolded(
    time: Array,
    value: Array,
    error: Array,
    period: float,
    n_bins: int,
    *,
    invert: bool,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """A light curve in bins of phase at P and 2P and in bins of time.

    Args:
        time, value, error: (n,), as for `context`.
        period: days, NaN where unknown: the folded channels are then 0.
        invert: True for magnitudes, so that brighter is up for the encoder as on a plot.
        rng: draws the zero of phase (training); None: phase zero is time zero.

    Returns:
        (6, n_bins): mean and weight folded at P, at 2P, and in time. Means are weighted by inverse variance and
        scaled to median 0 and robust scale 1; weights are sqrt(sum of weights / largest sum), 0 in empty bins.
    """
    scaled = np.clip((value - median(value)) / robust_scale(value), -CLIP, CLIP) * (-1.0 if invert else 1.0)
    known = error[np.isfinite(error)]
    typical = median(known) if len(known) else 1.0
    # half the typical error is added in quadrature: one optimistic error must not own a bin
    weights = 1.0 / (np.where(np.isfinite(error), error, typical) ** 2 + (0.5 * typical) ** 2)
    span = time[-1] - time[0]
    views = [(time - time[0]) / span if span > 0 else np.zeros_like(time)]
    if np.isfinite(period):
        offset = rng.random() if rng is not None else 0.0
        views = [np.mod(phase_fold(time, factor * period) + offset / factor, 1.0) for factor in (1.0, 2.0)] + views
    array = np.zeros((6, n_bins), np.float32)
    for row, position in zip(range(6 - 2 * len(views), 6, 2), views, strict=True):
        means, sums = bin_curve(position, scaled, weights, n_bins)
        array[row], array[row + 1] = means, np.sqrt(sums / sums.max())
    return array
