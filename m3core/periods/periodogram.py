"""A Lomb-Scargle periodogram to look at: with its window function, its false-alarm level, its peaks and their aliases.

Weights are 1 / error^2 as quoted, so that the power of one band is that of astropy's LombScargle (standard
normalisation) and that of several bands the mean of theirs, each counted by its chi2 about a constant (VanderPlas &
Ivezic 2015, ApJ 812, 18, no shared base term). The search of `m3core.periods.search` weighs more cautiously.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from m3core.periods.harmonic_fit import Array, Band, WeightedBand, time_span, weighted_bands
from m3core.periods.search import MAX_FREQUENCIES, lomb_scargle

__all__ = ["Alias", "Frequency", "Peak", "Periodogram", "highest", "peak_near", "periodogram", "thinned"]

SAMPLES_PER_PEAK = 5
N_PEAKS = 10
MIN_POINTS = 6
KNOWN_RHYTHMS = {
    "1 d⁻¹": 1.0, "1 sidereal d⁻¹": 1.0027379, "2 d⁻¹": 2.0, "3 d⁻¹": 3.0, "1 yr⁻¹": 1 / 365.25, "2 yr⁻¹": 2 / 365.25,
    "1 per lunation": 1 / 29.530588,
}  # fmt: skip
RHYTHM_WIDTH = 0.02
"""Cycles a day."""

STRONG_WINDOW = 0.1
"""Window peaks above this share of the one at zero frequency make aliases worth a mark."""


@dataclass(frozen=True)
class Frequency:
    """Attributes: frequency: cycles a day; error: its standard error."""

    frequency: float
    error: float

    @property
    def period(self) -> float:
        """Days."""
        return 1.0 / self.frequency

    @property
    def period_error(self) -> float:
        """Days."""
        return self.error / self.frequency**2


@dataclass(frozen=True)
class Peak(Frequency):
    """A maximum of the periodogram.

    Attributes:
        frequency: cycles a day; error: its standard error (Montgomery & O'Donoghue 1999, DSSN 13, 28):
            sqrt(6 / N) / (pi T) * sigma / A, with sigma / A = sqrt((1 - power) / (2 power)).
        power: share of the variance that one sine a band explains, 0 to 1.
        false_alarm: probability that noise reaches such a power anywhere on the grid.
    """

    power: float
    false_alarm: float


@dataclass(frozen=True)
class Alias:
    """Where the sampling repeats a frequency, cycles a day, and by which rhythm."""

    name: str
    frequency: float


@dataclass(frozen=True)
class Periodogram:
    """A periodogram of one source.

    Attributes:
        frequency: (m,) cycles a day, evenly spaced; power, window: (m,) 0 to 1.
        peaks: highest first.
        n_points, n_bands: what it is made of; span: days; deviation: weighted standard deviation of the times, days.
    """

    frequency: Array
    power: Array
    window: Array
    peaks: tuple[Peak, ...]
    n_points: int
    n_bands: int
    span: float
    deviation: float

    def false_alarm_probability(self, power: float) -> float:
        """Chance that noise reaches `power` anywhere on the grid (`_false_alarm`)."""
        return _false_alarm(power, self.n_points, self.n_bands, float(self.frequency[-1]), self.deviation)

    def false_alarm_level(self, probability: float) -> float:
        """The power that noise reaches anywhere on the grid with `probability`, by bisection; 0 to 1."""
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.false_alarm_probability(middle) > probability else (low, middle)
        return high

    def aliases(self, frequency: float) -> list[Alias]:
        """`frequency` plus and minus each strong peak of the window function, inside the grid.

        Of peaks within `RHYTHM_WIDTH` of one another, such as a day with its yearly side lobes, the strongest counts.
        """
        found = []
        apart = max(SAMPLES_PER_PEAK, round(RHYTHM_WIDTH * SAMPLES_PER_PEAK * self.span))
        for place in highest(np.where(self.frequency * self.span > 2, self.window, 0.0), 5, apart=apart):
            if self.window[place] < STRONG_WINDOW:
                continue
            rhythm = float(self.frequency[place])
            name = _rhythm_name(rhythm, 1 / self.span)
            for sign, moved in (("+", frequency + rhythm), ("−", frequency - rhythm)):
                if self.frequency[0] <= abs(moved) <= self.frequency[-1]:
                    found.append(Alias(f"f {sign} {name}" if moved > 0 else f"{name} − f", abs(moved)))
        return found


def _rhythm_name(rhythm: float, width: float) -> str:
    name, known = min(KNOWN_RHYTHMS.items(), key=lambda one: abs(one[1] - rhythm))
    return name if abs(known - rhythm) < 0.5 * width else f"{rhythm:.4g} d⁻¹"


def periodogram(
    bands: Sequence[Band], *, shortest_period: float = 0.1, longest_period: float | None = None
) -> Periodogram | None:
    """The periodogram of one source, all bands together.

    The grid has `SAMPLES_PER_PEAK` points to 1 / time span and no more than `MAX_FREQUENCIES`.

    Args:
        shortest_period, longest_period: days; the longest is the time span where not given.

    Returns:
        None where fewer than `MIN_POINTS` points are left, or nothing varies.
    """
    prepared = weighted_bands(bands, floor=0.0)
    span = time_span(prepared) if prepared else 0.0
    n_points = sum(len(band.time) for band in prepared)
    if span <= 0 or n_points < MIN_POINTS or n_points <= 3 * len(prepared):
        return None
    step = 1.0 / (SAMPLES_PER_PEAK * span)
    low = max(1, round(1.0 / ((longest_period or span) * step)))
    high = int(np.clip(np.ceil(1.0 / (shortest_period * step)), low + 4, low + MAX_FREQUENCIES))
    power = lomb_scargle(prepared, low * step, step, high - low + 1)
    frequency: Array = np.asarray(step * np.arange(low, high + 1), np.float64)
    time, weight = (np.concatenate([getattr(band, name) for band in prepared]) for name in ("time", "weight"))
    mean = np.average(time, weights=weight)
    deviation = float(np.sqrt(np.average((time - mean) ** 2, weights=weight)))
    window = _window(time, step, high)[low - 1 :]
    found = Periodogram(frequency, power, window, (), n_points, len(prepared), span, deviation)
    peaks = [
        peak_near(prepared, found, float(frequency[place])) for place in highest(power, N_PEAKS, apart=SAMPLES_PER_PEAK)
    ]
    return replace(found, peaks=tuple(sorted(peaks, key=lambda one: -one.power)))


def peak_near(bands: Sequence[WeightedBand], found: Periodogram, frequency: float) -> Peak:
    """The maximum within a step of the grid of `found`, the periodogram of `bands`, about a frequency."""
    best, power = _refined(bands, frequency, 1 / (SAMPLES_PER_PEAK * found.span))
    error = np.sqrt(3.0 * (1.0 - power) / (found.n_points * max(power, 1e-12))) / (np.pi * found.span)
    return Peak(best, float(error), power, found.false_alarm_probability(power))


def highest(values: Array, n: int, *, apart: int) -> list[int]:
    """Places of the highest local maxima, highest first, each at least `apart` samples from a higher one."""
    peaks = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:])) + 1
    chosen: list[int] = []
    for place in peaks[np.argsort(-values[peaks], kind="stable")]:
        if all(abs(place - other) >= apart for other in chosen):
            chosen.append(int(place))
            if len(chosen) == n:
                break
    return chosen


def _refined(bands: Sequence[WeightedBand], frequency: float, step: float) -> tuple[float, float]:
    """The maximum within a step of the grid, to a thousandth of it, and the power there."""
    best, power = frequency, 0.0
    for fineness in (0.1, 0.01, 0.001):
        width = fineness * step
        first = max(best - 10 * width, 1e-3 * step)
        near = lomb_scargle(bands, first, width, 21)
        best, power = first + width * int(np.argmax(near)), float(near.max())
    return best, power


def _window(time: Array, step: float, n: int) -> Array:
    """(n,) spectral window |sum exp(2 pi i f t)|^2 / N^2 at step, 2 step, ...; 1 at zero frequency (Deeming 1975)."""
    import finufft

    turn = np.mod(2 * np.pi * step * (time - time.min()), 2 * np.pi)
    sums = finufft.nufft1d1(turn, np.ones(len(time), complex), n_modes=2 * n + 1, eps=1e-8, isign=1, nthreads=1)
    return np.abs(sums[n + 1 :]) ** 2 / len(time) ** 2


def _false_alarm(power: float, n_points: int, n_bands: int, highest_frequency: float, deviation: float) -> float:
    """Upper bound of the chance that white noise reaches `power` anywhere below the highest frequency.

    Baluev (2008, MNRAS 385, 1279, eq. 6) for one band, FAP = 1 - (1 - FAP_1) exp(-tau), and the same count of
    upcrossings (Rice's method) of a process of d = 2 B degrees of freedom for B bands of N points together,
    H = N - B: tau = W Gamma(H/2) / (Gamma((H-d+1)/2) Gamma(d/2)) P^((d-1)/2) (1-P)^((H-d-1)/2), W = f_max sqrt(4 pi
    var t); FAP_1 is the tail of a beta distribution.
    """
    from scipy.special import betainc, gammaln

    if power <= 0:
        return 1.0
    d, free = 2 * n_bands, n_points - n_bands
    if power >= 1 or free - d < 1:
        return 0.0 if power >= 1 else 1.0
    single = float(betainc((free - d) / 2, d / 2, 1.0 - power))
    log_tau = gammaln(free / 2) - gammaln((free - d + 1) / 2) - gammaln(d / 2)
    log_tau += (d - 1) / 2 * np.log(power) + (free - d - 1) / 2 * np.log1p(-power)
    tau = highest_frequency * deviation * np.sqrt(4 * np.pi) * np.exp(min(log_tau, 700.0))
    return float(-np.expm1(-tau) + single * np.exp(-tau))


def thinned(x: Array, y: Array, most: int, *, lowest: bool = False) -> tuple[Array, Array, int]:
    """At most `most` points of a curve whose peaks stay: of each run of k points the highest (or the lowest).

    Returns:
        x, y, and k; 1 where nothing was left out.
    """
    k = -(-len(x) // most)
    if k <= 1:
        return x, y, 1
    starts = np.arange(0, len(x), k)
    places: NDArray[np.int64] = np.array(
        [
            start + int((np.argmin if lowest else np.argmax)(y[start : start + k]))
            for start in starts
        ]
    )  # fmt: skip
    return x[places], y[places], k
