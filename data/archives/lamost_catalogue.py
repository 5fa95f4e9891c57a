"""The list of spectra to match: LAMOST's catalogue of them, or the headers of the files themselves."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.archives.files import ArchiveFile
from data.archives.lamost import FILE_NAME, HEADER, file_key
from data.archives.parsing import Parsed
from data.tables import as_text, read_table
from m3core.errors import SurveyError

__all__ = ["FROM_CATALOGUE", "is_spectrum", "listed_in_catalogue", "listed_in_headers", "with_files"]

FROM_CATALOGUE = ("obsid", "obsdate", "class", "subclass", "z", "snrg")
KEY = ("lmjd", "planid", "spid", "fiberid")
NUMBERS = ("ra", "dec", "mjd", "z", "snrg")
TEXTS = ("obsid", "obsdate", "class", "subclass")
NO_DATA = -9999.0
MJD_ZERO = "1858-11-17"


def is_spectrum(file: ArchiveFile) -> bool:
    """Whether a file has the name of a LAMOST spectrum."""
    return FILE_NAME.fullmatch(_last(file)) is not None


def _last(file: ArchiveFile) -> str:
    return file.name.rsplit("/", 1)[-1]


def listed_in_catalogue(path: Path) -> pd.DataFrame:
    """LAMOST's catalogue: `NUMBERS`, `TEXTS`, `KEY`, row (1-based) and year, a row a spectrum.

    Raises:
        SurveyError: a column that is needed is missing.
    """
    words = {*TEXTS, "planid", "designation", "uid", "gp_id"}
    table = read_table(path, lambda names: [name for name in names if name.lower() in words])
    frame = table.frame.rename(columns=str.lower)
    missing = [name for name in ("ra", "dec", *KEY) if name not in frame]
    if missing:
        raise SurveyError(
            f"{path.name} has no column {', '.join(missing)}: give LAMOST's catalogue of low-resolution spectra, "
            f"which has ra, dec, {', '.join(KEY)}."
        )
    found = pd.DataFrame({name: pd.to_numeric(frame[name], errors="coerce") for name in NUMBERS if name in frame})
    for name in TEXTS:
        texts = as_text(frame[name]).astype(object) if name in frame else pd.Series([None] * len(frame), dtype=object)
        found[name] = texts.where(texts.notna(), None)
    return _finished(pd.concat([found, frame[list(KEY)]], axis=1))


def listed_in_headers(read: Iterable[Parsed]) -> pd.DataFrame:
    """The same from the headers of the files that can be read, with the file of each."""
    rows = [
        {**parsed.info["header"], "file": parsed.name, "file_name": parsed.name} for parsed in read if not parsed.fault
    ]
    found = pd.DataFrame(rows, columns=[*HEADER, "file", "file_name"])
    for name in NUMBERS:
        found[name] = pd.to_numeric(found[name], errors="coerce")
    for name in TEXTS:
        found[name] = [None if value is None else str(value) for value in found[name]]
    return _finished(found).assign(has_file=True)


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    """Missing columns and values as such, and the Julian year of observation: of mjd, else of obsdate."""
    from astropy.time import Time

    for name in NUMBERS:
        found[name] = found[name].astype(np.float64) if name in found else np.nan
    for name in ("z", "snrg"):
        found[name] = found[name].mask(found[name] == NO_DATA)
    dates = pd.to_datetime(found["obsdate"], errors="coerce", format="ISO8601", utc=True)
    days = (dates - pd.Timestamp(MJD_ZERO, tz="UTC")) / pd.Timedelta(days=1)
    mjd = found["mjd"].where(found["mjd"] > 0, days.astype(np.float64)).to_numpy()
    known = np.isfinite(mjd)
    year = np.full(len(found), np.nan)
    year[known] = Time(mjd[known], format="mjd").jyear
    return found.assign(year=year, row=np.arange(1, len(found) + 1))


def with_files(listed: pd.DataFrame, files: Sequence[ArchiveFile]) -> pd.DataFrame:
    """Spectra with 'file' ('' where it is not there), 'file_name' to show, and 'has_file'.

    Of several releases of one observation the last by name is taken.
    """
    if "has_file" in listed:
        return listed
    by_key = {file_key(*match.groups()): file.name for file in files if (match := FILE_NAME.fullmatch(_last(file)))}
    keys = [_key_or_none(row) for row in listed[list(KEY)].itertuples(index=False)]
    found = [by_key.get(key, "") if key else "" for key in keys]
    names = [
        f"spec-{key[0]}-{key[1]}_sp{key[2]:02d}-{key[3]:03d}.fits" if key else f"a file without {', '.join(KEY)}"
        for key in keys
    ]
    return listed.assign(file=found, file_name=names, has_file=[name != "" for name in found])


def _key_or_none(row: tuple[Any, ...]) -> tuple[int, str, int, int] | None:
    try:
        return file_key(*row)
    except (TypeError, ValueError):
        return None
