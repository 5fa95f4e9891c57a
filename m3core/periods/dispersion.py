"""Periods from the folded curve itself, whatever its shape: phase dispersion and string length; lower is better.

Phase dispersion (Stellingwerf 1978, ApJ 224, 953): theta = s^2 / sigma^2, s^2 the pooled variance about the means of
ten bins of phase. String length (Lafler & Kinman 1965, ApJS 11, 216): squared steps between neighbours in phase over
twice the squares about the mean. Both unweighted; bands are summed in units of each band's variance. Both fall at every
multiple of a period as well: the shortest of about equal minima counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from m3core.periods.harmonic_fit import Array, Band
from m3core.periods.periodogram import highest
from m3core.periods.resample import bootstrap_error

__all__ = ["DispersionSearch", "Minimum", "dispersion_search", "phase_dispersion", "string_lengths"]

Statistic = Literal["phase dispersion", "string length"]

N_BINS = 10
SAMPLES_PER_PEAK = 8
N_MINIMA = 5
CHUNK = 400_000
"""Phases in memory at a time."""

MOST_PHASES = 200_000_000
"""Observations times frequencies that are tried; about a minute. A longer list shortens the grid, and says so."""


@dataclass(frozen=True)
class Minimum:
    """A period: days, its standard error (50 bootstrap draws), and the statistic there."""

    period: float
    error: float
    value: float


@dataclass(frozen=True)
class DispersionSearch:
    """Attributes: frequency: (m,) cycles a day; theta, string: (m,); minima: of each statistic, lowest first;
    shortest_period: that was tried, days.
    """

    frequency: Array
    theta: Array
    string: Array
    minima: dict[Statistic, tuple[Minimum, ...]]
    shortest_period: float


def _usable(bands: Sequence[Band]) -> list[Band]:
    found = []
    for time, value, error in bands:
        known = np.isfinite(time) & np.isfinite(value)
        if known.sum() >= 5 and np.ptp(value[known]) > 0:
            found.append((time[known], value[known], error[known]))
    return found


def phase_dispersion(bands: Sequence[Band], frequencies: Array) -> Array:
    """(m,) theta at frequencies (cycles a day): about 1 for scatter, towards 0 for a clean curve."""
    squares, free = np.zeros(len(frequencies)), np.zeros(len(frequencies))
    for time, value, _ in bands:
        n = len(value)
        centred = (value - value.mean()) / np.std(value, ddof=1)
        for first in range(0, len(frequencies), max(1, CHUNK // n)):
            part = slice(first, first + max(1, CHUNK // n))
            bins = (np.mod(np.outer(frequencies[part], time - time[0]), 1.0) * N_BINS).astype(np.int64) % N_BINS
            m = len(bins)
            place = (bins + N_BINS * np.arange(m)[:, None]).ravel()
            count = np.bincount(place, minlength=m * N_BINS).reshape(m, N_BINS)
            total = np.bincount(place, np.tile(centred, m), m * N_BINS).reshape(m, N_BINS)
            squares[part] += np.sum(centred**2) - np.sum(total**2 / np.maximum(count, 1), axis=1)
            free[part] += n - np.count_nonzero(count, axis=1)
    return squares / np.maximum(free, 1)


def string_lengths(bands: Sequence[Band], frequencies: Array) -> Array:
    """(m,) string length at frequencies (cycles a day): about 1 for scatter, towards 0 for a smooth curve."""
    steps, squares = np.zeros(len(frequencies)), 0.0
    for time, value, _ in bands:
        n = len(value)
        scaled = (value - value.mean()) / np.std(value)
        squares += 2.0 * n
        for first in range(0, len(frequencies), max(1, CHUNK // n)):
            part = slice(first, first + max(1, CHUNK // n))
            phase = np.mod(np.outer(frequencies[part], time - time[0]), 1.0)
            ordered = scaled[np.argsort(phase, axis=1, kind="stable")]
            steps[part] += np.sum((ordered - np.roll(ordered, 1, axis=1)) ** 2, axis=1)
    return steps / squares


def dispersion_search(
    bands: Sequence[Band],
    *,
    shortest_period: float = 0.1,
    progress: Callable[[float, str], None] = lambda done, sentence: None,
) -> DispersionSearch | None:
    """Both statistics on one grid, from two cycles in the time span to 1 / `shortest_period`.

    Args:
        progress: called with the fraction done and a sentence; what it raises ends the search.

    Returns:
        None where no band has five points that vary.
    """
    used = _usable(bands)
    if not used:
        return None
    n = sum(len(time) for time, _, _ in used)
    span = max(float(time.max()) for time, _, _ in used) - min(float(time.min()) for time, _, _ in used)
    if span <= 0:
        return None
    step = 1.0 / (SAMPLES_PER_PEAK * span)
    high = min(1.0 / shortest_period, MOST_PHASES / n * step)
    frequency: Array = np.asarray(np.arange(2 / span, max(high, 4 / span), step), np.float64)
    pieces = np.array_split(frequency, max(1, len(frequency) * n // 4_000_000))
    theta, string = [], []
    for number, piece in enumerate(pieces):
        theta.append(phase_dispersion(used, piece))
        string.append(string_lengths(used, piece))
        progress((number + 1) / len(pieces), f"Folded on {(number + 1) / len(pieces):.0%} of the periods.")
    curves: dict[Statistic, Array] = {
        "phase dispersion": np.concatenate(theta),
        "string length": np.concatenate(string),
    }
    minima = {name: tuple(_minima(used, name, frequency, curve, span)) for name, curve in curves.items()}
    return DispersionSearch(
        frequency, curves["phase dispersion"], curves["string length"], minima, 1 / float(frequency[-1])
    )


def _minima(bands: Sequence[Band], name: Statistic, frequency: Array, curve: Array, span: float) -> list[Minimum]:
    statistic = phase_dispersion if name == "phase dispersion" else string_lengths
    found = []
    for place in highest(-curve, N_MINIMA, apart=SAMPLES_PER_PEAK):
        trials = frequency[place] + np.linspace(-0.5, 0.5, 101) / span

        def best(drawn: Sequence[Band], trials: Array = trials) -> float:
            return _lowest(trials, statistic(drawn, trials))

        value = statistic(bands, trials)
        at = _lowest(trials, value)
        found.append(Minimum(1 / at, bootstrap_error(bands, best) / at**2, float(value.min())))
    return sorted(found, key=lambda one: one.value)


def _lowest(trials: Array, value: Array) -> float:
    """Where a parabola through the lowest fifth about the minimum is lowest: the statistics are steps, not curves."""
    place = int(value.argmin())
    part = slice(max(0, place - 10), place + 11)
    x, y = trials[part] - trials[place], value[part]
    bend, slope, _ = np.polyfit(x, y, 2)
    shift = -slope / (2 * bend) if bend > 0 else 0.0
    return float(trials[place] + np.clip(shift, x[0], x[-1]))
