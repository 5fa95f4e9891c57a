"""The pseudo-continuum of a spectrum, and smoothing."""

import numpy as np
from numpy.polynomial import Legendre
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from m3core.spectrum.spectrum import Spectrum

__all__ = ["DEGREE", "METHOD", "SMOOTHING_DEGREE", "continuum", "smoothed"]

DEGREE = 6
"""Of the polynomial: follows a black body, the interstellar reddening and the seam of two arms."""

CLIP_LOW, CLIP_HIGH = 1.5, 3.0
"""Sigma: lines lie below the continuum, so that more is clipped there."""

N_CLIPS = 12

SMOOTHING_DEGREE = 3

METHOD = (
    f"a Legendre polynomial of degree {{degree}} in ln wavelength, weighted by the inverse variance, fitted "
    f"{N_CLIPS} times at most, each time without the pixels more than {CLIP_LOW:g} sigma below or {CLIP_HIGH:g} sigma "
    "above it"
)
"""In words; {degree} is to be filled in."""


def continuum(spectrum: Spectrum, degree: int = DEGREE) -> NDArray[np.float64]:
    """(n,) pseudo-continuum of the flux, NaN where it is not positive, and everywhere without enough pixels.

    A polynomial in ln wavelength by least squares, weighted by the inverse variance where it is known, clipped from
    both sides, more from below. In the band-filled
    spectra of M and carbon stars it runs through the tops of the bands at best, hence pseudo.
    """
    observed = spectrum.observed
    used, least = observed, 3 * (degree + 1)
    if used.sum() < least or spectrum.wavelength[0] == spectrum.wavelength[-1]:
        return np.full(len(spectrum.flux), np.nan)
    x = np.log(spectrum.wavelength)
    domain = [float(x[0]), float(x[-1])]
    sigma = np.ones(len(x)) if spectrum.error is None else np.where(observed, spectrum.error, 1.0)
    for _ in range(N_CLIPS):
        fit = Legendre.fit(x[used], spectrum.flux[used], degree, domain=domain, w=1.0 / sigma[used])
        residual = (spectrum.flux - fit(x)) / sigma
        above = residual[observed & (residual > 0)]
        # of the half above, which lines leave alone: that below would be the deeper the more lines there are
        scale = float(np.median(above)) / 0.6745 if len(above) else 0.0
        kept = observed & (residual >= -CLIP_LOW * scale) & (residual <= CLIP_HIGH * scale)
        if scale == 0 or kept.sum() < least or (kept == used).all():
            break
        used = kept
    level = fit(x)
    return np.where(level > 0, level, np.nan)


def smoothed(flux: NDArray[np.float64], observed: NDArray[np.bool_], window: int) -> NDArray[np.float64]:
    """(n,) flux smoothed by a Savitzky-Golay filter of degree 3, NaN where it is not observed.

    Masked pixels are bridged by straight lines first, so that none leaks into its neighbours.

    Args:
        window: pixels, odd; below 5, or above the pixels there are, nothing is smoothed.
    """
    known = observed & np.isfinite(flux)
    if window < SMOOTHING_DEGREE + 2 or window > len(flux) or not known.any():
        return np.where(known, flux, np.nan)
    places = np.arange(len(flux))
    bridged = np.interp(places, places[known], flux[known])
    return np.where(known, savgol_filter(bridged, window, SMOOTHING_DEGREE), np.nan)
