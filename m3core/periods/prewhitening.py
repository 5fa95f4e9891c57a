"""Prewhitening: the highest peak of the residuals' periodogram, a fit of all frequencies so far, again.

Every band has amplitudes and phases of its own and one set of frequencies for all. Each step fits every frequency anew
(non-linear least squares, the amplitudes solved inside: variable projection, Golub & Pereyra 1973). Double modes show
as a frequency that is no combination of others, the Blazhko effect as side lobes f ± f_m of the harmonics.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from m3core.periods.combinations import names_of
from m3core.periods.harmonic_fit import Array, Band, WeightedBand, weighted_bands
from m3core.periods.periodogram import Frequency, Peak, Periodogram, peak_near, periodogram
from m3core.periods.search import TIE

__all__ = ["Component", "Prewhitening", "prewhiten"]

MOST_STEPS = 12
FALSE_ALARM = 0.01
SIGNAL_TO_NOISE = 4.0
"""Breger et al. 1993, A&A 271, 482: the amplitude over the mean amplitude of the residuals about it."""

NOISE_WIDTH = 1.0
"""Cycles a day on either side that make 'about it'."""


@dataclass(frozen=True)
class Component(Frequency):
    """One frequency of the final fit.

    Attributes:
        frequency, error: cycles a day, from the covariance of the fit.
        amplitudes, amplitude_errors: by band, half of peak to peak.
        signal_to_noise: see `SIGNAL_TO_NOISE`, in the residuals of the last step.
        power, false_alarm: of its peak in the step that found it.
        name: of `names_of`.
    """

    amplitudes: tuple[float, ...]
    amplitude_errors: tuple[float, ...]
    signal_to_noise: float
    power: float
    false_alarm: float
    name: str


@dataclass(frozen=True)
class Prewhitening:
    """Attributes: components: in the order found; steps: the periodogram before each step, and of what is left;
    shares: of the variance explained after each step; ended: why no more was taken; bands: the places of those that
    have points enough and vary, which the amplitudes of a component belong to.
    """

    components: tuple[Component, ...]
    steps: tuple[Periodogram, ...]
    shares: tuple[float, ...]
    ended: str
    bands: tuple[int, ...]


def prewhiten(
    bands: Sequence[Band],
    *,
    shortest_period: float = 0.1,
    start: float | None = None,
    most_steps: int = MOST_STEPS,
    progress: Callable[[float, str], None] = lambda done, sentence: None,
) -> Prewhitening | None:
    """Take out frequency after frequency until the highest peak is noise (false alarm above 1 %), or `most_steps`.

    Args:
        bands: light curves of one source.
        start: cycles a day, taken out first where its peak has 0.7 of the power of the highest: which of a frequency
            and its daily aliases is the highest is chance, and all that follows hangs on it.
        progress: called with the fraction done and a sentence; what it raises ends the work.

    Returns:
        None where there is no periodogram.
    """
    places = tuple(place for place, band in enumerate(bands) if weighted_bands([band], floor=0.0))
    used = [bands[place] for place in places]
    first = periodogram(used, shortest_period=shortest_period) if used else None
    if first is None:
        return None
    prepared = weighted_bands(used, floor=0.0)
    steps, shares, taken = [first], [], []
    frequencies: Array = np.zeros(0)
    n_points = sum(len(band.time) for band in prepared)
    ended = f"{most_steps} steps were asked for"
    for step in range(most_steps):
        progress(step / most_steps, f"Step {step + 1}: {step} frequencies are taken out.")
        peak = steps[-1].peaks[0] if steps[-1].peaks else None
        if step == 0 and peak is not None and start is not None and first.frequency[0] <= start <= first.frequency[-1]:
            own = peak_near(prepared, first, start)
            peak = own if own.power >= TIE * peak.power else peak
        if peak is None or peak.false_alarm > FALSE_ALARM:
            ended = f"the highest peak left has a false-alarm probability above {FALSE_ALARM:.0%}"
            break
        if n_points < len(prepared) * (2 * len(frequencies) + 3) + len(frequencies) + 10:
            ended = "there are too few points for another frequency"
            break
        if any(abs(peak.frequency - other) * first.span < 0.5 for other in frequencies):
            ended = "the highest peak left is no further from one taken out than the time span can tell"
            break
        taken.append(peak)
        frequencies = _fit(prepared, np.append(frequencies, peak.frequency))
        left = [_linear(band, frequencies)[2] for band in prepared]
        shares.append(1.0 - sum(float(np.sum(r**2)) for r in left) / sum(band.chi2 for band in prepared))
        residuals = [
            (band.time, r * band.weight**-0.5, band.weight**-0.5) for band, r in zip(prepared, left, strict=True)
        ]
        after = periodogram(residuals, shortest_period=shortest_period)
        if after is None:
            ended = "nothing is left"
            break
        steps.append(after)
    components = _components(prepared, frequencies, taken, steps, shares, first.span)
    return Prewhitening(tuple(components), tuple(steps), tuple(shares), ended, places)


def _linear(band: WeightedBand, frequencies: Array) -> tuple[Array, Array, Array]:
    """Coefficients (mean, cosines, sines), their covariance for unit weights, and weighted residuals."""
    angle = 2 * np.pi * np.outer(band.time - band.time.mean(), frequencies)
    rows = np.concatenate([np.ones((len(angle), 1)), np.cos(angle), np.sin(angle)], axis=1)
    root = np.sqrt(band.weight)
    rows = rows * root[:, None]
    inverse = np.linalg.pinv(np.einsum("ni,nj->ij", rows, rows), hermitian=True)
    series = np.einsum("ij,j->i", inverse, np.einsum("ni,n->i", rows, root * band.value))
    return series, inverse, root * band.value - np.einsum("ni,i->n", rows, series)


def _residuals(frequencies: Array, bands: Sequence[WeightedBand]) -> Array:
    return np.concatenate([_linear(band, frequencies)[2] for band in bands])


def _fit(bands: Sequence[WeightedBand], frequencies: Array) -> Array:
    from scipy.optimize import least_squares

    span = max(float(band.time.max()) for band in bands) - min(float(band.time.min()) for band in bands)
    found = least_squares(
        _residuals, frequencies, args=(bands,), x_scale=0.1 / span, diff_step=1e-3 / (span * np.abs(frequencies)),
        bounds=(frequencies - 0.5 / span, frequencies + 0.5 / span), max_nfev=30,
    )  # fmt: skip
    return np.asarray(found.x, np.float64)


def _components(
    bands: Sequence[WeightedBand], frequencies: Array, taken: Sequence[Peak], steps: Sequence[Periodogram],
    shares: Sequence[float], span: float,
) -> list[Component]:  # fmt: skip
    if not len(frequencies):
        return []
    step = 1e-3 / span
    moved = [
        (_residuals(frequencies + step * one, bands) - _residuals(frequencies - step * one, bands)) / (2 * step)
        for one in np.eye(len(frequencies))
    ]
    jacobian = np.stack(moved, axis=1)
    left = _residuals(frequencies, bands)
    n_free = len(left) - len(bands) * (2 * len(frequencies) + 1) - len(frequencies)
    scatter = float(np.sum(left**2)) / max(n_free, 1)
    errors = np.sqrt(np.diag(np.linalg.pinv(np.einsum("ni,nj->ij", jacobian, jacobian), hermitian=True)) * scatter)
    sizes, size_errors = [], []
    for band in bands:
        series, inverse, residual = _linear(band, frequencies)
        k = len(frequencies)
        own = float(np.sum(residual**2)) / max(len(residual) - len(series), 1)
        a, b = series[1 : k + 1], series[k + 1 :]
        size = np.hypot(a, b)
        variance = np.diag(inverse) * own
        sizes.append(size)
        size_errors.append(np.sqrt(a**2 * variance[1 : k + 1] + b**2 * variance[k + 1 :]) / np.maximum(size, 1e-300))
    chi2 = sum(band.chi2 for band in bands)
    noise_left = 1.0 - shares[-1] if len(steps) > len(shares) else float("nan")
    names = names_of(frequencies, errors, span)
    last = steps[-1]
    found: list[Component] = []
    for number, frequency in enumerate(frequencies):
        near = np.abs(last.frequency - frequency) < NOISE_WIDTH
        # power is amplitude squared over the variance: of what was taken out, and of what is left
        power = sum(
            float(np.sum(band.weight)) * size[number] ** 2 / 2 for band, size in zip(bands, sizes, strict=True)
        ) / chi2  # fmt: skip
        noise = float(np.mean(np.sqrt(last.power[near] * noise_left))) if near.any() else float("nan")
        found.append(
            Component(
                float(frequency), float(errors[number]), tuple(float(one[number]) for one in sizes),
                tuple(float(one[number]) for one in size_errors),
                float(np.sqrt(power) / noise) if noise > 0 else np.inf,
                taken[number].power, taken[number].false_alarm, names[number],
            )
        )  # fmt: skip
    return found
