"""TESS light curves (SPOC and TESS-SPOC): tess*_lc.fits, one star and one sector.

Table LIGHTCURVE with TIME (BTJD = BJD(TDB) - 2457000, days), PDCSAP_FLUX, PDCSAP_FLUX_ERR (electrons a second) and
QUALITY, of which any bit marks a cadence as bad; the primary header has OBJECT, TICID, RA_OBJ, DEC_OBJ. Cadences
without a time or a flux are gaps by design and not faults.
Source: TESS Science Data Products Description Document, section 5.
"""

import io
import warnings

import numpy as np

from data.archives.lightcurves.base import RawCurve, RawFile, Reader
from m3core.errors import SurveyError

__all__ = ["READER"]

NEEDED = {"TIME", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR", "QUALITY"}


def _recognises(content: bytes) -> bool:
    head = content[:5760]
    return head.startswith(b"SIMPLE  =") and (b"TICID   =" in head or b"TELESCOP= 'TESS" in head)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _read(name: str, content: bytes) -> RawFile:
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        warnings.filterwarnings("error", message=".*truncated.*")
        with fits.open(io.BytesIO(content), memmap=False) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            if not tables or not set(tables[0].columns.names) >= NEEDED:
                raise SurveyError(f"{name} has no table with {', '.join(sorted(NEEDED))}: no TESS light curve.")
            header, data = hdus[0].header, tables[0].data
            time, flux, error = (
                np.asarray(data[column], np.float64) for column in ("TIME", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR")
            )
            quality = np.asarray(data["QUALITY"], np.int64)
    observed = np.isfinite(time) & np.isfinite(flux)
    names = [str(header[key]).strip() for key in ("OBJECT", "TICID") if header.get(key) not in (None, "")]
    curve = RawCurve(
        names=tuple(names),
        ra=_number(header.get("RA_OBJ")),
        dec=_number(header.get("DEC_OBJ")),
        band=np.full(int(observed.sum()), "TESS", object),
        time=time[observed],
        row=np.flatnonzero(observed).astype(np.int64) + 1,
        flux=flux[observed],
        flux_error=error[observed],
        flagged=(quality != 0)[observed],
    )
    return RawFile(curves=[curve], time_label="BTJD", flux_unit="electron / s")


READER = Reader(name="tess", title="TESS", value="flux", recognises=_recognises, read=_read)
