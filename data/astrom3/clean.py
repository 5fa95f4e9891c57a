"""One light curve or one spectrum of the published set made ready, with what was wrong with it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.astrom3.nested import MISSHAPEN

__all__ = ["Cleaned", "Fault", "clean_curve", "clean_spectrum"]

Fault = tuple[str, str]
"""A kind of `data.report.KINDS` and a detail."""

Cleaned = tuple[dict[str, NDArray[Any]] | None, list[Fault]]
"""What the survey stores of a source in one modality (None: absent), and the faults."""

ANGSTROM = (1000.0, 30000.0)
"""Where wavelengths of a stellar spectrum lie if they are in Angstrom."""


def clean_curve(rows: NDArray[Any] | str | None) -> Cleaned:
    """A light curve as the survey stores it.

    Args:
        rows: (n, 3) time in days, flux, flux error.

    Returns:
        time (ascending), flux, error, float64, error NaN where unknown; None where nothing usable is left.
    """
    if rows is None:
        return None, [("star without photometry", "")]
    if isinstance(rows, str):
        return None, [("array of another shape", f"photometry, {MISSHAPEN}")]
    time, flux, error = np.ascontiguousarray(rows.T, np.float64)
    faults: list[Fault] = []
    used = np.ones(len(time), bool)

    def drop(kind: str, wrong: NDArray[np.bool_]) -> None:
        faults.extend((kind, f"observation {point + 1}") for point in np.flatnonzero(wrong & used))
        used[wrong] = False

    drop("time not finite", ~np.isfinite(time))
    drop("brightness not finite", ~np.isfinite(flux))
    unknown = ~np.isfinite(error)
    faults += [("error not finite", f"observation {point + 1}") for point in np.flatnonzero(unknown & used)]
    error[unknown] = np.nan
    drop("error not positive", error <= 0)
    drop("duplicate row", _repeated(time, flux, error, used))
    if (np.diff(time[used]) < 0).any():
        faults.append(("times not in order", ""))
    order = np.flatnonzero(used)[np.argsort(time[used], kind="stable")]
    time, flux, error = time[order], flux[order], error[order]
    unusable = (
        "curve without a usable row"
        if len(time) == 0
        else "curve of one epoch"
        if len(time) == 1
        else "constant brightness"
        if np.ptp(flux) == 0
        else ""
    )
    if unusable:
        return None, [*faults, (unusable, "")]
    return {"time": time, "flux": flux, "error": error}, faults


def _repeated(time: NDArray, flux: NDArray, error: NDArray, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows in use that stand earlier already, with all three values."""
    wrong = np.zeros(len(time), bool)
    key = np.where(np.isnan(error), -1.0, error)
    order = np.flatnonzero(used)
    order = order[np.lexsort((order, key[order], flux[order], time[order]))]
    same = np.ones(max(0, len(order) - 1), bool)
    for column in (time, flux, key):
        same &= column[order[1:]] == column[order[:-1]]
    wrong[order[1:][same]] = True
    return wrong


def clean_spectrum(rows: NDArray[Any] | str | None) -> Cleaned:
    """A spectrum as the survey stores it.

    Args:
        rows: (n, 3) wavelength in Angstrom, flux, inverse variance.

    Returns:
        wavelength (float64, ascending), flux, ivar; flux and ivar are 0 where either is not finite.
    """
    if rows is None:
        return None, [("star without spectrum", "")]
    if isinstance(rows, str):
        return None, [("array of another shape", f"spectra, {MISSHAPEN}")]
    wavelength, flux, ivar = np.array(rows.T, np.float64)
    faults: list[Fault] = []
    placed = np.isfinite(wavelength) & (wavelength > 0)
    if not placed.all():
        faults.append(("pixels without a wavelength", f"{int((~placed).sum())} of {len(placed)}"))
        wavelength, flux, ivar = wavelength[placed], flux[placed], ivar[placed]
    if len(wavelength) < 2:
        return None, [*faults, ("spectrum without usable pixels", "")]
    low, high = float(wavelength.min()), float(wavelength.max())
    if low < ANGSTROM[0] or high > ANGSTROM[1]:
        return None, [*faults, ("wavelengths not in Angstrom", f"{low:g} to {high:g}")]
    unknown = ~(np.isfinite(flux) & np.isfinite(ivar))
    if unknown.any():
        faults.append(("pixels not finite", f"{int(unknown.sum())} of {len(unknown)}"))
        flux[unknown] = ivar[unknown] = 0.0
    if not (ivar > 0).any():
        return None, [*faults, ("spectrum without usable pixels", "every inverse variance is 0")]
    if (np.diff(wavelength) < 0).any():
        faults.append(("wavelengths not in order", ""))
        order = np.argsort(wavelength, kind="stable")
        wavelength, flux, ivar = wavelength[order], flux[order], ivar[order]
    return {"wavelength": wavelength, "flux": flux, "ivar": ivar}, faults
