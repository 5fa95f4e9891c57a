"""Extinction: how bands compare, what a catalogue gives, and whether its magnitudes are corrected already.

Ratios A_band / A_V for R_V = 3.1: Landolt UBVRI, SDSS and UKIRT JHK from Schlafly & Finkbeiner (2011, ApJ 737, 103),
table 6; Gaia from Casagrande & VandenBerg (2018, MNRAS 479, L102), table 2; WISE from Yuan, Liu & Xiang (2013, MNRAS
430, 2188), table 2.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.diagrams.columns import magnitude_columns, numeric_columns
from m3core.survey import Survey

__all__ = ["RATIOS", "Extinction", "ExtinctionUse", "band_of", "extinction_column", "extinction_of"]

SF11_V, RV = 2.742, 3.1


def _ratios(system: str, bands: str, coefficients: tuple[float, ...], unit: float) -> dict[str, float]:
    return {f"{system} {band}": one / unit for band, one in zip(bands.split(), coefficients, strict=True)}


RATIOS = {
    **_ratios("johnson", "u b v r i", (4.334, 3.626, 2.742, 2.169, 1.505), SF11_V),
    **_ratios("sdss", "u g r i z", (4.239, 3.303, 2.285, 1.698, 1.263), SF11_V),
    **_ratios("2mass", "j h k", (0.709, 0.449, 0.302), SF11_V),
    **_ratios("gaia", "g bp rp", (2.740, 3.374, 2.035), RV),
    **_ratios("wise", "w1 w2", (0.18, 0.16), SF11_V),
}
"""'system band' -> A_band / A_V."""

SOURCE = (
    "ratios of extinction for R_V = 3.1 from Schlafly & Finkbeiner 2011 (Gaia: Casagrande & VandenBerg 2018; "
    "WISE: Yuan et al. 2013)"
)

COLOURS = {
    "bp_rp": ("gaia bp", "gaia rp"), "g_r": ("sdss g", "sdss r"), "b_v": ("johnson b", "johnson v"),
    "v_i": ("johnson v", "johnson i"), "j_k": ("2mass j", "2mass k"), "w1_w2": ("wise w1", "wise w2"),
}  # fmt: skip
"""Columns that are colours -> their bands."""

MOST_SOURCES = 500
"""Of the light curves that say whether a catalogue's magnitudes are corrected."""

ExtinctionUse = Literal["auto", "subtract", "none"]


def band_of(column: str, band: str, others: set[str]) -> str | None:
    """'gaia g' of a catalogue's magnitude; None where the system cannot be told.

    Args:
        column: its name; band: the band in it (m3core.diagrams.columns.magnitude_columns).
        others: bands of all magnitudes of the catalogue: 'r' beside 'b' is Cousins', beside 'g' it is SDSS's.
    """
    band = band.lower().rpartition("_")[2]
    if column.lower().startswith("phot_") or band in ("bp", "rp"):
        return f"gaia {band}" if f"gaia {band}" in RATIOS else None
    band = {"ks": "k"}.get(band, band)
    for system in ("2mass", "wise"):
        if f"{system} {band}" in RATIOS:
            return f"{system} {band}"
    is_johnson = band in ("b", "v") or (band in ("u", "r", "i") and not {"g", "z"} & others)
    name = f"{'johnson' if is_johnson else 'sdss'} {band}"
    return name if name in RATIOS else None


def extinction_column(sources: pd.DataFrame) -> tuple[str, str] | None:
    """The column of an extinction and what it is of: 'E(B-V)', 'E(B-V) SFD' or a band; None without one."""
    for name in numeric_columns(sources):
        plain = name.lower()
        if re.fullmatch(r"(e_?b_?(minus)?_?v)(_?sfd)?", plain):
            return name, "E(B-V) SFD" if "sfd" in plain else "E(B-V)"
        found = re.fullmatch(r"(?:extinction_|ext_|a_?)(u|b|v|g|r|i|z|bp|rp|j|h|ks?|0)(_gspphot)?", plain)
        if found and len(plain) > 1:
            return name, "gaia g" if found[2] and found[1] == "g" else found[1]
    return None


