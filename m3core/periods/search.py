"""The period that the light curves of a source show, in all bands together, and when it is better than the catalogue's.

Search: a Lomb-Scargle periodogram (Lomb 1976; Scargle 1982) with a mean of its own in every band, all bands on one
grid of frequencies, their reductions of chi2 added (the multi-band periodogram of VanderPlas & Ivezic 2015, ApJ 812,
18, with no shared base term). Its highest peaks are fitted again with harmonics (`N_HARMONICS`), on fine grids, and
the best of these fits is the period: one sine alone takes a daily alias for the period of a saw-tooth far more often.
A catalogue's period, where there is one, decides between fits about as good (`search_period`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from m3core.periods.harmonic_fit import (
    Array,
    Band,
    WeightedBand,
    fourier_series,
    n_harmonics_of,
    share_explained,
    time_span,
    weighted_bands,
)
from m3core.periods.trials import share_near
from m3core.workers import in_threads

__all__ = [
    "FoundPeriod",
    "better_period",
    "folding_period",
    "is_eclipse_like",
    "lomb_scargle",
    "search_period",
    "search_periods",
]

N_CANDIDATES = 15
N_HARMONICS = 3
SAMPLES_PER_PEAK = 5
MAX_FREQUENCIES = 2**21
FALSE_ALARM = 0.01
MIN_POINTS = 10
N_FRACTIONS = 12
TIE = 0.7


@dataclass(frozen=True)
class FoundPeriod:
    """What a search found.

    Attributes:
        period: days; NaN where the source has too few points. One longer than the time span is a slow trend.
        power: share of the variance that one sine of that period explains, 0 to 1.
    """

    period: float
    power: float


def lomb_scargle(bands: Sequence[WeightedBand], first: float, step: float, n_frequencies: int) -> Array:
    """(n_frequencies,) multi-band Lomb-Scargle power, 0 to 1, at first, first + step, ... (cycles a day)."""
    import nifty_ls

    reduction = np.zeros(n_frequencies)
    for band in bands:
        order = np.argsort(band.time, kind="stable")
        result = nifty_ls.lombscargle(
            band.time[order],
            band.value[order],
            band.weight[order] ** -0.5,
            fmin=first,
            fmax=first + step * (n_frequencies - 1),
            Nf=n_frequencies,
            backend="finufft",
            nthreads=1,  # the threads are ours, a star each; more of them here only slow it down
            finufft_kwargs={"eps": 1e-6},
        )
        # where all phases coincide (a grid point on exactly one day) the power is 0/0
        reduction += band.chi2 * np.clip(np.nan_to_num(result.power, nan=0.0, posinf=0.0, neginf=0.0), 0.0, 1.0)
    return reduction / sum(band.chi2 for band in bands)


def _highest_peaks(power: Array) -> NDArray[np.int64]:
    """Indices of the `N_CANDIDATES` highest local maxima, highest first; the ends count if nothing rises above."""
    peaks = np.flatnonzero((power[1:-1] >= power[:-2]) & (power[1:-1] > power[2:])) + 1
    if len(peaks) == 0:
        peaks = np.array([int(np.argmax(power))])
    return peaks[np.argsort(-power[peaks], kind="stable")[:N_CANDIDATES]]


def search_period(
    bands: Sequence[Band], *, shortest_period: float = 0.1, catalogue: float = float("nan")
) -> FoundPeriod:
    """The period that fits the light curves of one source best.

    The grid runs from half a cycle in the time span to 1 / `shortest_period`, five points to a peak's width
    (1 / time span), and no finer than `MAX_FREQUENCIES` points: a stray time that stretches the span a
    thousandfold then lengthens the shortest period, not the wait.

    Curves taken at night fit a period and its daily aliases nearly alike, and which of them wins is chance. So a
    catalogue's period has a say: of its fractions P, P/2, ... P/12 that of the largest one-sine power is the period
    found if it reaches 0.7 of the power of the highest peak. On eros_lmc, where the catalogue has multiples,
    LightGBM on hand-made features is right for 95.4 % with this period beside them and for 93.0 % without
    (docs/accuracy.md).

    Args:
        bands: light curves of one source; bands under `harmonic_fit.MIN_BAND_POINTS` points are left out.
        shortest_period: days.
        catalogue: days; NaN or not positive: none.

    Returns:
        NaN for both where fewer than `MIN_POINTS` points are left, or nothing varies.
    """
    prepared = weighted_bands(bands)
    span = time_span(prepared) if prepared else 0.0
    if span <= 0 or sum(len(band.time) for band in prepared) < MIN_POINTS:
        return FoundPeriod(float("nan"), float("nan"))
    step = 1.0 / (SAMPLES_PER_PEAK * span)
    n_frequencies = int(np.clip(np.ceil(1.0 / (shortest_period * step)), 3, MAX_FREQUENCIES))
    power = lomb_scargle(prepared, step, step, n_frequencies)
    power[: SAMPLES_PER_PEAK // 2] = 0.0  # under half a cycle a sine is no period but a slope
    centres = step * (1 + _highest_peaks(power)).astype(np.float64)
    peaks, explained = _best_near(prepared, centres, step=0.06 / span, n_steps=2)
    best, power_of_best = _refined(prepared, peaks[np.argmax(explained)], span)
    if np.isfinite(catalogue) and catalogue > 0:
        fractions = np.arange(1, N_FRACTIONS + 1) / catalogue
        fractions = fractions[fractions * shortest_period <= 1.0]
        if len(fractions):
            near, _ = _best_near(prepared, fractions, step=0.15 / span, n_steps=3)
            strongest = near[np.argmax(share_explained(prepared, near, 1))]
            tied, power_of_tied = _refined(prepared, strongest, span)
            if power_of_tied >= TIE * power_of_best:
                best, power_of_best = tied, power_of_tied
    return FoundPeriod(1.0 / best, power_of_best)


def _best_near(bands: Sequence[WeightedBand], centres: Array, *, step: float, n_steps: int) -> tuple[Array, Array]:
    """Within `n_steps` steps of each centre the frequency that `N_HARMONICS` harmonics fit best, and its share."""
    trials = centres[:, None] + step * np.arange(-n_steps, n_steps + 1)
    explained = share_near(bands, centres, step, n_steps, N_HARMONICS)
    explained[trials <= 0] = 0.0
    rows, best = np.arange(len(centres)), explained.argmax(axis=1)
    return trials[rows, best], explained[rows, best]


def _refined(bands: Sequence[WeightedBand], frequency: float, span: float) -> tuple[float, float]:
    """The best fit within a peak's width, and the power of one sine there; the last step is 0.1 % of a cycle."""
    near = np.array([frequency])
    for fineness in (0.02, 0.007, 0.0025):
        near, _ = _best_near(bands, near, step=fineness / span, n_steps=2)
    return float(near[0]), float(share_explained(bands, near, 1)[0])


