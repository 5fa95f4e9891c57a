"""Fourier series at some steps about each of many frequencies, as a search or a check tries them: fast.

e^(2 pi i k (f + s) t) is a power of a factor of f and of one of s. So few exponentials are computed, and the
trigonometric sums of all trials are matrix products.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from m3core.periods.harmonic_fit import RIDGE, Array, WeightedBand, n_harmonics_of, normal_equations

__all__ = ["share_near", "shares_by_harmonics"]

Complex = NDArray[np.complex128]

ON_CIRCLE = 4096
CIRCLE: Complex = np.exp(2j * np.pi * np.arange(ON_CIRCLE) / ON_CIRCLE)


def turns(frequencies: Array, time: Array) -> Complex:
    """(m, n) e^(2 pi i f t) to 1e-15: the nearest of a table and a short series; numpy's takes three times as long."""
    cycles = np.multiply.outer(frequencies, time)
    cycles -= np.floor(cycles)
    cycles *= ON_CIRCLE
    place = cycles.astype(np.int32)
    angle = (cycles - place) * (2 * np.pi / ON_CIRCLE)  # under 0.0016: the next terms are under 1e-17
    square = angle * angle
    rest = np.empty(angle.shape, complex)
    rest.real = 1 - square * (1 / 2 - square / 24)
    rest.imag = angle * (1 - square * (1 / 6 - square / 120))
    rest *= CIRCLE.take(place, mode="wrap")
    return rest


def _equations(band: WeightedBand, frequencies: Array, step: float, n_steps: int, h: int) -> tuple[Array, Array, float]:
    """`normal_equations` of (m) frequencies and `n_steps` steps to both sides of each, the ridge added; and the ridge.

    A row a trial, those about the first frequency first.
    """
    total, n = float(np.sum(band.weight)), len(band.time)
    count = 2 * n_steps + 1
    m = len(frequencies) * count
    weights, values = np.full((m, 2 * h + 1), total, complex), np.empty((m, h), complex)
    turn, stepped = turns(frequencies, band.time), np.ones((2, count, n), complex)
    for number, above in enumerate(turns(step * np.arange(1.0, n_steps + 1.0), band.time), n_steps + 1):
        stepped[:, number], stepped[:, 2 * n_steps - number] = above, above.conj()
    power, factor = turn.copy(), stepped * np.stack([band.weight, band.weight * band.value])[:, None]
    for k in range(1, 2 * h + 1):  # one harmonic after the other: so much stays in the processor's cache
        if k <= h:
            sums = (power @ factor.reshape(2 * count, n).T).reshape(len(power), 2, count)
            weights[:, k], values[:, k - 1] = sums[:, 0].ravel(), sums[:, 1].ravel()
        else:
            weights[:, k] = (power @ factor[0].T).ravel()
        power *= turn
        factor *= stepped
    normal, right = normal_equations(weights, values)
    ridge = RIDGE * 0.5 * total
    normal += ridge * np.eye(2 * h)
    return normal, right, ridge


def share_near(bands: Sequence[WeightedBand], frequencies: Array, step: float, n_steps: int, n_harmonics: int) -> Array:
    """(m, 2 n_steps + 1) `harmonic_fit.share_explained` at (m) frequencies and so many steps to both sides of each."""
    count = 2 * n_steps + 1
    reduction = np.zeros(len(frequencies) * count)
    for band in bands:
        h = n_harmonics_of(band, n_harmonics)
        matrix, right, ridge = _equations(band, frequencies, step, n_steps, h)
        series = np.linalg.solve(matrix, right[..., None])[..., 0]
        reduction += np.einsum("mk,mk->m", right, series) + ridge * np.einsum("mk,mk->m", series, series)
    return _share(bands, reduction).reshape(len(frequencies), count)


def shares_by_harmonics(bands: Sequence[WeightedBand], frequencies: Array, most: int) -> Array:
    """(m, most) share of the summed chi2 of constants that 1, 2, ... harmonics take away, each band as far as it can.

    With the cosine and the sine of a harmonic side by side, the Cholesky factor of few harmonics is a corner of that of
    many: one factor serves all.
    """
    reduction = np.zeros((len(frequencies), most))
    for band in bands:
        h = n_harmonics_of(band, most)
        matrix, right, ridge = _equations(band, frequencies, 0.0, 0, h)
        order = np.arange(2 * h).reshape(2, h).T.ravel()
        inverse = np.linalg.inv(np.linalg.cholesky(matrix[:, order[:, None], order]))
        turned = np.einsum("mij,mj->mi", inverse, right[:, order])
        series = np.cumsum(inverse * turned[:, :, None], axis=1)[:, 1::2]
        gained = np.cumsum(turned**2, axis=1)[:, 1::2] + ridge * np.sum(series**2, axis=2)
        reduction[:, :h] += gained
        reduction[:, h:] += gained[:, -1:]
    return _share(bands, reduction)


def _share(bands: Sequence[WeightedBand], reduction: Array) -> Array:
    return np.clip(reduction / sum(band.chi2 for band in bands), 0.0, 1.0)
