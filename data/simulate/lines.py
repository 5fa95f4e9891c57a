"""What absorbs in the spectra of stars between 3700 and 9100 Angstrom, as optical depth of unit strength on one grid.

Wavelengths are in vacuum. Depths are shapes, not model atmospheres: they put each line and band head where it is, as
wide as LAMOST's resolution (R = 1800) and pressure leave it; `strengths` says how they go with temperature, metallicity
and composition (Gray & Corbally 2009, Stellar Spectral Classification).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["BALMER", "GRID", "HELIUM", "LAMOST_PIXELS", "MARGIN", "components", "strengths", "telluric"]

Array = NDArray[np.float64]

LAMOST_PIXELS = 3908
"""Pixels of a low-resolution LAMOST spectrum, log10(wavelength) = 3.5682 + 0.0001 i."""

MARGIN = 40
"""Pixels that the grid goes further on both sides: 2,700 km/s of radial velocity."""

GRID = 10 ** (3.5682 + 1e-4 * np.arange(-MARGIN, LAMOST_PIXELS + MARGIN))

BALMER = (6564.61, 4862.68, 4341.68, 4102.89, 3971.20, 3890.15, 3836.47, 3798.98, 3771.70)
HELIUM = (5877.25, 6679.99, 4472.73, 7067.20, 4687.02)
_PASCHEN = (8865.2, 8752.9, 8667.4, 9017.4)
_CALCIUM_HK, _CALCIUM_I, _SODIUM = (3934.78, 3969.59), (4227.92,), (5891.58, 5897.56)
_MAGNESIUM, _TRIPLET = (5168.76, 5174.13, 5185.05), (8500.36, 8544.44, 8664.52)
_IRON = (4046.96, 4064.74, 4272.96, 4384.78, 4405.99, 4532.2, 4669.4, 4921.9, 4958.9, 5016.5, 5080.6, 5271.0, 5329.5,
         5406.9, 5447.9, 5616.9, 5710.9, 6138.3, 6192.9, 6303.2, 6394.9, 6496.7, 6679.8, 8690.9, 8826.6)  # fmt: skip

# heads in vacuum; TiO and the red system of CN fade to the red of their head, the Swan bands of C2 to the blue
_TITANIUM_OXIDE = ((4763, 0.30, 90), (4956, 0.50, 120), (5169, 0.55, 160), (5450, 0.50, 200), (5864, 0.55, 140),
                   (6161, 0.80, 190), (6653, 0.65, 150), (7056, 1.35, 220), (7591, 0.75, 260), (8434, 0.55, 170),
                   (8862, 0.40, 150))  # fmt: skip
_CARBON_2 = ((4383, 0.5, 70), (4738, 1.1, 110), (5167, 1.5, 130), (5637, 1.0, 130), (6193, 0.45, 110))
_CYANOGEN = ((6927, 0.5, 100), (7090, 0.4, 110), (7880, 0.8, 150), (8070, 0.6, 150), (4150, 0.8, 60))


def _gaussians(centres: tuple[float, ...], sigma: float, depths: tuple[float, ...] | None = None) -> Array:
    depths = depths or (1.0,) * len(centres)
    return sum(d * np.exp(-0.5 * ((GRID - c) / sigma) ** 2) for c, d in zip(centres, depths, strict=True))


def _wings(centres: tuple[float, ...], width: float) -> Array:
    return sum(1.0 / (1.0 + ((GRID - c) / width) ** 2) for c in centres)


def _bands(heads: tuple[tuple[float, float, float], ...], direction: int) -> Array:
    """Heads softened over 4 Angstrom that fade exponentially over the length given, ribbed as by rotational lines."""
    depth = np.zeros_like(GRID)
    for head, strength, length in heads:
        along = direction * (GRID - head)
        depth += strength * np.exp(-np.maximum(along, 0) / length) * expit(along / 2.0)
    return depth * (1.0 + 0.12 * np.sin(2 * np.pi * GRID / 23.0))


def _forest() -> Array:
    """The crowd of weak metal lines, denser in the blue: a fixed list of positions and strengths."""
    rng = np.random.default_rng(411_088_42)
    centres = 3650.0 + 5500.0 * rng.random(1600) ** 2.6
    depths = rng.exponential(0.25, 1600)
    depth = np.zeros_like(GRID)
    for centre, strength in zip(centres, depths, strict=True):
        low, high = np.searchsorted(GRID, [centre - 12, centre + 12])
        depth[low:high] += strength * np.exp(-0.5 * ((GRID[low:high] - centre) / 1.6) ** 2)
    return depth


@cache
def components() -> tuple[tuple[str, ...], Array]:
    """Names and (n, len(GRID)) optical depths of unit strength."""
    found = {
        "balmer": _gaussians(BALMER, 3.2) + 0.5 * _gaussians(_PASCHEN, 5.0),
        "balmer wings": _wings(BALMER, 11.0) + 0.4 * _wings(_PASCHEN, 12.0),
        "calcium hk": _gaussians(_CALCIUM_HK, 3.5) + 0.8 * _wings(_CALCIUM_HK, 7.0),
        "calcium": _gaussians(_CALCIUM_I, 3.0) + 0.2 * _wings(_CALCIUM_I, 9.0),
        "sodium": _gaussians(_SODIUM, 2.3) + 0.15 * _wings(_SODIUM, 14.0),
        "magnesium": _gaussians(_MAGNESIUM, 2.4, (0.7, 0.9, 1.0)) + 0.12 * _wings(_MAGNESIUM, 20.0),
        "triplet": _gaussians(_TRIPLET, 3.6, (0.6, 1.0, 0.85)),
        "g band": np.exp(-0.5 * ((GRID - 4306.0) / 10.0) ** 2),
        "iron": _gaussians(_IRON, 2.6) + _forest(),
        "titanium oxide": _bands(_TITANIUM_OXIDE, 1),
        "carbon": _bands(_CARBON_2, -1) + 0.5 * _bands(_CYANOGEN[:-1], 1) + 0.5 * _bands(_CYANOGEN[-1:], -1),
    }
    return tuple(found), np.array(list(found.values()))


def _peak(temperature: float, centre: float, width: float) -> float:
    return float(np.exp(-0.5 * (np.log(temperature / centre) / width) ** 2))


def strengths(temperature: float, metallicity: float, *, giant: bool, carbon: bool) -> Array:
    """(n,) strength of each component of `components` in a star, temperature in K."""
    metals = 10 ** (0.45 * np.clip(metallicity, -2.5, 0.5))
    cool = float(np.clip((7600 - temperature) / 2600, 0.0, 1.2))
    oxide = 0.0 if carbon else max(0.0, (4050 - temperature) / 550)
    gravity = 0.75 if giant else 1.0
    values = {
        "balmer": 0.85 * _peak(temperature, 8800, 0.26) + 0.28 * _peak(temperature, 6000, 0.16),
        "balmer wings": 0.75 * _peak(temperature, 8900, 0.19) * gravity,
        "calcium hk": metals * (0.15 + 1.8 * cool),
        "calcium": metals * 0.9 * max(0.0, (5600 - temperature) / 1500),
        "sodium": metals * gravity * (0.12 + 0.9 * max(0.0, (5500 - temperature) / 1500)),
        "magnesium": metals * gravity * (0.15 + 0.6 * cool + 0.5 * max(0.0, (5200 - temperature) / 1200)),
        "triplet": metals * (0.3 + 0.45 * cool) * (1.2 if giant else 1.0),
        "g band": metals * 0.55 * _peak(temperature, 5200, 0.14),
        "iron": metals * (0.03 + 0.22 * cool),
        "titanium oxide": oxide,
        "carbon": 1.5 if carbon else 0.0,
    }
    return np.array([values[name] for name in components()[0]])


@cache
def telluric() -> Array:
    """(LAMOST_PIXELS,) optical depth of the Earth's O2 and H2O on the observed grid, unit strength."""
    wave = GRID[MARGIN:-MARGIN]
    depth = np.zeros_like(wave)
    for low, high, strength in ((6868, 6944, 0.22), (7594, 7690, 0.55), (7165, 7340, 0.09), (8120, 8350, 0.10)):
        along = (wave - low) / (high - low)
        depth += strength * np.exp(-2.5 * np.maximum(along, 0)) * expit(along * 40) * (wave < high + 40)
    return depth * (1.0 + 0.25 * np.sin(2 * np.pi * wave / 11.0))
