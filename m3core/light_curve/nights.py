"""Bad nights: those on which many stars of a survey deviate together, so that no single star is to be believed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.light_curve.features import is_light_curve
from m3core.survey import Survey

__all__ = ["FEWEST_STARS", "LIMIT", "Nights", "find_nights", "on_bad_night"]

FEWEST_STARS = 20
"""On fewer stars nothing is said of a night."""

LIMIT = 5.0
"""Standard deviations at which a night is bad."""

FEWEST_EPOCHS = 10
"""Of a light curve whose median is to be compared with."""

GAUSSIAN = 1.4826
"""Standard deviation over the median absolute deviation of a normal distribution."""


@dataclass(frozen=True)
class Nights:
    """The nights of a modality.

    Attributes:
        boundary: fraction of a day at which nights part, where observations are fewest.
        table: a row a night, in time: night (number of the day), start, end (times of the first and the last
            observation), n_stars, shift (median over stars of value less the star's median, in units of the value),
            z (shift less that of all nights, over its uncertainty), share_far (share of stars beyond 3 sigma of
            their own), z_far, is_bad.
    """

    boundary: float
    table: pd.DataFrame

    @property
    def bad(self) -> pd.DataFrame:
        """The bad nights alone."""
        return self.table[self.table["is_bad"]]


def find_nights(
    survey: Survey, progress: Callable[[float], None] = lambda done: None
) -> dict[str, Nights]:  # fmt: skip
    """Modality -> its nights, for every light curve of a survey.

    Of each star the median is taken off; a night's shift is the median of its stars. A night is bad where the shift
    differs from that of all nights by more than `LIMIT` standard deviations (those of a median, 1.2533 s / sqrt(n),
    and the scatter of nights beyond it, in quadrature), or where more stars than usual lie beyond three robust
    standard deviations of their own light curves, by the same limit of a binomial count; both with `FEWEST_STARS`
    stars at least. The stars vary each for itself: what moves many of them is the night.
    """
    found = {}
    names = [name for name, spec in survey.modalities.items() if is_light_curve(spec)]
    for number, name in enumerate(names):

        def part(done: float, number: int = number) -> None:
            progress((number + done) / len(names))

        found[name] = _nights(survey, name, part)
    return found


def _nights(survey: Survey, modality: str, progress: Callable[[float], None]) -> Nights:
    field = survey.modalities[modality].fields[1]
    times, residuals, scaled = [], [], []
    for row in range(len(survey)):
        if row % 500 == 0:  # reading takes the time
            progress(row / len(survey))
        one = survey.observation(modality, row)
        if one is None or len(one["time"]) < FEWEST_EPOCHS:
            continue
        known = np.isfinite(one[field]) & np.isfinite(one["time"])
        value = one[field][known].astype(np.float64)
        if len(value) < FEWEST_EPOCHS:
            continue
        residual = value - np.median(value)
        spread = GAUSSIAN * float(np.median(np.abs(residual)))
        if spread > 0:
            times.append(one["time"][known].astype(np.float64))
            residuals.append(residual)
            scaled.append(residual / spread)
    columns = ["night", "start", "end", "n_stars", "shift", "z", "share_far", "z_far", "is_bad"]
    if not times:
        return Nights(0.0, pd.DataFrame(columns=columns))
    time, residual, relative = (np.concatenate(parts) for parts in (times, residuals, scaled))
    boundary = _boundary(time)
    far = np.abs(relative) > 3
    table = (
        pd.DataFrame({"night": np.floor(time - boundary).astype(np.int64), "time": time, "shift": residual,
                      "relative": relative, "far": far})
        .groupby("night")
        .agg(start=("time", "min"), end=("time", "max"), n_stars=("time", "size"), shift=("shift", "median"),
             middle=("relative", "median"), share_far=("far", "mean"))
        .reset_index()
    )  # fmt: skip
    n = table["n_stars"].to_numpy(np.float64)
    counted = n >= FEWEST_STARS
    middle = table["middle"].to_numpy()
    centre = float(np.median(middle[counted])) if counted.any() else 0.0
    # of a median of n values: the scatter of all residuals stands for that of each night
    noise = 1.2533 * GAUSSIAN * float(np.median(np.abs(relative))) / np.sqrt(n)
    excess = GAUSSIAN * float(np.median(np.abs(middle[counted] - centre))) if counted.any() else 0.0
    usual = float(np.median(noise[counted])) if counted.any() else 0.0
    beyond = max(excess**2 - usual**2, 0.0)
    table["z"] = np.where(counted, (middle - centre) / np.sqrt(noise**2 + beyond), np.nan)
    p = float(np.clip(far.mean(), 1e-3, 1.0))
    table["z_far"] = np.where(counted, (table["share_far"] - p) / np.sqrt(p * (1 - p) / n + (0.5 * p) ** 2), np.nan)
    table["is_bad"] = counted & ((np.abs(table["z"]) > LIMIT) | (table["z_far"] > LIMIT))
    return Nights(boundary, table[columns])


def _boundary(time: NDArray[np.float64]) -> float:
    """The fraction of a day in the middle of the longest pause of a survey's clock, by bins of half an hour."""
    counts = np.bincount((np.mod(time, 1.0) * 48).astype(np.int64) % 48, minlength=48)
    smooth = sum(np.roll(counts, shift) for shift in range(-6, 7))
    return float((np.argmin(smooth) + 0.5) / 48)


def on_bad_night(nights: Nights, time: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) which observations, by their times (days), fall on a bad night."""
    return np.isin(np.floor(np.asarray(time, np.float64) - nights.boundary), nights.bad["night"].to_numpy())
