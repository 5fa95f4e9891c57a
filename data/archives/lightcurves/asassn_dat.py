"""ASAS-SN's catalogue of variable stars (V band): <name without spaces>.dat.

Two header lines, whatever they say, then columns parted by blanks: HJD MAG MAG_ERR FLUX FLUX_ERR, fluxes in mJy.
A MAG_ERR of 99 or more marks an upper limit, as in all of ASAS-SN's tables. The files of the g band have eight columns:
HJD, camera, mag, mag_err, flux, flux_err, FWHM, IMAGE.
"""

import numpy as np

from data.archives.lightcurves.base import RawCurve, RawFile, Reader
from data.archives.lightcurves.text import rows_of
from m3core.errors import SurveyError

__all__ = ["READER"]

N_HEADER_LINES = 2
COLUMNS = {
    5: ("V", ["hjd", "mag", "mag_err", "flux", "flux_err"]),
    8: ("g", ["hjd", "camera", "mag", "mag_err", "flux", "flux_err", "fwhm", "image"]),
}
"""Number of columns -> band and what they are."""

UPPER_LIMIT = 99.0


def _is_data(line: bytes) -> bool:
    fields = line.split()
    try:
        return len(fields) in COLUMNS and float(fields[0]) > 2.4e6
    except ValueError:
        return False


def _recognises(content: bytes) -> bool:
    lines = content[:4096].splitlines()
    return b"," not in b"".join(lines[:2]) and any(_is_data(line) for line in lines[1:4])


def _read(name: str, content: bytes) -> RawFile:
    lines = content.decode("utf-8", "replace").splitlines()
    if len(lines) <= N_HEADER_LINES:
        raise SurveyError(f"{name} has no rows: check that it was written to its end.")
    records = [line.split() for line in lines[N_HEADER_LINES:]]
    lengths = [len(record) for record in records if record]
    # the header is free text: the rows say which layout it is
    length = max(COLUMNS, key=lengths.count)
    band, names = COLUMNS[length]
    if length not in lengths:
        raise SurveyError(f"{name}, row 1: {max(lengths, default=0)} columns, an ASAS-SN file has 5 or 8: mend it.")
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
        upper_limit=(limit | (values["mag_err"] >= UPPER_LIMIT))[kept],
    )
    return RawFile(curves=[curve], time_label="HJD", flux_unit="mJy", faults=table.faults)


READER = Reader(name="asassn", title="ASAS-SN", value="flux", recognises=_recognises, read=_read)
