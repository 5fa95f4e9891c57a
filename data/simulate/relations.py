"""What is known of stars in general: temperatures, colours, radii, extinction, Roche lobes.

Tables are read off the published relations at a few nodes and interpolated; they are good to about 0.05 mag and
3 % in temperature and radius, which is less than the scatter that every star gets on top.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ABSORPTION",
    "BANDS",
    "SOLAR_MAG",
    "absolute_mags",
    "bolometric_correction",
    "dwarf_radius",
    "dwarf_temperature",
    "kepler_period",
    "roche_radius",
]

Array = NDArray[np.float64]

SOLAR_MAG = 4.74
"""Absolute bolometric magnitude of the Sun (IAU 2015 resolution B2)."""

BANDS = ("V", "G", "BP", "RP", "J", "H", "K", "W1", "W2", "W3", "W4")

ABSORPTION = dict(zip(BANDS, (1.0, 0.789, 1.002, 0.589, 0.243, 0.131, 0.078, 0.039, 0.026, 0.040, 0.030), strict=True))
"""A_band / A_V (Wang & Chen 2019, ApJ 877, 116, table 3; W4 by extrapolation)."""

# Main sequence: Pecaut & Mamajek 2013 (ApJS 208, 9) and its updated table. Mass, temperature [K], radius, solar units.
_MASS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 2.0, 2.5, 3.0])
_TEMPERATURE = np.array([3750, 4050, 4440, 4950, 5340, 5750, 5980, 6200, 6600, 7250, 8700, 10200, 12000.0])
_RADIUS = np.array([0.51, 0.59, 0.69, 0.77, 0.85, 1.0, 1.1, 1.2, 1.45, 1.6, 1.85, 2.1, 2.4])

# Colours by temperature, coolest first. Dwarfs: Pecaut & Mamajek 2013. Giants: Bessell & Brett 1988 (PASP 100, 1134),
# van Belle et al. 1999 (AJ 117, 521) and, below 3500 K, the colours of nearby Miras (Whitelock et al. 2000).
_DWARFS = {
    "T": np.array([3060, 3210, 3560, 3850, 4050, 4440, 5270, 5770, 6550, 7220, 8080, 9700, 12000.0]),
    "BP-RP": np.array([3.30, 2.79, 2.17, 1.84, 1.70, 1.36, 0.98, 0.82, 0.59, 0.38, 0.20, 0.00, -0.10]),
    "V-K": np.array([5.90, 5.08, 4.24, 3.65, 3.35, 2.75, 1.86, 1.48, 1.06, 0.74, 0.41, 0.04, -0.15]),
    "J-K": np.array([0.90, 0.87, 0.84, 0.82, 0.80, 0.70, 0.46, 0.36, 0.26, 0.16, 0.07, 0.00, -0.06]),
    "H-K": np.array([0.30, 0.26, 0.21, 0.18, 0.16, 0.12, 0.08, 0.065, 0.05, 0.04, 0.03, 0.01, 0.00]),
    "BC": np.array([-3.3, -2.7, -1.9, -1.28, -1.05, -0.65, -0.23, -0.09, -0.02, 0.0, -0.02, -0.20, -0.6]),
}
_GIANTS = {
    "T": np.array([2600, 2800, 3000, 3200, 3400, 3600, 3800, 4000, 4500, 5000, 5500, 6550, 7220, 8080.0]),
    "BP-RP": np.array([5.40, 5.00, 4.50, 3.85, 3.15, 2.55, 2.10, 1.80, 1.38, 1.13, 0.93, 0.59, 0.38, 0.20]),
    "V-K": np.array([10.6, 9.9, 8.9, 7.5, 6.1, 4.8, 4.0, 3.55, 2.70, 2.15, 1.72, 1.06, 0.74, 0.41]),
    "J-K": np.array([1.42, 1.37, 1.32, 1.26, 1.20, 1.12, 1.02, 0.93, 0.70, 0.55, 0.43, 0.26, 0.16, 0.07]),
    "H-K": np.array([0.50, 0.45, 0.40, 0.34, 0.29, 0.26, 0.22, 0.18, 0.12, 0.10, 0.08, 0.05, 0.04, 0.03]),
    "BC": np.array([-7.6, -6.9, -5.9, -4.6, -3.3, -2.2, -1.45, -1.05, -0.52, -0.28, -0.14, -0.02, 0.0, -0.02]),
}


def dwarf_temperature(mass: float | Array) -> Array:
    """Effective temperature on the main sequence, K; `mass` in solar masses, 0.5 to 3."""
    return np.interp(mass, _MASS, _TEMPERATURE)


def dwarf_radius(mass: float | Array) -> Array:
    """Radius on the main sequence, solar radii; `mass` in solar masses, 0.5 to 3."""
    return np.interp(mass, _MASS, _RADIUS)


def _table(giant: bool) -> dict[str, Array]:
    return _GIANTS if giant else _DWARFS


def bolometric_correction(temperature: float, *, giant: bool = False) -> float:
    """BC_V, mag, so that M_V = M_bol - BC_V."""
    table = _table(giant)
    return float(np.interp(temperature, table["T"], table["BC"]))


def absolute_mags(abs_v: float, temperature: float, *, giant: bool, carbon: bool, dust: float) -> dict[str, float]:
    """Absolute magnitudes without extinction in `BANDS`.

    G from V and BP - RP by the relation of Gaia EDR3's documentation (section 5.5.1, table 5.9); RP from G by a
    quadratic through the main sequence. A carbon star's J - K and H - K are redder by 0.6 and 0.35 mag, and more
    with its dust (Whitelock et al. 2006, MNRAS 369, 751). Dust adds an excess that grows from K to W4.

    Args:
        abs_v: M_V, mag.
        temperature: K.
        dust: 0 none, 1 a Mira's shell.
    """
    table = _table(giant)
    colour, v_k, j_k, h_k = (
        float(np.interp(temperature, table["T"], table[c])) for c in ("BP-RP", "V-K", "J-K", "H-K")
    )
    if carbon:
        j_k, h_k = j_k + 0.6 + 0.9 * dust, h_k + 0.35 + 0.45 * dust
    g = abs_v - 0.02704 + 0.01424 * colour - 0.2156 * colour**2 + 0.01426 * colour**3
    rp = g - (0.649 * colour - 0.077 * colour**2)
    k = abs_v - v_k
    w1 = k - 0.05 - 0.05 * max(0.0, j_k - 0.5) - 0.25 * dust
    w2 = w1 + (0.04 if j_k < 0.6 else -0.06 if dust == 0 else 0.0) - 0.25 * dust
    w3 = w2 - 0.05 - 0.9 * dust
    w4 = w3 - 0.05 - 0.7 * dust
    return dict(zip(BANDS, (abs_v, g, rp + colour, rp, k + j_k, k + h_k, k, w1, w2, w3, w4), strict=True))


def roche_radius(mass_ratio: float) -> float:
    """Radius of a star's Roche lobe over the separation (Eggleton 1983, ApJ 268, 368).

    Args:
        mass_ratio: the star's mass over its companion's.
    """
    two_thirds = mass_ratio ** (2 / 3)
    return float(0.49 * two_thirds / (0.6 * two_thirds + np.log1p(mass_ratio ** (1 / 3))))


def kepler_period(separation: float, mass: float) -> float:
    """Orbital period in days by Kepler's third law; separation in solar radii, total mass in solar masses."""
    return float(0.115868 * np.sqrt(separation**3 / mass))