def is_eclipse_like(bands: Sequence[Band], period: float, *, value: Literal["mag", "flux"] = "mag") -> bool:
    """Whether the folded curve spends most of its phase bright and falls in sharp minima, as eclipsing binaries do.

    The third standardised moment of the fitted series (`N_HARMONICS`, mean over the bands, counted towards faint)
    above 0.8. Pulsating stars rise steeply and stay faint for long: they lie under 0.4. Measured at half the
    catalogue's period on eros_lmc: binaries (type1) 1.0 to 1.3 in 13 of 14, Cepheids and RR Lyrae under 0.4.
    """
    prepared = weighted_bands(bands)
    phase = np.arange(100) / 100
    angles = 2 * np.pi * np.arange(1, N_HARMONICS + 1)[:, None] * phase
    moments, total = 0.0, 0.0
    for band in prepared:
        h = n_harmonics_of(band, N_HARMONICS)
        series = fourier_series(band, np.array([1.0 / period]), h)[0][0]
        curve = np.einsum("k,kp->p", series, np.concatenate([np.cos(angles[:h]), np.sin(angles[:h])]))
        spread = float(np.sqrt(np.mean(curve**2)))
        moments += band.chi2 * float(np.mean(curve**3)) / spread**3 if spread > 0 else 0.0
        total += band.chi2
    skewness = moments / total if total else 0.0
    return (skewness if value == "mag" else -skewness) > 0.8


def _chi2_exceeded(probability: float, degrees: int) -> float:
    """The value that chi2 exceeds with `probability` (Wilson & Hilferty 1931, PNAS 17, 684; within 10 % here)."""
    spread = 2.0 / (9.0 * degrees)
    return degrees * (1.0 - spread - NormalDist().inv_cdf(probability) * float(np.sqrt(spread))) ** 3


