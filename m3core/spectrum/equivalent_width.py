"""The equivalent width of a line in a range of wavelengths, with its error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.errors import SurveyError
from m3core.spectrum.spectrum import Spectrum

__all__ = ["FORMULA", "EquivalentWidth", "equivalent_width"]

FORMULA = "W = sum of (1 - flux / continuum) × pixel width; positive in absorption, negative in emission"

LEAST_SIDE = 3
"""Observed pixels of a side band; a straight line through fewer says nothing of its error."""


@dataclass(frozen=True)
class EquivalentWidth:
    """A measured line.

    Attributes:
        width, error: Angstrom, as observed; positive in absorption.
        low, high: the range, Angstrom.
        sides: first and last wavelength of each of the two bands that the continuum was fitted to.
        continuum: (2,) flux of the continuum at low and high.
        n_pixels, n_masked: of the range.
        error_from: what the error was made of, in words.
    """

    width: float
    error: float
    low: float
    high: float
    sides: tuple[tuple[float, float], tuple[float, float]]
    continuum: tuple[float, float]
    n_pixels: int
    n_masked: int
    error_from: str


def equivalent_width(spectrum: Spectrum, low: float, high: float) -> EquivalentWidth:
    """Measure between two wavelengths.

    The continuum is a straight line, fitted by weighted least squares to two side bands, each half as wide as the
    range, that adjoin it. A pixel reaches half-way to its observed neighbours, so that a masked one is bridged by
    them; those at the ends count with the part of them that is inside. The error is that of linear propagation of the
    pixels' errors, of the range and of the continuum's line (as Vollmann & Eversberg 2006, AN 327, 862, but from
    the errors of the pixels and not from one signal to noise).

    Args:
        low, high: Angstrom, in the medium of the spectrum.

    Raises:
        SurveyError: the range is empty, outside, mostly masked, or without a continuum on its sides.
    """
    low, high = min(low, high), max(low, high)
    observed = np.flatnonzero(spectrum.observed)
    x, y = spectrum.wavelength[observed], spectrum.flux[observed]
    if not high > low or len(x) < 2 or high < x[0] or low > x[-1]:
        raise SurveyError(f"no observed pixel of {spectrum.name} lies in {low:.1f}-{high:.1f} A: choose another range.")
    if low < x[0] or high > x[-1]:
        raise SurveyError(
            f"{low:.1f}-{high:.1f} A reaches beyond {spectrum.name}, {x[0]:.1f}-{x[-1]:.1f} A: choose a range inside."
        )
    inside = (spectrum.wavelength >= low) & (spectrum.wavelength <= high)
    n_pixels, n_masked = int(inside.sum()), int((inside & ~spectrum.observed).sum())
    if n_pixels < 2 or 2 * n_masked > n_pixels:
        reason = "of fewer than two pixels" if n_pixels < 2 else f"of which {n_masked} of {n_pixels} pixels are masked"
        raise SurveyError(f"{low:.1f}-{high:.1f} A is a range {reason}: drag a wider one.")
    reach = (high - low) / 2
    left, right = (x >= low - reach) & (x < low), (x > high) & (x <= high + reach)
    if left.sum() < LEAST_SIDE or right.sum() < LEAST_SIDE:
        raise SurveyError(
            f"beside {low:.1f}-{high:.1f} A there are fewer than {LEAST_SIDE} observed pixels within {reach:.1f} A on "
            "one side: drag a wider range, or one further from the end."
        )
    side = left | right
    middle = (low + high) / 2
    design = np.column_stack([np.ones(side.sum()), x[side] - middle])
    if spectrum.error is None:
        fitted = np.linalg.lstsq(design, y[side], rcond=None)[0]
        scatter = np.sqrt(np.sum((y[side] - design @ fitted) ** 2) / (side.sum() - 2))
        sigma, error_from = np.full(len(x), scatter), "the scatter of the side bands, for want of an inverse variance"
    else:
        sigma, error_from = spectrum.error[observed], "the inverse variance of the pixels"
    weights = 1.0 / np.where(sigma[side] > 0, sigma[side], 1.0) ** 2
    covariance = np.linalg.inv(design.T @ (design * weights[:, None]))
    line = covariance @ (design.T @ (weights * y[side]))
    level = line[0] + line[1] * (x - middle)
    share = _shares(x, low, high)
    at = share > 0
    if (level[at] <= 0).any():
        raise SurveyError(f"the continuum beside {low:.1f}-{high:.1f} A is not positive: choose another range.")
    width = float(np.sum(share[at] * (1.0 - y[at] / level[at])))
    slope = share[at] * y[at] / level[at] ** 2  # of the width by the continuum
    by_line = np.array([slope.sum(), np.sum(slope * (x[at] - middle))])
    variance = (
        np.sum((share[at] * sigma[at] / level[at]) ** 2) + by_line @ covariance @ by_line * (sigma[side] > 0).any()
    )
    ends = line[0] + line[1] * (np.array([low, high]) - middle)
    return EquivalentWidth(
        width=width,
        error=float(np.sqrt(variance)),
        low=low,
        high=high,
        sides=((low - reach, low), (high, high + reach)),
        continuum=(float(ends[0]), float(ends[1])),
        n_pixels=n_pixels,
        n_masked=n_masked,
        error_from=error_from,
    )


def _shares(x: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """(n,) Angstrom of each pixel inside the range; together they are the range."""
    edges = np.concatenate([[-np.inf], (x[1:] + x[:-1]) / 2, [np.inf]])
    return np.maximum(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0)
