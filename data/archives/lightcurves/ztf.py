"""ZTF light curves as IRSA gives them.

    CSV and parquet of the light-curve service: oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec,...
    parquet of the bulk download, a row an object: objectid,filterid,...,objra,objdec,nepochs,hmjd,mag,magerr,catflags

An object (oid) is one star in one filter, field and readout channel, so that a star has several. Epochs whose catflags
have bit 15 (32768) are bad or unusable by ZTF's own account. HJD is taken where there is one, else MJD.
"""

import io

import numpy as np
import pandas as pd

from data.archives.lightcurves.base import RawCurve, RawFile, Reader, RowFault
from data.archives.lightcurves.text import has_header, text_table

__all__ = ["READER"]

BAD = 1 << 15
FILTERS = {1: "zg", 2: "zr", 3: "zi"}
BULK = {"objectid": "oid", "objra": "ra", "objdec": "dec"}
NEEDED = {"mag", "magerr", "catflags"}


def _is_header(names: set[str]) -> bool:
    return names >= NEEDED | {"filtercode"} and bool(names & {"hjd", "mjd"})


def _parquet_names(content: bytes) -> set[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return {name.lower() for name in pq.read_schema(io.BytesIO(content)).names}
    except (pa.ArrowInvalid, OSError):
        return set()


def _recognises(content: bytes) -> bool:
    if content[:4] == b"PAR1":
        names = _parquet_names(content)
        return _is_header(names) or names >= NEEDED | {"objectid", "filterid", "hmjd"}
    return has_header(content, _is_header)


def _from_text(name: str, content: bytes) -> tuple[pd.DataFrame, list[RowFault]]:
    table = text_table(name, content, _is_header)
    numeric = [column for column in ("hjd", "mjd", "mag", "magerr", "catflags", "ra", "dec") if column in table]
    columns = {column: table.numbers(column) for column in numeric}
    for column in ("oid", "filtercode"):
        columns[column] = table.text(column)
    frame = pd.DataFrame({**columns, "row": table.row})
    return frame[table.readable()], table.faults


def _from_parquet(content: bytes) -> pd.DataFrame:
    import pyarrow.parquet as pq

    frame = pq.read_table(io.BytesIO(content)).to_pandas(ignore_metadata=True)
    frame.columns = [name.lower() for name in frame.columns]
    frame["row"] = np.arange(1, len(frame) + 1)
    if "objectid" in frame:
        frame = frame.rename(columns=BULK).explode(["hmjd", "mag", "magerr", "catflags"], ignore_index=True)
        frame["filtercode"] = frame["filterid"].map(FILTERS)
    for column in {"hjd", "mjd", "hmjd", "mag", "magerr", "catflags", "ra", "dec"} & set(frame):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    return frame


def _read(name: str, content: bytes) -> RawFile:
    faults: list[RowFault] = []
    if content[:4] == b"PAR1":
        frame = _from_parquet(content)
    else:
        frame, faults = _from_text(name, content)
    time = next(column for column in ("hjd", "hmjd", "mjd") if column in frame)
    if "oid" not in frame:
        frame["oid"] = ""
    curves = []
    for oid, rows in frame.groupby(frame["oid"].astype(str), sort=False):
        flags = rows["catflags"].to_numpy(np.float64, na_value=np.nan)
        position = [
            float(np.nanmedian(rows[axis])) if axis in rows and rows[axis].notna().any() else float("nan")
            for axis in ("ra", "dec")
        ]
        curves.append(
            RawCurve(
                names=(str(oid),) if oid else (),
                band=rows["filtercode"].fillna("").to_numpy(object),
                time=rows[time].to_numpy(np.float64, na_value=np.nan),
                row=rows["row"].to_numpy(np.int64),
                mag=rows["mag"].to_numpy(np.float64, na_value=np.nan),
                mag_error=rows["magerr"].to_numpy(np.float64, na_value=np.nan),
                flagged=(np.nan_to_num(flags).astype(np.int64) & BAD) != 0,
                ra=position[0],
                dec=position[1],
            )
        )
    return RawFile(curves=curves, time_label=time.upper(), faults=faults)


READER = Reader(name="ztf", title="ZTF", value="mag", recognises=_recognises, read=_read)
