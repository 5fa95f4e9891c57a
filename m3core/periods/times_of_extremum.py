"""Times of maximum or minimum, and how far they are from an ephemeris: O - C.

The folded curve of all observations is the template (Hertzsprung's method, 1919, AN 210, 17): in every run of
observations it is moved in time, each band on a level of its own, until it fits; what it is moved by is O - C. It is
folded on the best period nearby: on one that is off, narrow eclipses are smeared out, and no run finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.periods.fourier_fit import FourierFit, fit_fourier
from m3core.periods.harmonic_fit import Array, Band
from m3core.periods.phase_zero import Ephemeris
from m3core.periods.refine import refined_period

__all__ = ["Extremum", "Trend", "runs_of", "times_of_extremum", "trend"]

FEWEST = 8
"""Observations of a run, all bands together."""

LONGEST_GAP = 60.0
"""Days that end a run, or three periods where that is more."""

TRIALS = 400


@dataclass(frozen=True)
class Extremum:
    """One time of extremum.

    Attributes:
        cycle: E of the ephemeris.
        time: observed, days; error: its standard error.
        difference: observed less calculated, days.
        n_points: that it rests on.
    """

    cycle: int
    time: float
    error: float
    difference: float
    n_points: int


@dataclass(frozen=True)
class Trend:
    """A weighted fit to O - C.

    Attributes:
        shift, period_change: days, and days a cycle: what epoch and period have to be corrected by (straight line).
        shift_error, period_change_error: standard errors, scaled by the reduced chi2.
        curvature, curvature_error: days a cycle squared, of the parabola; the period changes by twice that a cycle.
            NaN with fewer than five times.
        rms: of the straight line, days; parabola: its coefficients, constant first, NaN with fewer than five times.
    """

    shift: float
    shift_error: float
    period_change: float
    period_change_error: float
    curvature: float
    curvature_error: float
    rms: float
    parabola: tuple[float, float, float]


def runs_of(time: Array, period: float, n: int) -> list[NDArray[np.int64]]:
    """Row numbers of runs of consecutive observations, at least `FEWEST` each, in no more than about `n` runs.

    A run ends at a gap; a long one is cut into equal parts, none shorter than a period.
    """
    order = np.argsort(time, kind="stable")
    gaps = np.flatnonzero(np.diff(time[order]) > max(LONGEST_GAP, 3 * period)) + 1
    found: list[NDArray[np.int64]] = []
    size = max(FEWEST, int(np.ceil(1.5 * len(time) / n)))
    for part in np.split(order, gaps):
        if len(part) < FEWEST:
            continue
        pieces = max(1, min(len(part) // size, int(np.ptp(time[part]) / period)))
        found += [piece for piece in np.array_split(part, pieces) if len(piece) >= FEWEST]
    return found


def times_of_extremum(bands: Sequence[Band], ephemeris: Ephemeris, *, n_runs: int = 40) -> list[Extremum]:
    """Extrema of a source in order of time.

    A run whose chi2 has no clear minimum (its error would be above a quarter of the period) has none.

    Args:
        bands: light curves of one source.
        ephemeris: whose phase 0 is the extremum.
        n_runs: about how many runs at most.
    """
    middle = float(np.mean(np.concatenate([time for time, _, _ in bands])))
    # both folds agree about the mean time
    epoch = ephemeris.epoch + ephemeris.period * round((middle - ephemeris.epoch) / ephemeris.period)
    period = refined_period(bands, ephemeris.period)
    usable = [(band, fit) for band in bands if (fit := fit_fourier(band, period, epoch)) is not None]
    if not usable:
        return []
    time = np.concatenate([band[0] for band, _ in usable])
    value = np.concatenate([band[1] for band, _ in usable])
    of_band = np.repeat(np.arange(len(usable)), [len(band[0]) for band, _ in usable])
    # each fit's own scatter, not the quoted errors: what the template cannot follow counts as noise
    weight = np.array([1.0 / max(fit.rms, 1e-12) ** 2 for _, fit in usable])[of_band]
    finite = np.isfinite(time) & np.isfinite(value)
    time, value, of_band, weight = time[finite], value[finite], of_band[finite], weight[finite]
    found = []
    for rows in runs_of(time, ephemeris.period, n_runs):
        one = _moved(
            [fit for _, fit in usable], time[rows], value[rows], of_band[rows], weight[rows], ephemeris
        )  # fmt: skip
        if one is not None:
            found.append(one)
    return found


def _moved(
    fits: Sequence[FourierFit], time: Array, value: Array, of_band: NDArray[np.int64], weight: Array,
    ephemeris: Ephemeris,
) -> Extremum | None:  # fmt: skip
    period = ephemeris.period
    phase = np.mod((time - ephemeris.epoch) / period, 1.0)
    used = np.unique(of_band)

    def chi2(shifts: Array) -> Array:
        total = np.zeros(len(shifts))
        for band in used:
            mine = of_band == band
            curve = fits[band](np.mod(phase[mine] - shifts[:, None], 1.0).ravel()).reshape(len(shifts), -1)
            left = value[mine] - curve
            left = left - np.average(left, axis=1, weights=weight[mine])[:, None]
            total += np.sum(weight[mine] * left**2, axis=1)
        return total

    shifts: Array = np.asarray((np.arange(TRIALS) - TRIALS // 2) / TRIALS, np.float64)
    tried = chi2(shifts)
    best = float(shifts[tried.argmin()])
    for _ in range(3):  # Newton on the parabola through three points
        width = 0.25 / TRIALS
        low, middle, high = chi2(np.array([best - width, best, best + width]))
        bend = (low - 2 * middle + high) / width**2
        if bend <= 0:
            return None
        best -= float(np.clip((high - low) / (2 * width) / bend, -2 * width, 2 * width))
    n_free = len(time) - len(used) - 1
    least = float(chi2(np.array([best]))[0])
    scatter = max(least / n_free, 0.25) if n_free > 0 else 1.0
    # a run that misses the eclipse fits anywhere between its points: the curvature of one such place says nothing
    likely = np.exp(np.minimum(least - tried, 0.0) / (2 * scatter))
    spread = np.sqrt(np.average(np.square(np.mod(shifts - best + 0.5, 1.0) - 0.5), weights=likely))
    error = max(float(np.sqrt(2.0 * scatter / bend)), float(spread))
    if error > 0.25:
        return None
    cycle = round((float(time.mean()) - ephemeris.epoch) / period - best)
    difference = best * period
    at = ephemeris.epoch + cycle * period + difference
    return Extremum(int(cycle), at, error * period, difference, len(time))


def trend(extrema: Sequence[Extremum]) -> Trend | None:
    """Straight line and parabola through O - C; None with fewer than three times."""
    if len(extrema) < 3:
        return None
    cycle = np.array([one.cycle for one in extrema], np.float64)
    value, weight = np.array([one.difference for one in extrema]), np.array([one.error for one in extrema]) ** -2.0
    line, line_errors, left = _polynomial(cycle, value, weight, 1)
    curve, curve_errors = [float("nan")] * 3, [float("nan")] * 3
    if len(extrema) >= 5:
        curve, curve_errors, _ = _polynomial(cycle, value, weight, 2)
    rms = float(np.sqrt(np.mean(left**2)))
    parabola = (curve[0], curve[1], curve[2])
    return Trend(line[0], line_errors[0], line[1], line_errors[1], curve[2], curve_errors[2], rms, parabola)


def _polynomial(x: Array, y: Array, weight: Array, degree: int) -> tuple[list[float], list[float], Array]:
    scale = max(float(np.abs(x).max()), 1.0)
    rows = (x[:, None] / scale) ** np.arange(degree + 1)
    inverse = np.linalg.pinv(np.einsum("ni,nj->ij", rows * weight[:, None], rows), hermitian=True)
    series = np.einsum("ij,j->i", inverse, np.einsum("ni,n->i", rows, weight * y))
    left = y - np.einsum("ni,i->n", rows, series)
    free = len(x) - degree - 1
    reduced = max(float(np.sum(weight * left**2)) / free, 1.0) if free > 0 else 1.0
    unit = scale ** -np.arange(degree + 1.0)
    errors = np.sqrt(np.diag(inverse) * reduced) * unit
    return [float(one) for one in series * unit], [float(one) for one in errors], left
