"""What the spectra of a class have in common: the median of its members; and the redshifts a survey knows."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from m3core.spectrum.lines import LIGHT_SPEED
from m3core.spectrum.spectrum import make_spectrum
from m3core.survey import Source, Survey

__all__ = [
    "HIGHEST",
    "LOWEST",
    "MOST_MEMBERS",
    "Template",
    "class_template",
    "known_velocity",
    "redshift_column",
    "velocity_of",
]

MOST_MEMBERS = 500
"""Spectra of a class that its template is made of; of more, every n-th in the survey's order."""

MOST_PIXELS = 20_000

REDSHIFTS = ("lamost_z", "redshift")

LOWEST, HIGHEST = -0.9, 20.0
"""A redshift beyond these is a fill value and no measurement; at -1 and below nothing would arrive."""


@dataclass(frozen=True)
class Template:
    """A median spectrum.

    Attributes:
        wavelength: (n,) Angstrom, even in its logarithm; flux: (n,) median of the members, each over its own
            median flux; NaN where less than half of them are observed.
        n_used, n_members: spectra that went in, of those that the class has.
        n_at_rest: of n_used, those whose redshift the survey knows, which were brought to rest.
    """

    label: str
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    n_used: int
    n_members: int
    n_at_rest: int

    @property
    def caption(self) -> str:
        """How it was made."""
        used = f"all {self.n_members:,}" if self.n_used == self.n_members else f"{self.n_used:,} of {self.n_members:,}"
        rest = f"{self.n_at_rest:,} of them brought to rest by their redshifts" if self.n_at_rest else "as observed"
        return f"Template: median of {used} spectra of class {self.label}, each over its own median flux, {rest}."


def redshift_column(survey: Survey) -> str | None:
    """The catalogue column that holds redshifts of spectra, None without one."""
    return next((name for name in REDSHIFTS if name in survey.sources.columns), None)


def known_velocity(survey: Survey, source: Source) -> float | None:
    """Radial velocity by the catalogue's redshift, km/s (c z, the optical convention); None where it has none."""
    column = redshift_column(survey)
    return velocity_of(source.catalogue.get(column)) if column else None


def velocity_of(redshift: object) -> float | None:
    """c z of a redshift, km/s; None where it is no number, or none that a measurement could give."""
    known = isinstance(redshift, float | int) and LOWEST < redshift < HIGHEST  # False for NaN
    return float(redshift) * LIGHT_SPEED if known else None  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def class_template(survey: Survey, modality: str, label: str) -> Template | None:
    """The median spectrum of a class; None where none of its members has a usable spectrum.

    Kept for the 32 last classes: the same survey, modality and label give the same arrays, which may not be changed.
    """
    members = np.flatnonzero((survey.sources["label"] == label).to_numpy() & survey.present(modality))
    chosen = members[:: max(1, -(-len(members) // MOST_MEMBERS))]
    column = redshift_column(survey)
    redshifts = survey.sources[column].to_numpy(np.float64, na_value=np.nan) if column else np.full(len(survey), np.nan)
    found: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    n_at_rest = 0
    for row in chosen:
        observation = survey.observation(modality, int(row))
        assert observation is not None
        one = make_spectrum(modality, observation["wavelength"], observation["flux"], observation["ivar"])
        if one.observed.sum() < 2:
            continue
        known = bool(LOWEST < redshifts[row] < HIGHEST)
        n_at_rest += known
        stretch = 1.0 + redshifts[row] if known else 1.0
        flux = np.where(one.observed, one.flux / one.level, np.nan)
        found.append((one.wavelength / stretch, flux))
    if not found:
        return None
    grid = _grid(found)
    stack = np.full((len(found), len(grid)), np.nan, np.float32)
    for place, (wavelength, flux) in enumerate(found):
        stack[place] = np.interp(grid, wavelength, flux, left=np.nan, right=np.nan)
    enough = 2 * np.isfinite(stack).sum(axis=0) >= len(found)
    flux = np.full(len(grid), np.nan)
    flux[enough] = np.nanmedian(stack[:, enough], axis=0)
    for array in (grid, flux):
        array.flags.writeable = False
    return Template(label, grid, flux, len(found), len(members), n_at_rest)


def _grid(found: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """As fine as the first member is, from the first to the last wavelength of any."""
    low, high = min(wave[0] for wave, _ in found), max(wave[-1] for wave, _ in found)
    step = max(float(np.median(np.diff(np.log(found[0][0])))), 1e-6)
    n = min(round(float(np.log(high / low)) / step) + 1, MOST_PIXELS)
    return np.asarray(np.geomspace(low, high, max(n, 2)))
