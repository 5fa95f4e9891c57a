"""What the stars of a cluster look like together: median spectra and median folded curves with their spread.

Which modalities have a spectrum or a light curve is said by the style of their `Series`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.kinds import kind_of
from m3core.kinds.base import Series
from m3core.light_curve.fold import bin_curve, phase_fold
from m3core.periods.ephemeris import epoch_of_maximum, known_periods
from m3core.survey import Survey

__all__ = ["Profile", "profiles"]

MOST_STARS = 300
"""Of a cluster that are read: enough for a median, and seconds instead of minutes."""

N_PIXELS, N_BINS = 1200, 40
FEWEST_POINTS = 10
FEWEST_STARS = 3

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Profile:
    """The median star of a cluster in one series.

    Attributes:
        name: of the series.
        cluster: its number.
        n_stars, n_cluster: stars that count, of how many in the cluster.
        x: (n,) wavelengths, or phases 0 to 2; median, low, high: (n,) and the 16th and 84th percentile of the stars,
            NaN where fewer than three are known.
        x_label, y_label: axis titles with units.
        invert_y: True for magnitudes.
        is_folded: whether x is phase.
    """

    name: str
    cluster: int
    n_stars: int
    n_cluster: int
    x: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    x_label: str
    y_label: str
    invert_y: bool
    is_folded: bool


def profiles(
    survey: Survey, rows: NDArray[np.int64], cluster: NDArray[np.int64],
    progress: Progress = lambda done, what: None,
) -> list[Profile]:  # fmt: skip
    """Profiles of every cluster in every series that is a line or folds; 300 stars a cluster at most, seed 0.

    Lines are divided by their median and put on one grid. Curves are folded on the survey's choice of period, phase
    0 at the maximum of a Fourier series of three harmonics, and stand relative to their own median: differences of
    magnitudes, ratios of fluxes. A star without a period, or with fewer than ten points, does not count.
    """
    chosen = [_drawn(rows[cluster == one]) for one in range(int(cluster.max()) + 1 if len(cluster) else 0)]
    total, done = sum(map(len, chosen)), 0
    found: dict[str, dict[int, list[tuple[Series, NDArray, NDArray]]]] = {}
    for number, members in enumerate(chosen):
        for row in members:
            for one, x, y in _of_source(survey, str(survey.source_ids[row])):
                found.setdefault(one.name, {}).setdefault(number, []).append((one, x, y))
            done += 1
            if done % 20 == 0:
                progress(done / total, "Reading spectra and light curves")
    return [profile for name, by in found.items() for profile in _profiles(name, by, np.bincount(cluster))]


def _drawn(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= MOST_STARS:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST_STARS, replace=False))


def _of_source(survey: Survey, source_id: str) -> Iterator[tuple[Series, NDArray, NDArray]]:
    source = survey.source(source_id)
    periods = known_periods(survey, source)
    for name, spec in survey.modalities.items():
        if name not in source.observations:
            continue
        for one in kind_of(spec).series(spec, source):
            if one.foldable and periods:
                if (folded := _folded(one, periods[0].days)) is not None:
                    yield one, (np.arange(N_BINS) + 0.5) / N_BINS, folded
            elif one.style == "line":
                known = np.isfinite(one.y) & np.isfinite(np.asarray(one.x, np.float64))
                if known.sum() >= FEWEST_POINTS and (level := float(np.median(one.y[known]))) > 0:
                    yield one, np.asarray(one.x, np.float64)[known], one.y[known] / level


def _folded(one: Series, period: float) -> NDArray[np.float64] | None:
    """(N_BINS,) a curve folded, its maximum in the first bin, relative to its median; NaN in empty bins."""
    known = np.isfinite(one.y)
    time, value = np.asarray(one.x, np.float64)[known], one.y[known]
    epoch = epoch_of_maximum(one, period) if len(value) >= FEWEST_POINTS else None
    if epoch is None:
        return None
    level = float(np.median(value))
    if not one.invert_y and level <= 0:
        return None
    relative = value - level if one.invert_y else value / level
    places = phase_fold(time, period, epoch)
    means, weights = bin_curve(places, relative, np.ones_like(relative), N_BINS)
    return np.where(weights > 0, means, np.nan)


def _profiles(
    name: str, by: dict[int, list[tuple[Series, NDArray, NDArray]]], sizes: NDArray[np.int64]
) -> Iterator[Profile]:  # fmt: skip
    one = next(iter(by.values()))[0][0]
    if one.foldable:
        grid = (np.arange(N_BINS) + 0.5) / N_BINS
        quantity, _, unit = one.y_label.partition(" [")
        y_label = f"{quantity} − median [{unit}" if one.invert_y else f"{quantity} / median"
        x_label = "Phase (the second cycle repeats the first)"
    else:
        ends = np.array([(x.min(), x.max()) for stars in by.values() for _, x, _ in stars])
        grid = np.linspace(float(np.median(ends[:, 0])), float(np.median(ends[:, 1])), N_PIXELS)
        x_label, y_label = one.x_label, f"{one.y_label.partition(' [')[0]} / median"
    for number, stars in sorted(by.items()):
        values = np.array(
            [y if one.foldable else np.interp(grid, x, y, left=np.nan, right=np.nan) for _, x, y in stars]
        )
        enough = np.isfinite(values).sum(axis=0) >= FEWEST_STARS
        curves = np.full((3, len(grid)), np.nan)
        if enough.any():
            curves[:, enough] = np.nanpercentile(values[:, enough], [16, 50, 84], axis=0)
        x = grid
        if one.foldable:
            x, curves = np.concatenate([grid, grid + 1]), np.tile(curves, 2)
        yield Profile(
            name, number, len(stars), int(sizes[number]), x, curves[1], curves[0], curves[2], x_label, y_label,
            one.invert_y, one.foldable,
        )  # fmt: skip
