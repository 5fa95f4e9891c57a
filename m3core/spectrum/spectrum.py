"""One spectrum, whatever it came from."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from m3core.kinds import kind_of
from m3core.kinds.spectra import KIND, settings_of
from m3core.manifest import ModalitySpec
from m3core.survey import Source, Survey

__all__ = ["Spectrum", "make_spectrum", "spectra_of", "spectra_specs"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """A spectrum.

    Attributes:
        name: begins with the modality's name, where it comes from a survey.
        wavelength: (n,) Angstrom, ascending.
        flux: (n,) NaN where it is no number.
        error: (n,) 1 sigma of the flux, NaN on masked pixels; None where the file knows none.
        observed: (n,) bool, False on masked pixels.
        medium: of the wavelengths, as the survey or the file's header declares it.
        notes: what was left out or adapted, a sentence each.
    """

    name: str
    wavelength: Array
    flux: Array
    error: Array | None
    observed: NDArray[np.bool_]
    medium: Literal["vacuum", "air", "unknown"] = "unknown"
    flux_label: str = "Flux (relative)"
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def level(self) -> float:
        """Median flux of the observed pixels, by which spectra are made comparable; 1 where it is not positive."""
        known = self.flux[self.observed]
        level = float(np.median(known)) if len(known) else 1.0
        return level if level > 0 else 1.0

    @property
    def n_masked(self) -> int:
        """Pixels that are not observed."""
        return int((~self.observed).sum())


def make_spectrum(
    name: str, wavelength: ArrayLike, flux: ArrayLike, ivar: ArrayLike, *,
    medium: Literal["vacuum", "air", "unknown"] = "unknown", flux_label: str = "Flux (relative)",
) -> Spectrum:  # fmt: skip
    """A spectrum from arrays as they are stored, (n,) each.

    A pixel is masked where its inverse variance is not positive or where a number is missing. Where no pixel has an
    inverse variance that is a number at all, none is known: then the error is None and every finite flux is observed.

    Args:
        wavelength: Angstrom; pixels without one are left out, and said so.
        ivar: inverse variance of the flux; 0 marks a masked pixel.
    """
    given = [np.asarray(one, np.float64).ravel() for one in (wavelength, flux, ivar)]
    known = np.isfinite(given[0]) & (given[0] > 0)
    order = np.flatnonzero(known)[np.argsort(given[0][known], kind="stable")]
    wavelength, flux, ivar = (one[order] for one in given)
    notes = []
    if left := int((~known).sum()):
        notes.append(f"{left:,} pixels have no wavelength and are left out.")
    finite = np.isfinite(flux)
    if len(ivar) and not np.isfinite(ivar).any():
        notes.append("No inverse variance is known: there is no error band, and no pixel is known to be masked.")
        return Spectrum(name, wavelength, flux, None, finite, medium, flux_label, tuple(notes))
    observed = finite & np.isfinite(ivar) & (ivar > 0)
    error = np.full(len(flux), np.nan)
    error[observed] = 1.0 / np.sqrt(ivar[observed])
    return Spectrum(name, wavelength, flux, error, observed, medium, flux_label, tuple(notes))


def spectra_specs(survey: Survey) -> list[ModalitySpec]:
    """The modalities of a survey that are spectra."""
    return [spec for spec in survey.modalities.values() if kind_of(spec) is KIND]


def spectra_of(survey: Survey, source: Source) -> list[Spectrum]:
    """The spectra that a source has, one a modality."""
    found = []
    for spec in spectra_specs(survey):
        observation = source.observations.get(spec.name)
        if observation is not None:
            settings = settings_of(spec)
            arrays = (observation["wavelength"], observation["flux"], observation["ivar"])
            found.append(make_spectrum(spec.name, *arrays, medium=settings.medium, flux_label=settings.flux_label))
    return found
