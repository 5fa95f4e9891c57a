"""Spectra as a few numbers: principal components of the shape, and what they leave over."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from m3core.survey import Observation, Survey, of_each_source

__all__ = ["SpectralShape"]

Array = NDArray[np.float64]

N_PIXELS = 1280
N_COMPONENTS = 20
LEAST_COVERAGE = 0.9
MOST_FITTED = 5000
"""Spectra that the components are fitted to; more change nothing."""

FEWEST_PIXELS = 50


@dataclass(frozen=True)
class SpectralShape:
    """Components of the spectra of one survey.

    Attributes:
        edges: (P + 1,) of even bins of wavelength, in the survey's unit.
        center: (P,) mean shape; components: (C, P), orthonormal; noise: (P,) robust scale of what is left in a bin.
    """

    edges: Array
    center: Array
    components: Array
    noise: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers, in order."""
        shape = tuple(f"shape {number + 1}" for number in range(len(self.components)))
        return (*shape, "left over", "highest line left over", "deepest line left over", "noise")

    @classmethod
    def fitted(cls, survey: Survey, name: str, progress: Callable[[float], None]) -> tuple["SpectralShape", Array]:
        """The components of a survey's spectra and (N, K) the numbers of each, NaN without one.

        The components are fitted twice: the 2 % that they leave most of are left out of the second fit.
        """
        rows = np.flatnonzero(survey.present(name))
        edges = _common_edges(survey, name, rows)
        binned = np.full((len(survey), len(edges) - 1), np.nan, np.float32)
        for row, seen in zip(rows, of_each_source(partial(_of_row, name, edges), survey, rows, progress), strict=True):
            binned[row] = seen
        usable = rows[np.isfinite(binned[rows]).all(axis=1)]
        empty = cls(edges, np.zeros(len(edges) - 1), np.zeros((0, len(edges) - 1)), np.ones(len(edges) - 1))
        values = np.full((len(survey), len(empty.names)), np.nan)
        if len(usable) < 2:
            return empty, values
        drawn = np.sort(np.random.default_rng(0).permutation(usable)[:MOST_FITTED])
        fitted = binned[drawn].astype(np.float64)
        center, components = _components(fitted)
        left = _left_over(fitted, center, components)
        energy = (left**2).sum(axis=1)
        center, components = _components(fitted[energy <= np.quantile(energy, 0.98)])
        left = _left_over(fitted, center, components)
        shape = cls(edges, center, components, 1.4826 * np.median(np.abs(left), axis=0) + 1e-3)
        values = np.full((len(survey), len(shape.names)), np.nan)
        values[usable] = shape.numbers(binned[usable].astype(np.float64))
        return shape, values

    def of_source(self, observation: Observation) -> Array:
        """(P,) binned shape of one spectrum, NaN where it has too few pixels."""
        return _binned(observation, self.edges).astype(np.float64)

    def numbers(self, binned: Array) -> Array:
        """(n, K) of (n, P) binned shapes: their components, log of the energy left over, lines (three bins) left over
        above and below in robust scales, and log of the noise."""
        left = _left_over(binned, self.center, self.components)
        lines = (left[:, :-2] + left[:, 1:-1] + left[:, 2:]) / 3 / self.noise[1:-1]
        own = 1.4826 * np.median(np.abs(left), axis=1) + 1e-4
        extra = [np.log((left**2).sum(axis=1) + 1e-9), lines.max(axis=1), lines.min(axis=1), np.log(own)]
        return np.concatenate([(binned - self.center) @ self.components.T, np.stack(extra, axis=1)], axis=1)


def _common_edges(survey: Survey, name: str, rows: NDArray[np.int64]) -> Array:
    first, last = [], []
    for row in rows[:200]:
        observation = survey.observation(name, int(row))
        assert observation is not None
        first.append(np.nanmin(observation["wavelength"]))
        last.append(np.nanmax(observation["wavelength"]))
    low, high = (float(np.median(first)), float(np.median(last))) if len(rows) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, N_PIXELS + 1)


def _of_row(name: str, edges: Array, survey: Survey, row: int) -> NDArray[np.float32]:
    observation = survey.observation(name, row)
    assert observation is not None
    return _binned(observation, edges)


def _binned(observation: Observation, edges: Array) -> NDArray[np.float32]:
    """asinh of the flux over its median, in bins; gaps are bridged, NaN where too little was seen."""
    n = len(edges) - 1
    seen = (observation["ivar"] > 0) & np.isfinite(observation["flux"])
    place = np.floor((observation["wavelength"] - edges[0]) / (edges[-1] - edges[0]) * n)
    inside = seen & (place >= 0) & (place < n)
    empty = np.full(n, np.nan, np.float32)
    if inside.sum() < FEWEST_PIXELS:
        return empty
    bins = place[inside].astype(np.int64)
    count = np.bincount(bins, minlength=n)
    flux = np.bincount(bins, observation["flux"][inside].astype(np.float64), n)
    filled = np.flatnonzero(count)
    level = float(np.median(flux[filled] / count[filled]))
    spanned = (filled[-1] - filled[0] + 1) / n
    if level <= 0 or spanned < LEAST_COVERAGE:
        return empty
    shape = np.interp(np.arange(n), filled, flux[filled] / count[filled] / level)
    return np.arcsinh(shape).astype(np.float32)


def _components(shapes: Array) -> tuple[Array, Array]:
    from sklearn.decomposition import PCA

    center = shapes.mean(axis=0)
    count = min(N_COMPONENTS, len(shapes) - 1, shapes.shape[1])
    if count < 1:
        return center, np.zeros((0, shapes.shape[1]))
    found = PCA(count, svd_solver="randomized", random_state=0).fit(shapes)
    return found.mean_, found.components_


def _left_over(shapes: Array, center: Array, components: Array) -> Array:
    deviation = shapes - center
    return np.asarray(deviation - deviation @ components.T @ components)