def better_period(
    bands: Sequence[Band],
    catalogue: float,
    searched: float,
    *,
    shortest_period: float = 0.1,
    value: Literal["mag", "flux"] = "mag",
) -> bool:
    """Whether the searched period fits CLEARLY better than the catalogue's, so that folds should use it.

    With Q_h(P) the variance explained by h harmonics in B bands of N points together, the gain in 2 ln(likelihood)
    G_h = (N - B (2h + 1)) ln[(1 - Q_h(catalogue)) / (1 - Q_h(searched))], and C_h what the best of M = time span /
    shortest period independent frequencies gains on noise once in a hundred stars, the quantile of chi2 with 2 h B
    degrees of freedom that 0.01 / M exceed (VanderPlas 2018, ApJS 236, 16, section 7.4.2), all three must hold:

    1. Q_1(catalogue) < Q_1(searched) / 2, and G_1 > C_1 or G_4 > C_4 (which narrow eclipses need). The half is
       asked of one harmonic, because with h of them any multiple of the period up to h fits too. It is asked at all
       because stars are no Fourier series: on RR Lyrae of Stripe 82, where catalogue periods hold, aliases win by
       over 100 in G, but the catalogue's period keeps 0.86 of their Q_1 or more; at multiples of the period it
       keeps 0.15 or less in nine of ten (eros_lmc).
    2. The catalogue's period does not fit better by as much with four harmonics, G_4 >= -C_4: a detached binary,
       or a long-period variable whose cycles differ, may have little power in its fundamental.
    3. The catalogue's period is not twice the searched one with a curve like an eclipsing binary's
       (`is_eclipse_like`): half the orbit is where a healthy binary peaks.

    Args:
        catalogue, searched: days; NaN or not positive: none.
    """
    known = [np.isfinite(period) and period > 0 for period in (catalogue, searched)]
    if not all(known):
        return bool(known[1])
    prepared = weighted_bands(bands)
    if not prepared:
        return False
    span = time_span(prepared)
    frequencies = np.array([1.0 / catalogue, 1.0 / searched])
    one, four = (share_explained(prepared, frequencies, h) for h in (1, 4))
    if one[0] >= 0.5 * one[1]:
        return False
    n_points, n_bands = sum(len(band.time) for band in prepared), len(prepared)
    chance = FALSE_ALARM / max(span / shortest_period, 1.0)

    def gain(explained: Array, h: int) -> float:
        """G_h / C_h."""
        left = np.maximum(1.0 - explained, 1e-12)
        free = max(n_points - n_bands * (2 * h + 1), 0)
        return float(free * np.log(left[0] / left[1]) / _chi2_exceeded(chance, 2 * h * n_bands))

    if max(gain(one, 1), gain(four, 4)) <= 1.0 or gain(four, 4) < -1.0:
        return False
    is_double = abs(2.0 / catalogue - 1.0 / searched) < 0.15 / span  # within a peak's width
    return not (is_double and is_eclipse_like(bands, searched, value=value))


def folding_period(
    bands: Sequence[Band],
    catalogue: float,
    *,
    shortest_period: float = 0.1,
    value: Literal["mag", "flux"] = "mag",
) -> tuple[FoundPeriod, float]:
    """What the search finds, and the period to fold on: the catalogue's unless `better_period` says otherwise.

    Returns:
        the found period, and days (NaN where there is neither).
    """
    found = search_period(bands, shortest_period=shortest_period, catalogue=catalogue)
    if better_period(bands, catalogue, found.period, shortest_period=shortest_period, value=value):
        return found, found.period
    return found, catalogue if np.isfinite(catalogue) and catalogue > 0 else float("nan")


def search_periods(
    stars: Sequence[Sequence[Band]],
    catalogue: Array,
    *,
    shortest_period: float = 0.1,
    value: Literal["mag", "flux"] = "mag",
    workers: int = 2,
    progress: Callable[[float, str], None] = lambda fraction, sentence: None,
) -> tuple[Array, Array, Array]:
    """`folding_period` of many stars in threads (nearly all of the time passes outside Python's lock).

    Args:
        stars: the bands of each source; a source without a band gets NaN.
        catalogue: (n,) days, NaN where there is none.
        workers: threads; the result does not depend on their number.
        progress: called with a fraction and a sentence; an exception from it ends the search.

    Returns:
        (n,) searched period, (n,) power, (n,) period to fold on, days.
    """
    found = np.full((3, len(stars)), np.nan)

    def one(number: int) -> tuple[float, float, float]:
        result, fold = folding_period(
            stars[number], float(catalogue[number]), shortest_period=shortest_period, value=value
        )
        return result.period, result.power, fold

    with in_threads(one, range(len(stars)), workers) as results:
        for number, row in enumerate(results):
            found[:, number] = row
            if number % 20 == 19 or number == len(stars) - 1:
                progress((number + 1) / len(stars), f"Searching periods: {number + 1} of {len(stars)} stars.")
    return found[0], found[1], found[2]
