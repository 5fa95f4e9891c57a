"""Gaia epoch photometry (DataLink), as CSV, ECSV or VOTable.

    a row an epoch and band:   source_id,transit_id,band,time,mag,flux,flux_error,flux_over_error,
                               rejected_by_photometry,rejected_by_variability,other_flags,solution_id
    a row a transit (RAW):     source_id,transit_id,g_transit_time,g_transit_flux,...,bp_obs_time,...,rp_obs_time,...,
                               variability_flag_g_reject,...

Times are barycentric (TCB), days since 2455197.5; fluxes in electrons a second. What photometric or variability
processing rejected is bad. Source: Eyer et al. 2023, A&A 674, A13, table 1.
The error of a magnitude is 2.5 / ln 10 over the flux's signal to noise.
"""

import io
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.archives.lightcurves.base import RawCurve, RawFile, Reader, RowFault
from data.archives.lightcurves.text import TextTable, has_header, text_table

__all__ = ["READER"]

TIME_LABEL = "BJD(TCB) - 2455197.5"
LONG = {"source_id", "band", "time", "mag", "flux"}
MAG_PER_FRACTION = 2.5 / np.log(10)
NUMBERS = ("time", "mag", "mag_error", "flux", "flux_error")
WIDE = {
    "G": ("g_transit_time", "g_transit_mag", "g_transit_flux", "g_transit_flux_over_error"),
    "BP": ("bp_obs_time", "bp_mag", "bp_flux", "bp_flux_over_error"),
    "RP": ("rp_obs_time", "rp_mag", "rp_flux", "rp_flux_over_error"),
}


def _is_long(names: set[str]) -> bool:
    return names >= LONG and bool(names & {"transit_id", "rejected_by_variability"})


def _is_wide(names: set[str]) -> bool:
    return names >= {"source_id", "g_transit_time", "bp_obs_time"}


def _is_header(names: set[str]) -> bool:
    return _is_long(names) or _is_wide(names)


def _is_xml(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _recognises(content: bytes) -> bool:
    if _is_xml(content):
        head = content[:65536]
        return b"VOTABLE" in head and (b"transit_id" in head or b"rejected_by_photometry" in head)
    return _is_ecsv(content) or has_header(content, _is_header)


def _is_ecsv(content: bytes) -> bool:
    return content.startswith(b"# %ECSV") and b"source_id" in content[:65536] and b"transit_id" in content[:65536]


def _votable(content: bytes) -> TextTable:
    from astropy.io.votable import parse_single_table

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = parse_single_table(io.BytesIO(content), verify="ignore").to_table(use_names_over_ids=True)
    return _texts(table)


def _ecsv(content: bytes) -> TextTable:
    from astropy.table import Table

    return _texts(Table.read(content.decode("utf-8", "replace"), format="ascii.ecsv"))


def _texts(table) -> TextTable:  # type: ignore[no-untyped-def]
    """An astropy table as text: numbers print so that they read back exactly."""
    fields = {}
    for column in table.itercols():
        hidden = np.broadcast_to(np.asarray(getattr(column, "mask", False)), (len(table),))
        fields[column.name.lower()] = ["" if gone else str(value) for value, gone in zip(column, hidden, strict=True)]
    return TextTable("", fields, np.arange(1, len(table) + 1))


def _true(words: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.isin([word.lower() for word in words], ("true", "t", "1"))


def _points(table: TextTable, names: tuple[str, str, str, str]) -> pd.DataFrame:
    time, mag, flux, ratio = names
    frame = pd.DataFrame({"time": table.numbers(time), "mag": table.numbers(mag), "flux": table.numbers(flux)})
    signal = table.numbers(ratio) if ratio in table else np.full(len(frame), np.nan)
    error = ratio.replace("_over_error", "_error")
    with np.errstate(divide="ignore", invalid="ignore"):
        if error in table:
            frame["flux_error"] = table.numbers(error)
            signal = np.where(np.isnan(signal), frame["flux"] / frame["flux_error"], signal)
        else:
            frame["flux_error"] = frame["flux"] / signal
        frame["mag_error"] = MAG_PER_FRACTION / signal
    frame["row"] = table.row
    frame["star"] = table.text("source_id")
    return frame


def _read(name: str, content: bytes) -> RawFile:
    if _is_xml(content):
        table = _votable(content)
    elif _is_ecsv(content):
        table = _ecsv(content)
    else:
        table = text_table(name, content, _is_header)
    rejected = _true(table.text("rejected_by_photometry"))
    if _is_long(set(table.fields)):
        frame = _points(table, ("time", "mag", "flux", "flux_over_error"))
        frame["band"] = table.text("band")
        frame["flagged"] = rejected | _true(table.text("rejected_by_variability"))
    else:
        parts = []
        for band, names in WIDE.items():
            varying = _true(table.text(f"variability_flag_{band.lower()}_reject"))
            part = _points(table, names).assign(band=band, flagged=rejected | varying)
            parts.append(part[np.isfinite(part["time"])])  # a transit without that band
        frame = pd.concat(parts, ignore_index=True)
    faults: list[RowFault] = list(dict.fromkeys(table.faults))
    frame = frame[~frame["row"].isin([fault.row for fault in faults])]
    curves = [
        RawCurve(
            names=(str(star),),
            band=rows["band"].to_numpy(object),
            row=rows["row"].to_numpy(np.int64),
            flagged=rows["flagged"].to_numpy(bool),
            **{column: rows[column].to_numpy(np.float64) for column in NUMBERS},
        )
        for star, rows in frame.groupby("star", sort=False)
    ]
    return RawFile(curves=curves, time_label=TIME_LABEL, flux_unit="electron / s", faults=faults)


READER = Reader(name="gaia", title="Gaia", value="mag", recognises=_recognises, read=_read)
