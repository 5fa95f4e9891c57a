"""Lines and band heads that stellar spectra between 3,700 and 9,100 Angstrom are read by.

Wavelengths are in air, at rest: those of jdaviz's list of common stellar lines, with He from NIST. Heads of bands are
where the lines of a band turn back: C2 (Swan) by Brooke et al. (2013, JQSRT 124, 11), CN by Brooke et al. (2014, ApJS
210, 23; of the red system the R2 head, the first that is strong), TiO after Gray & Corbally (2009, Stellar Spectral
Classification), to an Angstrom. TiO and red CN fade to the red of their heads, C2 and violet CN to the blue. The list
is converted to the medium of a spectrum, never the spectrum to that of the list.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.spectrum.air import Medium, air_to_vacuum, vacuum_to_air

__all__ = ["BAND_HEADS", "GROUPS", "LIGHT_SPEED", "LINES", "TELLURIC", "Line", "positions", "telluric_bands"]

LIGHT_SPEED = 299_792.458
"""km/s, exact by definition of the metre."""


@dataclass(frozen=True)
class Line:
    """A line or band head.

    Attributes:
        name: in full; mark: what stands beside it in a figure, '' where a neighbour's mark stands for both.
        air: wavelength at rest in air, Angstrom.
    """

    group: str
    name: str
    mark: str
    air: float


LINES = (
    Line("Balmer", "H alpha", "Hα", 6562.808),
    Line("Balmer", "H beta", "Hβ", 4861.34),
    Line("Balmer", "H gamma", "Hγ", 4340.48),
    Line("Balmer", "H delta", "Hδ", 4101.75),
    Line("Ca", "Ca II K", "K", 3933.68),
    Line("Ca", "Ca II H", "H", 3968.49),
    Line("Ca", "Ca I 4227", "Ca I", 4226.74),
    Line("Ca", "Ca II 8498", "", 8498.062),
    Line("Ca", "Ca II 8542", "Ca II", 8542.144),
    Line("Ca", "Ca II 8662", "", 8662.170),
    Line("Na", "Na D2", "Na D", 5889.973),
    Line("Na", "Na D1", "", 5895.940),
    Line("Mg", "Mg b4", "", 5167.327),
    Line("Mg", "Mg b2", "Mg b", 5172.698),
    Line("Mg", "Mg b1", "", 5183.619),
    Line("He", "He I 4471", "He I", 4471.48),
    Line("He", "He II 4686", "He II", 4685.70),
    Line("He", "He I 5876", "He I", 5875.65),
    Line("He", "He I 6678", "He I", 6678.15),
    Line("He", "He I 7065", "He I", 7065.19),
    Line("CH", "CH G band", "G", 4300.0),
    Line("C2", "C2 Swan 4382", "C₂", 4382.1),
    Line("C2", "C2 Swan 4737", "C₂", 4737.1),
    Line("C2", "C2 Swan 5165", "C₂", 5165.2),
    Line("C2", "C2 Swan 5636", "C₂", 5635.5),
    Line("CN", "CN 3883", "CN", 3883.4),
    Line("CN", "CN 4216", "CN", 4216.0),
    Line("CN", "CN 6926", "CN", 6926.0),
    Line("CN", "CN 7089", "CN", 7088.6),
    Line("CN", "CN 7873", "CN", 7872.7),
    Line("CN", "CN 8067", "CN", 8067.1),
    Line("TiO", "TiO 4761", "TiO", 4761.0),
    Line("TiO", "TiO 4954", "TiO", 4954.0),
    Line("TiO", "TiO 5167", "TiO", 5167.0),
    Line("TiO", "TiO 5448", "TiO", 5448.0),
    Line("TiO", "TiO 5862", "TiO", 5862.0),
    Line("TiO", "TiO 6159", "TiO", 6159.0),
    Line("TiO", "TiO 7054", "TiO", 7054.0),
    Line("Nebular", "[N II] 6548", "", 6548.1),
    Line("Nebular", "[N II] 6583", "[N II]", 6583.4),
    Line("Nebular", "[S II] 6716", "[S II]", 6716.4),
    Line("Nebular", "[S II] 6731", "", 6730.8),
)

GROUPS = tuple(dict.fromkeys(line.group for line in LINES))

BAND_HEADS = ("C2", "CN", "TiO", "CH")
"""Groups of heads of bands and not of lines."""

TELLURIC = (("O₂ B", 6867.0, 6944.0), ("H₂O", 7165.0, 7340.0), ("O₂ A", 7594.0, 7684.0), ("H₂O", 8120.0, 8350.0))
"""Name, first and last wavelength in air, Angstrom, of what the Earth's atmosphere absorbs; it moves with no star."""


def positions(lines: tuple[Line, ...], medium: Medium, velocity: float) -> NDArray[np.float64]:
    """(n,) where lines stand in a spectrum, Angstrom in its medium.

    Doppler's shift is that of the wavelengths in vacuum, in the optical convention: observed = rest (1 + velocity / c).

    Args:
        velocity: radial velocity, km/s, positive when the star recedes.
    """
    shifted = air_to_vacuum([line.air for line in lines]) * (1.0 + velocity / LIGHT_SPEED)
    return shifted if medium == "vacuum" else vacuum_to_air(shifted)


def telluric_bands(medium: Medium) -> list[tuple[str, float, float]]:
    """Name, first and last wavelength, Angstrom in the medium."""
    if medium == "air":
        return [(name, low, high) for name, low, high in TELLURIC]
    return [(name, float(air_to_vacuum(low)), float(air_to_vacuum(high))) for name, low, high in TELLURIC]
