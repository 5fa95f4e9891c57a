"""Spectra as LAMOST's low-resolution survey has them: relative flux, inverse variance, masked pixels, in vacuum."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from data.simulate.lines import BALMER, GRID, HELIUM, LAMOST_PIXELS, MARGIN, components, strengths, telluric
from data.simulate.place import Place
from data.simulate.star import Star

__all__ = ["COARSE_PIXELS", "WAVELENGTH", "observe_spectrum", "rest_spectrum"]

Array = NDArray[np.float64]

WAVELENGTH = np.round(GRID[MARGIN:-MARGIN], 4)
"""Angstrom in vacuum, (3908,)."""

COARSE_PIXELS = 13
"""With `light`, so many pixels become one: 300 in all."""

KM_PER_PIXEL = 299_792.458 * 1e-4 * np.log(10)
"""Radial velocity of one pixel, km/s."""

HC_OVER_K = 1.438777e8
"""Second radiation constant, Angstrom K."""


def rest_spectrum(star: Star) -> Array:
    """(len(GRID),) flux of the star at rest, about 1 at 5500 Angstrom: a black body through its lines and bands."""
    temperature = star.temperature
    body = (
        (5500.0 / GRID) ** 5 * np.expm1(HC_OVER_K / (5500.0 * temperature)) / np.expm1(HC_OVER_K / (GRID * temperature))
    )
    weights = strengths(temperature, star.metallicity, giant=star.giant, carbon=star.carbon)
    depth = weights @ components()[1]
    if star.broadening > 30:
        depth = gaussian_filter1d(depth, star.broadening / KM_PER_PIXEL / 1.5)
    # lines saturate: no core goes to zero at this resolution
    flux = body * (0.06 + 0.94 * np.exp(-depth))
    balmer_jump = 1.0 / (1.0 + np.exp((GRID - 3720.0) / 25.0))
    flux *= 1.0 - 0.45 * balmer_jump * float(np.exp(-0.5 * (np.log(temperature / 8800) / 0.2) ** 2))
    if star.emission > 0:
        flux += body * _emission(star.emission, helium=star.emission > 1.5)
    return flux


def _emission(strength: float, *, helium: bool) -> Array:
    lines = [(wave, share) for wave, share in zip(BALMER, (1.0, 0.45, 0.25, 0.15, 0.1, 0.06), strict=False)]
    lines += (
        [(wave, share) for wave, share in zip(HELIUM, (0.22, 0.15, 0.08, 0.1, 0.15), strict=True)] if helium else []
    )
    return strength * sum(share * np.exp(-0.5 * ((GRID - wave) / 3.6) ** 2) for wave, share in lines)


def observe_spectrum(star: Star, place: Place, rng: np.random.Generator, *, light: bool) -> dict[str, NDArray]:
    """One exposure: reddened, shifted, through the air, calibrated to a few percent, with noise and masked pixels.

    Extinction goes as wavelength to the power -1.3, between Gaia's bands of Wang & Chen (2019). The noise is least
    in the green, worse at both ends, where the two arms meet near 5900 Angstrom and under the OH lines of the sky.

    Returns:
        wavelength (Angstrom, vacuum), flux (relative), ivar (0 where masked), (3908,) each, or 300 with `light`.
    """
    wave = WAVELENGTH
    shift = place.radial_velocity / KM_PER_PIXEL
    flux = np.interp(np.arange(LAMOST_PIXELS) + MARGIN - shift, np.arange(len(GRID)), rest_spectrum(star))
    flux = flux * 10 ** (-0.4 * place.extinction * ((wave / 5500.0) ** -1.3 - 1.0))
    flux = flux * np.exp(-telluric() * rng.uniform(0.6, 1.3))
    place_on = (wave - 6400.0) / 2700.0
    flux = flux * (1.0 + rng.normal(0, 0.04) * place_on + rng.normal(0, 0.03) * (place_on**2 - 0.33))
    brightness = place.mags["G"]
    level = 2500.0 * 10 ** (-0.4 * (brightness - 13.5)) * rng.lognormal(0.0, 0.4)
    flux = flux / np.median(flux) * max(level, 40.0)
    signal_to_noise = float(np.clip(70.0 * 10 ** (-0.2 * (brightness - 13.5)) * rng.lognormal(0.0, 0.35), 8.0, 300.0))
    noise = _noise(wave, flux, signal_to_noise)
    measured = flux + noise * rng.standard_normal(LAMOST_PIXELS)
    ivar = 1.0 / noise**2
    bad = rng.random(LAMOST_PIXELS) < 0.002
    for start in rng.integers(0, LAMOST_PIXELS, rng.integers(0, 3)):  # a bad column, a few pixels wide
        bad[start : start + int(rng.integers(3, 12))] = True
    ivar[bad] = 0.0
    if light:
        wave, measured, ivar = _coarse(wave, measured, ivar)
    decimals = int(np.clip(4 - np.floor(np.log10(max(level, 40.0))), 0, 4))
    return {
        "wavelength": wave,
        "flux": np.round(measured, decimals).astype(np.float32),
        "ivar": _significant(ivar, 5).astype(np.float32),
    }


def _noise(wave: Array, flux: Array, signal_to_noise: float) -> Array:
    """Standard deviation of each pixel; `signal_to_noise` is the one of the green."""
    throughput = 0.05 + 0.95 / (1 + np.exp(-(wave - 4150) / 150))
    throughput *= 1 - 0.65 * np.exp(-0.5 * ((wave - 5850) / 90) ** 2)
    throughput *= 1 - 0.6 / (1 + np.exp(-(wave - 8950) / 60))
    sky = 1.0 + 1.2 * (wave > 7200) * np.maximum(0, np.sin(2 * np.pi * wave / 61.0)) ** 6
    sky = sky + 3.0 * np.exp(-0.5 * ((wave - 5578.9) / 4.0) ** 2)
    typical = float(np.median(flux))
    return typical / signal_to_noise * np.sqrt((0.7 * np.maximum(flux, 0) / typical + 0.3 * sky) / throughput)


def _coarse(wave: Array, flux: Array, ivar: Array) -> tuple[Array, Array, Array]:
    """Weighted means of `COARSE_PIXELS` pixels each."""
    n = LAMOST_PIXELS // COARSE_PIXELS * COARSE_PIXELS
    weights = ivar[:n].reshape(-1, COARSE_PIXELS)
    total = weights.sum(axis=1)
    values = flux[:n].reshape(-1, COARSE_PIXELS)
    mean = np.where(total > 0, (values * weights).sum(axis=1) / np.where(total > 0, total, 1), values.mean(axis=1))
    return np.round(wave[:n].reshape(-1, COARSE_PIXELS).mean(axis=1), 4), mean, total


def _significant(values: Array, digits: int) -> Array:
    """Rounded to significant digits, so that another processor's last bit does not show."""
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.where(values > 0, values, 1.0))))
    return np.round(values * scale) / scale
