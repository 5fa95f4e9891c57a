"""Box least squares for eclipses and transits (Kovacs, Zucker & Mazeh 2002, A&A 391, 369), by astropy.

All bands on one zero point (each less its median), brighter up. The grid of periods goes octave by octave, so that
durations are a share of the period: `SHARES`, from `shortest_share` up.

The log likelihood of a box over a constant is half the square of depth over error. astropy's objective 'likelihood' is
half of depth² over the error of the level inside alone, which passes any bound where nearly all points lie in the box.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from m3core.periods.harmonic_fit import Array, Band
from m3core.periods.periodogram import highest

__all__ = ["BoxPeak", "BoxSearch", "box_search"]

SHARES = (0.02, 0.035, 0.06, 0.1, 0.17)
"""Durations, of the period."""

MOST_PERIODS, LONGEST_SMALLEST = 300_000, 0.06
"""Periods that are tried, and what the shortest box may be lengthened to for their sake, of the period."""

N_PEAKS = 5
OVERSAMPLE = 5

N_TRIALS, N_DURATIONS, FINE = 121, 13, 50
"""About a peak: periods, durations (half to twice the best), and steps of the epoch to a duration."""

N_PARAMETERS = 5
"""Period, epoch, duration, depth and level."""


@dataclass(frozen=True)
class BoxPeak:
    """A box.

    Attributes:
        period, period_error: days, see `_peak`.
        power: log likelihood of the box over a constant; higher is better.
        depth, depth_error: in the unit of the values, fainter is positive; the error scaled by the scatter.
        duration: days; epoch: the middle of a box, days.
    """

    period: float
    period_error: float
    power: float
    depth: float
    depth_error: float
    duration: float
    epoch: float


@dataclass(frozen=True)
class BoxSearch:
    """Attributes: period: (m,) days, ascending; power: (m,), the best duration's; peaks: highest first;
    shortest_share: of the period that a box lasts at least.
    """

    period: Array
    power: Array
    peaks: tuple[BoxPeak, ...]
    shortest_share: float


def _together(bands: Sequence[Band], value: Literal["mag", "flux"]) -> Band | None:
    times, values, errors = [], [], []
    for time, brightness, error in bands:
        known = np.isfinite(time) & np.isfinite(brightness)
        if known.sum() < 3:
            continue
        centred = (brightness[known] - np.median(brightness[known])) * (-1 if value == "mag" else 1)
        has = np.isfinite(error[known]) & (error[known] > 0)
        typical = float(np.median(error[known][has])) if has.any() else float(np.std(centred)) or 1.0
        times.append(time[known])
        values.append(centred)
        errors.append(np.where(has, error[known], typical))
    if not times:
        return None
    joined = (np.concatenate(times), np.concatenate(values), np.concatenate(errors))
    return joined if len(joined[0]) >= 10 and np.ptp(joined[1]) > 0 and np.ptp(joined[0]) > 0 else None


def box_search(
    bands: Sequence[Band],
    *,
    value: Literal["mag", "flux"] = "mag",
    shortest_period: float = 0.3,
    longest_period: float | None = None,
    progress: Callable[[float, str], None] = lambda done, sentence: None,
) -> BoxSearch | None:
    """Search periods from `shortest_period` to `longest_period` (a third of the time span where not given).

    The step in frequency is half the shortest box's share over the time span. Where that makes more than
    `MOST_PERIODS`, the shortest boxes are lengthened to `LONGEST_SMALLEST`, and then the shortest periods left out.

    Args:
        progress: called with the fraction done and a sentence; what it raises ends the search.

    Returns:
        None where fewer than ten points are left, or nothing varies.
    """
    from astropy.timeseries import BoxLeastSquares

    joined = _together(bands, value)
    if joined is None:
        return None
    time, brightness, error = joined
    span = float(np.ptp(time))
    low, high = 1.0 / (longest_period or span / 3), 1.0 / shortest_period
    if high <= low:
        return None
    smallest = min(max(SHARES[0], 2 * span * (high - low) / MOST_PERIODS), LONGEST_SMALLEST)
    high = min(high, low + MOST_PERIODS * smallest / (2 * span))
    shares = np.array([smallest, *(one for one in SHARES if one > 1.2 * smallest)])
    model = BoxLeastSquares(time, brightness, error)
    edges = np.geomspace(1 / high, 1 / low, 1 + max(1, round(np.log2(high / low))))
    periods, powers = [], []
    done = 0.0
    for start, end in pairwise(edges):
        frequency = np.arange(1 / start, 1 / end, -0.5 * smallest / span)
        for part in np.array_split(frequency, max(1, len(frequency) // 20_000)):
            found = model.power(1 / part, shares * start, objective="snr", oversample=OVERSAMPLE)
            periods.append(1 / part)
            powers.append(_log_likelihood(found.power))
            done += len(part) / (2 * span * (high - low) / smallest)
            progress(min(done, 1.0), f"Boxes on {min(done, 1.0):.0%} of the periods.")
    period, power = np.concatenate(periods), np.concatenate(powers)
    peaks = [_peak(joined, float(period[place]), shares, span) for place in highest(power, N_PEAKS, apart=20)]
    return BoxSearch(period, power, tuple(sorted(peaks, key=lambda one: -one.power)), float(smallest))


def _log_likelihood(signal_to_noise: Array) -> Array:
    return 0.5 * np.square(np.asarray(signal_to_noise, np.float64))


def _peak(joined: Band, period: float, shares: Array, span: float) -> BoxPeak:
    """The box near a period of the grid, its period and error those of the likelihood.

    A box is no smooth curve: its likelihood is flat and ends in steps, so neither curvature nor bootstrap draws tell
    how far the period may be off. The mean and standard deviation of exp(log likelihood / reduced chi2) over periods
    and durations do; each is taken with its best epoch and depth.
    """
    from astropy.timeseries import BoxLeastSquares

    model = BoxLeastSquares(*joined)
    share = float(model.power([period], 0.999 * shares * period, objective="snr", oversample=10).duration[0]) / period
    trials = 1.0 / (1.0 / period + np.linspace(-1, 1, N_TRIALS) * share / span)
    durations = share * np.geomspace(0.5, 2.0, N_DURATIONS) * float(trials.min())
    log_likelihood = _log_likelihood(
        np.array([model.power(trials, one, objective="snr", oversample=FINE).power for one in durations])
    )
    best = np.unravel_index(int(log_likelihood.argmax()), log_likelihood.shape)
    duration = float(durations[best[0]])
    found = model.power(trials[best[1] : best[1] + 1], duration, objective="snr", oversample=FINE)
    left = joined[1] - model.model(joined[0], trials[best[1]], duration, found.transit_time[0])
    reduced = float(np.sum((left / joined[2]) ** 2)) / max(len(left) - N_PARAMETERS, 1)
    weight = np.exp((log_likelihood - log_likelihood.max()) / max(reduced, 1e-12)).sum(axis=0)
    at = float(np.average(trials, weights=weight))
    # no error is smaller than that of a value that is equally likely anywhere within a step of the trials
    variance = float(np.average((trials - at) ** 2, weights=weight)) + float(np.ptp(trials) / (N_TRIALS - 1)) ** 2 / 12
    found = model.power([at], duration, objective="snr", oversample=FINE)
    return BoxPeak(
        period=at,
        period_error=float(np.sqrt(variance)),
        power=float(_log_likelihood(found.power)[0]),
        depth=float(found.depth[0]),
        depth_error=float(found.depth_err[0] * np.sqrt(reduced)),
        duration=duration,
        epoch=float(found.transit_time[0]),
    )
