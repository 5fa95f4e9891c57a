"""Wesenheit indices: magnitudes that extinction leaves as they are (Madore 1982, ApJ 253, 575)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.diagrams.columns import magnitude_columns
from m3core.diagrams.extinction import RATIOS, band_of
from m3core.survey import Survey

__all__ = ["Wesenheit", "wesenheit_of"]

PUBLISHED = {
    ("gaia g", "gaia bp", "gaia rp"): (1.90, "Ripepi et al. 2019, A&A 625, A14"),
    ("johnson i", "johnson v", "johnson i"): (1.55, "Soszynski et al. 2015, AcA 65, 297"),
    ("2mass k", "2mass j", "2mass k"): (0.69, "Storm et al. 2011, A&A 534, A94"),
}
"""(magnitude, blue, red) -> R and its source, the first that a catalogue has bands for."""

PAIRS = (
    ("sdss g", "sdss i"), ("sdss g", "sdss r"), ("sdss r", "sdss i"), ("johnson b", "johnson v"),
    ("johnson v", "johnson r"), ("johnson b", "johnson r"),
)  # fmt: skip
"""Where no published relation fits: R = A_red / (A_blue - A_red) of `m3core.diagrams.extinction.RATIOS`."""


@dataclass(frozen=True)
class Wesenheit:
    """An index of every source.

    Attributes:
        values: (N,) magnitudes, NaN where a band is missing.
        terms: column -> its factor in W, what errors are propagated by.
        formula: 'W = k_mag - 0.69 (j_mag - k_mag)'.
        source: where R is from.
    """

    values: NDArray[np.float64]
    terms: dict[str, float]
    formula: str
    source: str


def wesenheit_of(survey: Survey) -> Wesenheit | None:
    """W = m - R (blue - red), R = A_m / (A_blue - A_red); None where the catalogue has no two bands of a known law."""
    found = magnitude_columns(survey.sources)
    bands = set(found.values())
    columns = {band_of(name, band, bands): name for name, band in reversed(found.items())}
    known = [(*where, *what) for where, what in PUBLISHED.items()]
    known += [
        (red, blue, red, RATIOS[red] / (RATIOS[blue] - RATIOS[red]), f"extinction law of {_law(red)}")
        for blue, red in PAIRS
    ]
    for magnitude, blue, red, r, source in known:
        if not {magnitude, blue, red} <= columns.keys():
            continue
        r = round(float(r), 3)
        terms: dict[str, float] = {}
        for band, factor in ((magnitude, 1.0), (blue, -r), (red, r)):  # the magnitude may be that of the red band
            terms[columns[band]] = terms.get(columns[band], 0.0) + factor
        values = np.zeros(len(survey))
        for name, factor in terms.items():
            values += factor * survey.sources[name].to_numpy(np.float64, na_value=np.nan)
        formula = f"W = {columns[magnitude]} − {r:g} ({columns[blue]} − {columns[red]})"
        if "johnson" in red and magnitude == red:
            source += ", the bands taken for Johnson-Cousins"
        return Wesenheit(values, terms, formula, source)
    return None


def _law(band: str) -> str:
    return f"Schlafly & Finkbeiner 2011, R_V = 3.1, {'SDSS' if band.startswith('sdss') else 'Landolt'} bands"
