"""ASAS-SN's catalogue of variable stars (V band): <name without spaces>.dat.

Two header lines, whatever they say, then columns parted by blanks: HJD MAG MAG_ERR FLUX FLUX_ERR, fluxes in mJy.
A MAG_ERR above 99 marks an upper limit, as in all of ASAS-SN's tables. The files of the g band have eight columns:
HJD, camera, mag, mag_err, flux, flux_err, FWHM, IMAGE.
"""

import numpy as np

from data.archives.lightcurves.base import RawCurve, RawFile, Reader
from data.archives.lightcurves.sky_patrol import is_limit
from data.archives.lightcurves.text import rows_of
from m3core.errors import SurveyError

__all__ = ["READER"]

N_HEADER_LINES = 2
COLUMNS = {
    5: ("V", ["hjd", "mag", "mag_err", "flux", "flux_err"]),
    8: ("g", ["hjd", "camera", "mag", "mag_err", "flux", "flux_err", "fwhm", "image"]),
}
"""Number of columns -> band and what they are."""


def _is_data(line: bytes) -> bool:
    """Whether a line begins with a Julian date and has more behind it."""
    fields = line.split()
    try:
        return len(fields) > 2 and float(fields[0]) > 2.4e6
    except ValueError:
        return False


def _recognises(content: bytes) -> bool:
    lines = content[:4096].splitlines()
    return b"," not in b"".join(lines[:2]) and any(_is_data(line) for line in lines[1:4])


def _read(name: str, content: bytes) -> RawFile:
    header = [line for line in content[:4096].splitlines()[:N_HEADER_LINES] if not _is_data(line)]
    records = [line.split() for line in content.decode("utf-8", "replace").splitlines()[len(header) :]]
    lengths = [len(record) for record in records if record]
    if not lengths:
        raise SurveyError(f"{name} has no rows: check that it was written to its end.")
    # the header is free text: the rows say which layout it is
    length = max(COLUMNS, key=lengths.count)
    band, names = COLUMNS[length]
    if length not in lengths:
        raise SurveyError(f"{name}, row 1: {lengths[0]} columns, an ASAS-SN file has 5 or 8: mend it.")
    table = rows_of(name, names, records)
    mag = table.text("mag")
    limit = np.array([word.startswith(">") for word in mag])
    values = {column: table.numbers(column) for column in ("hjd", "mag_err", "flux", "flux_err")}
    values["mag"] = table.numbers("mag", np.array([word.lstrip(">") for word in mag], object))
    kept = table.readable()
    curve = RawCurve(
        names=(),
        band=np.full(int(kept.sum()), band, object),
        time=values["hjd"][kept],
        row=table.row[kept],
        mag=values["mag"][kept],
        mag_error=values["mag_err"][kept],
        flux=values["flux"][kept],
        flux_error=values["flux_err"][kept],
        upper_limit=(limit | is_limit(values["mag_err"]))[kept],
    )
    return RawFile(curves=[curve], time_label="HJD", flux_unit="mJy", faults=table.faults)


READER = Reader(name="asassn", title="ASAS-SN", value="flux", recognises=_recognises, read=_read)