@dataclass(frozen=True)
class Extinction:
    """What is taken off magnitudes.

    Attributes:
        a_v: (N,) magnitudes in V; NaN where the catalogue gives none.
        column: where it came from.
        subtracts: whether it is taken off at all.
        sentence: what was done and why, plain text.
    """

    a_v: NDArray[np.float64]
    column: str
    subtracts: bool
    sentence: str

    def of(self, band: str | None) -> NDArray[np.float64]:
        """(N,) magnitudes to take off in a band; 0 where nothing is taken off, NaN where it is not known."""
        if not self.subtracts:
            return np.zeros(len(self.a_v))
        return self.a_v * RATIOS[band] if band in RATIOS else np.full(len(self.a_v), np.nan)


def extinction_of(survey: Survey, use: ExtinctionUse = "auto") -> Extinction | None:
    """The extinction that a catalogue gives; None where it gives none.

    Args:
        use: 'auto' takes it off unless the light curves show that the catalogue's magnitudes are corrected already;
            'subtract' always, 'none' never.
    """
    found = extinction_column(survey.sources)
    if found is None:
        return None
    column, what = found
    bands = set(magnitude_columns(survey.sources).values())
    values = survey.sources[column].to_numpy(np.float64, na_value=np.nan)
    if what.startswith("E(B-V)"):
        a_v = values * (SF11_V if what.endswith("SFD") else RV)
        shown = f"{column} (A_V = {SF11_V if what.endswith('SFD') else RV:g} E(B-V))"
    else:
        band = what if what in RATIOS else "johnson v" if what == "0" else band_of(what, what, bands)
        a_v = values / RATIOS[band or "johnson v"]
        shown = f"{column} (A in {band or 'V'})"
    if use == "none":
        return Extinction(a_v, column, False, f"Extinction {shown} is not taken off, as chosen.")
    slope = _slope(survey, a_v, bands) if use == "auto" else None
    if slope is not None and slope[0] > 0.5:
        return Extinction(
            a_v, column, False,
            f"Magnitudes are dereddened already: light curves are fainter than the catalogue by {slope[0]:.2f} times "
            f"the extinction ({slope[1]} curves, band {slope[2]}), so {shown} is not taken off again.",
        )  # fmt: skip
    return Extinction(a_v, column, True, f"Dereddened by {shown}; {SOURCE}.")


def _slope(survey: Survey, a_v: NDArray[np.float64], bands: set[str]) -> tuple[float, int, str] | None:
    """Least-squares slope of (mean of a light curve - catalogue magnitude) over A_band: 1 where the catalogue is
    corrected and the light curves are not, 0 where both are alike; None where the survey cannot tell.
    """
    columns = {band: name for name, band in reversed(magnitude_columns(survey.sources).items())}
    for spec in survey.modalities.values():
        band = band_of(columns.get(spec.label, ""), spec.label, bands)
        if not spec.fields or spec.label not in columns or band not in RATIOS or "mag" not in spec.fields:
            continue
        a = a_v * RATIOS[band]
        catalogue = survey.sources[columns[spec.label]].to_numpy(np.float64, na_value=np.nan)
        rows = np.flatnonzero(np.isfinite(a) & np.isfinite(catalogue) & survey.present(spec.name))[:MOST_SOURCES]
        rows = rows[a[rows] < np.inf]
        if len(rows) < 20 or np.ptp(a[rows]) < 0.05:
            continue
        means = np.array([_mean_magnitude(survey, spec.name, int(row)) for row in rows])
        difference = means - catalogue[rows]
        good = np.isfinite(difference)
        good[good] &= np.abs(difference[good] - np.median(difference[good])) < 0.5  # a wrong match is no extinction
        if good.sum() < 20:
            continue
        return float(np.polyfit(a[rows][good], difference[good], 1)[0]), int(good.sum()), spec.label
    return None


def _mean_magnitude(survey: Survey, modality: str, row: int) -> float:
    """Of the mean flux, as catalogues of pulsators give it."""
    observation = survey.observation(modality, row)
    assert observation is not None
    magnitude = observation["mag"]
    known = magnitude[np.isfinite(magnitude)]
    return float(-2.5 * np.log10(np.mean(10 ** (-0.4 * known)))) if len(known) else float("nan")
