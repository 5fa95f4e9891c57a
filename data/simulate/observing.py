"""Light curves as ASAS-SN takes them in V: seasons, nights, errors by magnitude, outlying points, fluxes in mJy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.simulate.star import Signal

__all__ = ["ZERO_POINT", "LightCurve", "draw_epochs", "observe"]

Array = NDArray[np.float64]

ZERO_POINT = 3.636e6
"""mJy of a star of V = 0 (Bessell 1979, PASP 91, 589: 3636 Jy)."""

FIRST_NIGHT, LAST_NIGHT = 2456620, 2458450
"""HJD of the V-band years of ASAS-SN, late 2013 to 2018 (Jayasinghe et al. 2018, MNRAS 477, 3145)."""

SATURATION, FAINT = 10.0, 17.3
"""V magnitudes between which a star is measured; fainter epochs are lost."""


@dataclass(frozen=True)
class LightCurve:
    """(n,) HJD, ascending; flux and its error in mJy."""

    time: Array
    flux: Array
    error: Array

    def magnitude(self) -> Array:
        """V, of positive fluxes."""
        return -2.5 * np.log10(np.maximum(self.flux, 1e-3) / ZERO_POINT)


def draw_epochs(rng: np.random.Generator, *, light: bool) -> Array:
    """HJD of the observations: 30 to 1,000, fewer and at most 60 with `light`.

    A star is up for seven to nine months a year; clear nights come in runs; the hour follows the star's transit by
    four minutes a night, at a site in Hawaii and, for some, one in Chile as well. That leaves the one-day aliases.
    """
    n_asked = int(
        np.clip(rng.lognormal(np.log(40 if light else 210), 0.25 if light else 0.55), 30, 60 if light else 850)
    )
    nights = np.arange(FIRST_NIGHT + int(rng.integers(0, 500)), LAST_NIGHT - int(rng.integers(0, 60)))
    season = np.mod((nights - FIRST_NIGHT) / 365.25 + rng.random(), 1.0)
    open_season = rng.uniform(0.58, 0.75)
    cloud = np.convolve(rng.standard_normal(len(nights) + 6), np.ones(7) / 7**0.5, mode="valid")
    usable = np.flatnonzero((season < open_season) & (cloud < 0.9))
    chosen = np.sort(rng.choice(len(usable), min(n_asked, len(usable)), replace=False))
    nights, season = nights[usable[chosen]], season[usable[chosen]]
    hour = 0.5 - 0.9 * (season / open_season - 0.5) * 0.5  # early in the season it rises late in the night
    site = np.where(rng.random(len(nights)) < 0.25, 0.72, 0.94)
    time = nights + site + 0.28 * (hour - 0.5) + rng.normal(0, 0.035, len(nights))
    again = rng.random(len(time)) < (0.0 if light else 0.12)  # a second visit in the night
    time = np.sort(np.concatenate([time, time[again] + rng.uniform(0.01, 0.12, int(again.sum()))]))
    return np.unique(np.round(time, 5))


def observe(signal: Signal, mean_v: float, time: Array, rng: np.random.Generator) -> LightCurve:
    """Measure a star of mean V magnitude `mean_v`.

    Errors are 0.012 mag at the bright end and grow with the sky's light to 0.15 mag at V = 17; one epoch in
    150 is off by several of them (clouds, cosmics, blends). Epochs fainter than V = 17.3 are lost, at least the 30
    brightest stay.
    """
    true = mean_v + signal(time)
    error_mag = np.sqrt(0.012**2 + (0.02 * 10 ** (0.4 * np.clip(true - 14.6, -4, 4))) ** 2)
    flux = ZERO_POINT * 10 ** (-0.4 * true)
    error = flux * error_mag / 1.0857
    error = error * rng.lognormal(0.0, 0.12, len(time))
    measured = flux + error * rng.standard_normal(len(time))
    outlying = rng.random(len(time)) < 1 / 150
    measured = measured + outlying * error * rng.standard_normal(len(time)) * 6.0
    kept = (true < FAINT) & (measured > 0)
    if kept.sum() < 30:
        kept = np.isin(np.arange(len(time)), np.argsort(true, kind="stable")[:30])
    measured = np.maximum(measured, 0.001)
    return LightCurve(time[kept], np.round(measured, 4)[kept], np.maximum(np.round(error, 4), 0.0001)[kept])
