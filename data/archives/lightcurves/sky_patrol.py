"""ASAS-SN Sky Patrol CSVs, in the spellings of its versions.

    version 2, pyasassn:   asas_sn_id,jd,flux,flux_err,mag,mag_err,limit,fwhm,image_id,camera,quality,phot_filter
    version 2, web page:   comments, then JD,Flux,Flux Error,Mag,Mag Error,Limit,FWHM,Filter,Quality[,Camera]
    version 1, web page:   HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err[,Filter]
    variables' page:       hjd,camera,mag,mag_err,flux,flux_err

Fluxes are in mJy. A mag_err above 99 (version 1 also '>14.814' as mag) is an upper limit; a quality other than G is
bad. Without a filter column the band is V.
"""

import numpy as np
from numpy.typing import NDArray

from data.archives.lightcurves.base import RawFile, Reader, by_star
from data.archives.lightcurves.text import has_header, text_table

__all__ = ["READER", "is_limit"]

SPELLINGS = {
    "mag_err": ("mag_err", "mag error"),
    "flux": ("flux", "flux(mjy)"),
    "flux_err": ("flux_err", "flux error"),
    "filter": ("phot_filter", "filter"),
}
UPPER_LIMIT = 99.0


def is_limit(mag_err: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which errors are ASAS-SN's sign of an upper limit (99.99)."""
    return np.isfinite(mag_err) & (mag_err > UPPER_LIMIT)


def _is_header(names: set[str]) -> bool:
    errors = names.intersection(SPELLINGS["mag_err"])
    fluxes = names.intersection(SPELLINGS["flux"])
    return bool("mag" in names and errors and fluxes and names & {"jd", "hjd"})


def _recognises(content: bytes) -> bool:
    return has_header(content, _is_header)


def _read(name: str, content: bytes) -> RawFile:
    table = text_table(name, content, _is_header)
    column = {role: next((found for found in spellings if found in table), "") for role, spellings in SPELLINGS.items()}
    time_column = "hjd" if "hjd" in table else "jd"
    texts = table.text("mag")
    limit = np.array([word.startswith(">") for word in texts])
    mag = table.numbers("mag", np.array([word.lstrip(">") for word in texts], object))
    mag_err, flux, flux_err = (
        table.numbers(column[role]) if column[role] else np.full(len(table.row), np.nan)
        for role in ("mag_err", "flux", "flux_err")
    )
    time = table.numbers(time_column)
    band = table.text(column["filter"]) if column["filter"] else np.full(len(table.row), "V", object)
    quality, stars = table.text("quality"), table.text("asas_sn_id")
    curves = by_star(
        stars,
        table.readable(),
        band=band,
        time=time,
        row=table.row,
        mag=mag,
        mag_error=mag_err,
        flux=flux,
        flux_error=flux_err,
        upper_limit=limit | is_limit(mag_err),
        flagged=quality != "G" if "quality" in table else None,
    )
    return RawFile(curves=curves, time_label=time_column.upper(), flux_unit="mJy", faults=table.faults)


READER = Reader(name="skypatrol", title="ASAS-SN Sky Patrol", value="mag", recognises=_recognises, read=_read)
