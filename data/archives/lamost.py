"""LAMOST low-resolution spectra, in both layouts of its FITS files.

    to DR7:    one HDU, an image whose rows are flux, inverse variance, wavelength, ANDMASK, ORMASK;
               wavelength = 10 ** (COEFF0 + i * COEFF1)
    from DR8:  a table in HDU 1 with one row of arrays: FLUX, IVAR, WAVELENGTH, ANDMASK, ORMASK, ...

A pixel of ANDMASK above 0 was bad in every exposure, one of ORMASK in at least one (LAMOST's documentation of its FITS
files). The co-added flux of the second kind is what the good exposures gave, so that ANDMASK is the mask; ORMASK may be
added to it. A masked pixel has ivar 0, as has one whose ivar or flux is no positive or finite number.
"""

import io
import re
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.archives.report import Entry
from m3core.errors import M3Error, SurveyError

__all__ = ["FILE_NAME", "HEADER", "file_key", "parse_spectrum"]

FILE_NAME = re.compile(r"spec-(\d+)-(.+)_sp(\d+)-(\d+)(?:_\w+)?\.fits(?:\.gz)?", re.IGNORECASE)
"""spec-<lmjd>-<planid>_sp<spectrograph>-<fibre>[_<release>].fits[.gz]"""

HEADER = {
    "obsid": "OBSID",
    "obsdate": "DATE-OBS",
    "mjd": "MJD",
    "ra": "RA",
    "dec": "DEC",
    "class": "CLASS",
    "subclass": "SUBCLASS",
    "z": "Z",
    "snrg": "SNRG",
}
"""Column of LAMOST's catalogue -> the header card with the same."""

RANGE = (3000.0, 11000.0)
"""Angstrom: where a LAMOST spectrum lies with room to spare; a tenth of it is in nm."""

FIELDS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")


def file_key(lmjd: Any, planid: Any, spid: Any, fiberid: Any) -> tuple[int, str, int, int]:
    """What a file's name and a row of the catalogue have in common."""
    return int(lmjd), str(planid).strip().upper(), int(spid), int(fiberid)


def parse_spectrum(name: str, content: bytes, ormask: bool) -> tuple[dict[str, NDArray], dict[str, Any]]:
    """Read a spectrum.

    Args:
        ormask: mask what ORMASK marks, too.

    Returns:
        'spectrum': (3, n) float64 of wavelength in Angstrom, ascending, flux, and inverse variance (0: masked); and
        'header' (see `HEADER`, None where absent), 'medium' ('vacuum', 'air' or 'unknown'), 'n' (pixels), 'entries'
        (for the report).

    Raises:
        SurveyError: no LAMOST spectrum, truncated, or without a usable pixel.
    """
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    if content[:9] != b"SIMPLE  =":
        raise SurveyError(f"{name} is no FITS file, or a damaged one: fetch it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            warnings.filterwarnings("error", message=".*truncated.*")
            with fits.open(io.BytesIO(content), memmap=False) as hdus:
                header = hdus[0].header
                rows = _rows(name, hdus)
                known = {column: _card(header, card) for column, card in HEADER.items()}
                vacuum = header.get("VACUUM")
    except M3Error:
        raise
    except Exception as fault:  # astropy raises dozens of types on damaged files
        reason = " ".join(str(fault).split()).split(". ")[0][:120].rstrip(".") or type(fault).__name__
        raise SurveyError(f"{name} cannot be read, it may be truncated ({reason}): fetch it again.") from None
    spectrum, entries = _checked(name, rows, ormask)
    medium = {True: "vacuum", False: "air"}.get(vacuum, "unknown")
    info = {
        "header": known,
        "medium": medium,
        "n": spectrum.shape[1],
        "entries": [list(entry) for entry in entries],
    }
    return {"spectrum": spectrum}, info


def _card(header: Any, card: str) -> Any:
    value = header.get(card)
    if isinstance(value, str):
        return value.strip() or None
    return None if value is None or value == -9999 else value


def _rows(name: str, hdus: Any) -> dict[str, NDArray[np.float64]]:
    """The five rows, whatever the layout; masks are 0 where the file has none."""
    from astropy.io import fits

    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    if tables:
        columns = tables[0].columns
        missing = [field for field in FIELDS[:3] if field not in columns.names]
        if missing or len(tables[0].data) != 1:
            raise SurveyError(f"{name} has no single row of {', '.join(FIELDS[:3])}: give a LAMOST spectrum.")
        row = tables[0].data[0]
        found = {field: np.asarray(row[field], np.float64).ravel() for field in FIELDS if field in columns.names}
    else:
        image = hdus[0].data
        if image is None or image.ndim != 2 or len(image) < 3:
            raise SurveyError(f"{name} holds no spectrum (rows of flux, ivar, wavelength): give a LAMOST spectrum.")
        found = {field: np.asarray(row, np.float64) for field, row in zip(FIELDS, image, strict=False)}
        first, step = (hdus[0].header.get(card) for card in ("COEFF0", "COEFF1"))
        if isinstance(first, float | int) and isinstance(step, float | int):
            with np.errstate(over="ignore"):  # one that is infinite is no wavelength
                found["WAVELENGTH"] = 10.0 ** (first + step * np.arange(image.shape[1]))
    if len({len(values) for values in found.values()}) != 1:
        raise SurveyError(f"{name}: its arrays differ in length: fetch it again.")
    zeros = np.zeros(len(found["FLUX"]))
    return {field: found.get(field, zeros) for field in FIELDS}


def _checked(name: str, rows: dict[str, NDArray[np.float64]], ormask: bool) -> tuple[NDArray[np.float64], list[Entry]]:
    wavelength, flux, ivar = rows["WAVELENGTH"].copy(), rows["FLUX"], rows["IVAR"]
    entries = []
    known = np.isfinite(wavelength) & (wavelength > 0)
    if not known.any():
        raise SurveyError(f"{name} has no wavelengths: give a LAMOST spectrum.")
    middle = float(np.median(wavelength[known]))
    if RANGE[0] <= 10 * middle <= RANGE[1]:
        wavelength *= 10
        entries.append(Entry("wavelengths in nm", name, detail=f"median {middle:.1f}"))
    elif not RANGE[0] <= middle <= RANGE[1]:
        raise SurveyError(f"{name}: wavelengths around {middle:.4g} are neither Angstrom nor nm of LAMOST: mend it.")
    masked = (rows["ANDMASK"] > 0) | ~np.isfinite(flux) | ~np.isfinite(ivar) | (ivar <= 0)
    if ormask:
        masked |= rows["ORMASK"] > 0
    order = np.flatnonzero(known)
    if (np.diff(wavelength[order]) <= 0).any():
        row = int(order[np.flatnonzero(np.diff(wavelength[order]) <= 0)[0] + 1]) + 1
        entries.append(Entry("wavelengths not sorted", name, row=row))
        order = order[np.unique(wavelength[order], return_index=True)[1]]
    if masked[order].all():
        raise SurveyError(f"{name} has no usable pixel: all are masked.")
    spectrum = np.array([wavelength, np.where(np.isfinite(flux), flux, 0.0), np.where(masked, 0.0, ivar)])
    return spectrum[:, order], entries
