"""AAVSO download: JD,Magnitude,Uncertainty,HQuncertainty,Band,...,Validation Flag,...,Star Name,... (commas or tabs).

'<13.5' is a fainter-than: an upper limit; '12.3:' an estimate that its observer was unsure of, taken as 12.3.
The validation flag T (D in older files) marks an observation found discrepant. The uncertainty is the observer's, else
the one that headquarters worked out; visual estimates have none. Format: https://www.aavso.org/format-data-file
"""

import numpy as np

from data.archives.lightcurves.base import RawFile, Reader, by_star
from data.archives.lightcurves.text import has_header, text_table

__all__ = ["READER"]

DISCREPANT = ("T", "D")


def _is_header(names: set[str]) -> bool:
    return names >= {"jd", "magnitude", "uncertainty", "band"}


def _recognises(content: bytes) -> bool:
    return has_header(content, _is_header)


def _read(name: str, content: bytes) -> RawFile:
    table = text_table(name, content, _is_header)
    texts = table.text("magnitude")
    limit = np.array([word.startswith("<") for word in texts])
    mag = table.numbers("magnitude", np.array([word.lstrip("<").rstrip(":").strip() for word in texts], object))
    error = table.numbers("uncertainty")
    if "hquncertainty" in table:
        error = np.where(np.isnan(error), table.numbers("hquncertainty"), error)
    error[error == 0] = np.nan  # nobody measures without error: 0 is how observers leave it out
    time, band, stars = table.numbers("jd"), table.text("band"), table.text("star name")
    flagged = np.isin(table.text("validation flag"), DISCREPANT)
    curves = by_star(
        stars,
        table.readable(),
        band=band,
        time=time,
        row=table.row,
        mag=mag,
        mag_error=error,
        upper_limit=limit,
        flagged=flagged,
    )
    return RawFile(curves=curves, time_label="JD", faults=table.faults)


READER = Reader(name="aavso", title="AAVSO", value="mag", recognises=_recognises, read=_read)
