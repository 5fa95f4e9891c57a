"""Does a catalogue's period hold? Against its fractions and multiples, its one-day aliases and what a search finds.

Every candidate is judged by Fourier series through all bands together (harmonic_fit), with as many harmonics as pay:

    cost(P) = min over h of  N ln(1 - Q_h(P)) + B (2 h + 1) ln N

with Q_h the share of the variance that h harmonics explain in B bands of N points together: the Bayesian information
criterion (Schwarz 1978) of a least-squares fit whose scatter is unknown. Lower is better. A series at 2P needs twice
the harmonics for the fit of one at P, and one at P/2 cannot follow what differs between two cycles: so multiples are
told apart without a penalty of ours. The catalogue's word counts: `judge` asks for a clear gain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from m3core.light_curve.fold import phase_fold
from m3core.periods.harmonic_fit import Band, WeightedBand, fourier_series, n_harmonics_of, time_span, weighted_bands
from m3core.periods.trials import share_near, shares_by_harmonics

__all__ = ["HELD", "Candidate", "PeriodCheck", "Shape", "check_period", "string_length"]

MOST_HARMONICS = 12
MOST_FRACTIONS = 15
"""Catalogues were seen to list up to so many times the real period (eros_lmc)."""

MULTIPLES = (2, 3)
DAYS = (1.0, 1.0027379)
"""Cycles a day by which a rhythm of nights moves a frequency: the solar and the sidereal day."""

CYCLES = 10
"""A longer period than the catalogue's is only believed where the time span holds so many cycles: the slow wander of a
red giant is fitted better by any longer period."""

CLEAR = 6.0
"""Gain in cost that counts (strong evidence by Kass & Raftery 1995, JASA 90, 773)."""

SIGNIFICANT = 20.0
"""Gain in cost over a constant without which no period is seen at all."""

KEPT_SHARE = 0.6
SCATTER_RATIO = 3.0
HELD = ""
"""The alias of a period that holds."""

ALWAYS = (HELD, "P/2", "2P", "1d")


@dataclass(frozen=True)
class Candidate:
    """One period that was tried.

    Attributes:
        name: HELD for the catalogue's, 'P/n', 'nP', '1d' (moved by a cycle a day) or 'other' (a search found it).
        period: days, the best within a peak's width, the catalogue's as it is listed.
        error: standard error, days (Montgomery & O'Donoghue 1999, with all harmonics counted).
        cost: as above, lower is better.
        share: of the variance explained by the harmonics that pay, 0 to 1.
        power: of the variance explained by one sine (Lomb-Scargle), 0 to 1.
        n_harmonics: how many pay.
    """

    name: str
    period: float
    error: float
    cost: float
    share: float
    power: float
    n_harmonics: int


@dataclass(frozen=True)
class Shape:
    """What the curve folded on half the catalogue's period looks like.

    Attributes:
        second: depth of a second minimum near phase 0.5 over that of the first, 0 to 1.
        skewness: third standardised moment, counted towards faint; eclipses are above 0.8.
        symmetry: share of the fitted variance that is even about the best phase, 0 to 1; eclipses are near 1, a
            pulsation that rises faster than it falls is not.
        noise: share of the variance that the series leaves, 0 to 1: so much of a second minimum may be chance.
    """

    second: float
    skewness: float
    symmetry: float

    noise: float

    @property
    def is_single_and_even(self) -> bool:
        """One minimum a cycle, alike before and after: what half the orbit of a binary with equal minima shows."""
        return self.second < 0.05 + 0.6 * self.noise and self.symmetry > 0.98

    @property
    def is_eclipse(self) -> bool:
        """And sharp: no pulsation looks like that."""
        return self.is_single_and_even and self.skewness > 0.8


@dataclass(frozen=True)
class PeriodCheck:
    """Attributes: candidates, the catalogue's first, then by cost; best: the name of what `judge` prefers, HELD where
    the catalogue's holds; shape: where the best is P/2, else None.
    """

    candidates: tuple[Candidate, ...]
    best: str
    shape: Shape | None

    def of(self, name: str) -> Candidate:
        """The best candidate of a name."""
        return next(one for one in self.candidates if one.name == name)


def _named_frequencies(frequency: float, span: float, searched: float) -> list[tuple[str, float]]:
    found = [(HELD, frequency)]
    found += [(f"P/{n}", n * frequency) for n in range(2, MOST_FRACTIONS + 1)]
    found += [(f"{n}P", frequency / n) for n in MULTIPLES if frequency / n * span >= CYCLES]
    found += [("1d", abs(frequency + sign * day)) for day in DAYS for sign in (1, -1)]
    if searched > 0:
        near = [abs(1 / searched - other) * span for _, other in found]
        if min(near) > 0.5:
            found += [("other", factor / searched) for factor in (1.0, 0.5)]
    return [
        (name, one)
        for name, one in found
        if name == HELD or (one * span >= 2 and one <= 60 and (one >= frequency or one * span >= CYCLES))
    ]


def _candidates(bands: Sequence[WeightedBand], named: Sequence[tuple[str, float]], span: float) -> list[Candidate]:
    """Fit every named frequency within a peak's width; hopeless ones are left out, but for those `ALWAYS` shown."""
    centres = np.array([frequency for _, frequency in named])
    four = share_near(bands, centres, 0.04 / span, 3, 4)
    frequencies = np.maximum(centres + 0.04 / span * (four.argmax(axis=1) - 3), 1e-9)
    fit = four.max(axis=1)
    always = np.array([name in ALWAYS for name, _ in named])
    kept = np.flatnonzero((fit >= 0.4 * fit.max()) | always)
    frequencies = frequencies[kept]
    shares = np.minimum(shares_by_harmonics(bands, frequencies, MOST_HARMONICS), 1.0 - 1e-9)
    n_points, n_bands = sum(len(band.time) for band in bands), len(bands)
    parameters = n_bands * (2 * np.arange(1, MOST_HARMONICS + 1) + 1)
    costs = n_points * np.log(1.0 - shares) + parameters * np.log(n_points)
    chosen = costs.argmin(axis=1)
    rows = np.arange(len(kept))
    share = shares[rows, chosen]
    # amplitudes by harmonic from what each adds: a series of h harmonics is h sines of k times the frequency
    added = np.diff(shares, axis=1, prepend=0.0).clip(0.0) * np.arange(1, MOST_HARMONICS + 1) ** 2
    steep = np.cumsum(added, axis=1)[rows, chosen]
    errors = np.sqrt(3.0 * (1.0 - share) / (n_points * np.maximum(steep, 1e-9))) / (np.pi * span) / frequencies**2
    periods = 1.0 / np.where(kept == 0, centres[0], frequencies)
    found = [
        Candidate(
            name=named[int(number)][0], period=float(periods[row]), error=float(errors[row]),
            cost=float(costs[row, chosen[row]]), share=float(share[row]), power=float(shares[row, 0]),
            n_harmonics=int(chosen[row]) + 1,
        )
        for row, number in enumerate(kept)
    ]  # fmt: skip
    return [found[0], *sorted(found[1:], key=lambda one: one.cost)]


def judge(candidates: Sequence[Candidate], constant: float) -> Candidate:
    """The candidate that clearly beats the catalogue's, or the catalogue's.

    The best by cost is taken where its gain over the catalogue's is above `CLEAR` and over a constant above
    `SIGNIFICANT`. Unless it is a fraction P/n, whose series is a part of the catalogue's own, the fit must be better as
    well, since stars are no Fourier series: share(P) < 0.6 share, or 1 - share(P) > 3 (1 - share).

    Args:
        constant: cost of a constant in every band, B ln N.
    """
    held, *others = candidates
    if not others:
        return held
    for best in others:
        if held.cost - best.cost <= CLEAR or constant - best.cost <= SIGNIFICANT:
            break
        better = held.share < KEPT_SHARE * best.share or 1 - held.share > SCATTER_RATIO * (1 - best.share)
        if better or best.name.startswith("P/"):
            return best
    return held


def _shape(bands: Sequence[WeightedBand], best: Candidate, *, value: str) -> Shape:
    """Mean over the bands, each counted by its chi2."""
    n = 200
    angles = 2 * np.pi * np.arange(n) / n
    found, weights = [], []
    for band in bands:
        h = n_harmonics_of(band, best.n_harmonics)
        series = fourier_series(band, np.array([1.0 / best.period]), h)[0][0] * (1 if value == "mag" else -1)
        k = np.arange(1, h + 1)[:, None]
        curve = np.einsum("k,kp->p", series, np.concatenate([np.cos(k * angles), np.sin(k * angles)]))
        power = float(np.mean(curve**2))
        if power <= 0:
            continue
        rolled = np.roll(curve, -int(curve.argmax()))  # the faintest at phase 0
        depth = rolled[0] - rolled.min()
        place = int(0.3 * n) + int(rolled[int(0.3 * n) : int(0.7 * n) + 1].argmax())
        second = rolled[place] - max(rolled[: place + 1].min(), rolled[place:].min())
        amplitude = series[:h] + 1j * series[h:]
        turned = amplitude * np.exp(-1j * k * angles).T  # (n, h): the phase of each harmonic about every phase
        symmetry = float((turned.real**2).sum(axis=1).max() / (np.abs(amplitude) ** 2).sum())
        found.append((float(second / depth), float(np.mean(curve**3) / power**1.5), symmetry))
        weights.append(band.chi2)
    mean = np.average(np.array(found), axis=0, weights=weights) if found else np.zeros(3)
    second_depth, skewness, even = map(float, mean)
    return Shape(second_depth, skewness, even, noise=1.0 - best.share)


def check_period(
    bands: Sequence[Band], period: float, *, searched: float = float("nan"), value: Literal["mag", "flux"] = "mag"
) -> PeriodCheck | None:
    """Judge a catalogue's period by the light curves of its source.

    Args:
        bands: light curves of one source.
        period: the catalogue's, days.
        searched: what a search found, days; tried as 'other', with its double, where it is none of the others.

    Returns:
        None where there is no period, or fewer points than a judgement needs.
    """
    prepared = weighted_bands(bands)
    if not prepared or not (np.isfinite(period) and period > 0):
        return None
    span, n_points = time_span(prepared), sum(len(band.time) for band in prepared)
    if n_points < 20 or span <= 0:
        return None
    candidates = _candidates(prepared, _named_frequencies(1.0 / period, span, searched), span)
    best = judge(candidates, len(prepared) * float(np.log(n_points)))
    shape = _shape(prepared, best, value=value) if best.name == "P/2" else None
    return PeriodCheck(tuple(candidates), best.name, shape)


def string_length(bands: Sequence[Band], period: float) -> float:
    """Squared steps between neighbours in phase over twice the summed squares about the mean (Lafler & Kinman 1965).

    Sums over the bands, in units of each band's variance; about 1 for scatter, towards 0 for a smooth curve. A fold at
    a multiple of the period is nearly as smooth as one at the period.
    """
    steps = squares = 0.0
    for time, brightness, _ in bands:
        if len(time) < 3 or np.ptp(brightness) == 0:
            continue
        ordered = brightness[np.argsort(phase_fold(time, period), kind="stable")]
        variance = float(np.var(brightness))
        steps += float(np.sum((ordered - np.roll(ordered, 1)) ** 2)) / variance
        squares += 2.0 * len(time)
    return steps / squares if squares else float("nan")
