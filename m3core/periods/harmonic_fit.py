"""Weighted Fourier series through the light curves of a source, in every band one of its own: how well a period fits.

Weights are 1 / (error^2 + (FLOOR * MAD)^2). The second term stands for what a short Fourier series cannot follow and
for errors that are quoted too small; with quoted errors alone a few bright points decide (measured on 150 RR Lyrae of
Stripe 82: the highest peak of `m3core.periods.search` is right for 73 % without the term, for 81 % with it).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.light_curve.fold import median, robust_scale

__all__ = [
    "Array",
    "Band",
    "WeightedBand",
    "fourier_series",
    "n_harmonics_of",
    "share_explained",
    "time_span",
    "variance_explained",
    "weighted_bands",
]

Array = NDArray[np.float64]

Band = tuple[Array, Array, Array]
"""time (n,) in days, magnitude or flux (n,), its error (n,), NaN where unknown; all float64."""

FLOOR = 0.5
RIDGE = 0.05
MIN_BAND_POINTS = 5
TRIALS_IN_MEMORY = 2_000_000


@dataclass(frozen=True)
class WeightedBand:
    """One band ready for fits: times from zero, values less their weighted mean."""

    time: Array
    value: Array
    weight: Array
    chi2: float


def weighted_bands(bands: Sequence[Band], *, floor: float = FLOOR) -> list[WeightedBand]:
    """The bands that vary and have points enough, on one zero of time (large times cost digits of phase).

    Args:
        floor: of the weights, in MADs; 0 leaves the quoted errors alone. A point without an error gets its band's
            median, a band without any its own scatter.
    """
    used = [band for band in bands if len(band[0]) >= MIN_BAND_POINTS]
    if not used:
        return []
    start = min(float(time.min()) for time, _, _ in used)
    prepared = []
    for time, value, error in used:
        known = np.isfinite(error) & (error > 0)
        typical = median(error[known]) if known.any() else 0.0
        scale = robust_scale(value)
        if floor == 0 and typical == 0:
            typical = scale
        weight = 1.0 / (np.where(known, error, typical) ** 2 + (floor * scale) ** 2)
        centred = value - np.sum(weight * value) / np.sum(weight)
        chi2 = float(np.sum(weight * centred**2))
        if value.max() > value.min():  # and not chi2 > 0: the mean of equal numbers is off in its last digit
            prepared.append(WeightedBand(time - start, centred, weight, chi2))
    return prepared


def time_span(bands: Sequence[WeightedBand]) -> float:
    """Days from the first to the last observation in any band."""
    return max(float(band.time.max()) for band in bands) - min(float(band.time.min()) for band in bands)


def n_harmonics_of(band: WeightedBand, wanted: int) -> int:
    """How many harmonics a band can carry: `wanted`, but six points for each, one harmonic at least."""
    return max(1, min(wanted, (len(band.time) - 1) // 6))


def normal_equations(weights: NDArray[np.complex128], values: NDArray[np.complex128]) -> tuple[Array, Array]:
    """The normal equations of Fourier series, their means eliminated, from weighted trigonometric sums.

    Args:
        weights: (m, 2h + 1) sums of w e^(2 pi i k f t), k from 0 on.
        values: (m, h) sums of w y e^(2 pi i k f t), k from 1 on.

    Returns:
        (m, 2h, 2h) matrices and (m, 2h) right sides: cosine terms, then sine terms.
    """
    m, h = values.shape
    both = np.concatenate([weights[:, h - 1 : 0 : -1].conj(), weights], axis=1)  # from 1 - h on to 2h
    windows = np.lib.stride_tricks.sliding_window_view(both, h, axis=1)
    near, far = windows[:, h - 1 :: -1], windows[:, h + 1 : 2 * h + 1]  # of j - i, of i + j
    series = np.concatenate([weights.real[:, 1 : h + 1], weights.imag[:, 1 : h + 1]], axis=1)
    normal = np.empty((m, 2 * h, 2 * h))
    normal[:, :h, :h] = near.real + far.real
    normal[:, h:, h:] = near.real - far.real
    normal[:, :h, h:] = near.imag + far.imag
    normal[:, h:, :h] = normal[:, :h, h:].transpose(0, 2, 1)
    normal *= 0.5
    normal -= series[:, :, None] * series[:, None, :] / weights[:, :1, None].real
    return normal, np.concatenate([values.real, values.imag], axis=1)


def fourier_series(band: WeightedBand, frequencies: Array, n_harmonics: int) -> tuple[Array, Array, Array]:
    """Least-squares Fourier series with a free mean at every trial frequency, from weighted trigonometric sums.

    The sums make the normal equations of each frequency (Palmer 2009, ApJ 695, 496; the mean is
    eliminated). `RIDGE` times half the weight on their diagonal keeps the coefficients small where the phases
    leave a gap, near whole days for instance (the Tikhonov term of VanderPlas & Ivezic 2015,
    ApJ 812, 18).

    Returns:
        series (m, 2h): cosine terms, then sine terms; normal matrices (m, 2h, 2h) and right sides (m, 2h).
    """
    h = n_harmonics
    total = float(np.sum(band.weight))
    turn = np.exp(2j * np.pi * frequencies[:, None] * band.time)
    power = np.ones_like(turn)
    weights = np.empty((len(frequencies), 2 * h + 1), complex)
    values = np.empty((len(frequencies), h), complex)
    weights[:, 0] = total
    for k in range(1, 2 * h + 1):
        power = power * turn
        # einsum and not @: BLAS adds in an order that depends on its threads
        weights[:, k] = np.einsum("mn,n->m", power, band.weight)
        if k <= h:
            values[:, k - 1] = np.einsum("mn,n->m", power, band.weight * band.value)
    normal, right = normal_equations(weights, values)
    ridged = normal + RIDGE * 0.5 * total * np.eye(2 * h)
    return np.asarray(np.linalg.solve(ridged, right[..., None])[..., 0], np.float64), normal, right


def share_explained(bands: Sequence[WeightedBand], frequencies: Array, n_harmonics: int) -> Array:
    """(m,) share of the summed chi2 of constants that the series of each trial frequency takes away."""
    reduction = np.zeros(len(frequencies))
    for band in bands:
        h = n_harmonics_of(band, n_harmonics)
        step = max(1, TRIALS_IN_MEMORY // len(band.time))
        for first in range(0, len(frequencies), step):
            series, normal, right = fourier_series(band, frequencies[first : first + step], h)
            fitted = np.einsum("mk,mkl,ml->m", series, normal, series)
            reduction[first : first + step] += 2.0 * np.einsum("mk,mk->m", right, series) - fitted
    return np.clip(reduction / sum(band.chi2 for band in bands), 0.0, 1.0)


def variance_explained(bands: Sequence[Band], period: float, n_harmonics: int) -> float:
    """Share of the weighted variance, all bands together, that Fourier series of one period explain.

    1 - (sum of chi2 of the series) / (sum of chi2 of constants), each band with a mean and series of its own; a
    band of n points gets at most (n - 1) // 6 harmonics, one at least.

    Args:
        bands: light curves of one source.
        period: days.

    Returns:
        0 to 1; 0 where nothing varies or the period is not a positive number.
    """
    prepared = weighted_bands(bands)
    if not prepared or not (np.isfinite(period) and period > 0):
        return 0.0
    return float(share_explained(prepared, np.array([1.0 / period]), n_harmonics)[0])
