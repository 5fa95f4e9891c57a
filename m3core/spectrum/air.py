"""Wavelengths in vacuum and in air.

The index of refraction is that of Ciddor (1996, Applied Optics 35, 1566) for dry air at 15 C, 101,325 Pa and 450 ppm
of CO2, in the form that SDSS and IDL's astrolib use; valid from 2,300 to 16,900 Angstrom, good to 1e-8.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FORMULA", "Medium", "air_to_vacuum", "refractive_index", "vacuum_to_air"]

Medium = Literal["vacuum", "air"]

FORMULA = "Ciddor (1996)"


def refractive_index(vacuum: ArrayLike) -> NDArray[np.float64]:
    """Index of refraction of standard air.

    Args:
        vacuum: wavelengths in vacuum, Angstrom.
    """
    wavenumber = (1e4 / np.asarray(vacuum, np.float64)) ** 2  # per micrometre, squared
    return 1.0 + 5.792105e-2 / (238.0185 - wavenumber) + 1.67917e-3 / (57.362 - wavenumber)


def vacuum_to_air(vacuum: ArrayLike) -> NDArray[np.float64]:
    """Wavelengths in air of wavelengths in vacuum, Angstrom."""
    return np.asarray(vacuum, np.float64) / refractive_index(vacuum)


def air_to_vacuum(air: ArrayLike) -> NDArray[np.float64]:
    """Wavelengths in vacuum of wavelengths in air, Angstrom.

    The index belongs to the wavelength in vacuum: it is found by iteration, which gains four digits a step.
    """
    air = np.asarray(air, np.float64)
    vacuum = air
    for _ in range(3):
        vacuum = air * refractive_index(vacuum)
    return vacuum
