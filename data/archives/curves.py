"""From the rows of a file to the points of a light curve: what is left out, and how often."""

import numpy as np
from numpy.typing import NDArray

from data.archives.lightcurves import RawCurve, RawFile, Reader, Value
from data.archives.report import Entry
from m3core.errors import SurveyError

__all__ = ["FLAGGED", "UPPER_LIMIT", "Points", "clean", "joined", "set_aside", "usable"]

Points = NDArray[np.float64]
"""(3, n): time in days, brightness, its error (NaN where unknown); ascending in time."""

UPPER_LIMIT, FLAGGED = 1, 2
"""Bits of the flag of what is set aside (m3core.survey.Survey.aside)."""

FAINTEST = 90.0
"""Magnitudes beyond +-90 stand for 'none' in every archive (99.99, 999.9, -99)."""


def clean(name: str, raw: RawFile, reader: Reader, value: Value | None) -> list[tuple[dict[str, Points], list[Entry]]]:
    """The points of every star of a file, band by band, and what was left out of them.

    Args:
        name: the file's, for the entries.
        value: None: what the reader takes.

    Returns:
        for each of `raw.curves` band -> points (bands without any are not there), and entries without a source.

    Raises:
        SurveyError: the file has no such value.
    """
    return [_clean(name, curve, value or reader.value, reader) for curve in raw.curves]


def set_aside(raw: RawFile, reader: Reader, value: Value | None) -> list[dict[str, Points]]:
    """Of every star of a file, band by band, the upper limits and what the archive marks as bad: to be shown, not used.

    Returns:
        for each of `raw.curves` band -> (4, n): time, brightness, its error (NaN where it says nothing), flag.
    """
    return [_aside(curve, value or reader.value) for curve in raw.curves]


def _aside(raw: RawCurve, value: Value) -> dict[str, Points]:
    brightness, error = (raw.mag, raw.mag_error) if value == "mag" else (raw.flux, raw.flux_error)
    if brightness is None:
        return {}
    no = np.zeros(len(brightness), bool)
    limit, flagged = (no if one is None else one for one in (raw.upper_limit, raw.flagged))
    error = np.full(len(brightness), np.nan) if error is None else np.where(limit | ~(error > 0), np.nan, error)
    readable = np.isfinite(raw.time) & np.isfinite(brightness) & (raw.band != "")
    if value == "mag":
        readable &= np.abs(brightness) <= FAINTEST
    kept = (limit | flagged) & readable
    rows = np.array([raw.time, brightness, error, UPPER_LIMIT * limit + FLAGGED * flagged], np.float64)
    return {str(band): joined([rows[:, kept & (raw.band == band)]])[0] for band in dict.fromkeys(raw.band[kept])}


def _clean(name: str, raw: RawCurve, value: Value, reader: Reader) -> tuple[dict[str, Points], list[Entry]]:
    brightness, error = (raw.mag, raw.mag_error) if value == "mag" else (raw.flux, raw.flux_error)
    if brightness is None:
        other = "flux" if value == "mag" else "mag"
        raise SurveyError(f"{name}: {reader.title} has no {value} there: build with --value {other}.")
    error = np.full(len(brightness), np.nan) if error is None else error.copy()
    n = len(brightness)
    no = np.zeros(n, bool)
    fill = np.abs(brightness) > FAINTEST if value == "mag" else no
    checks = {
        "upper limit": no if raw.upper_limit is None else raw.upper_limit,
        "flagged by the archive": no if raw.flagged is None else raw.flagged,
        "band missing": raw.band == "",
        "time not finite": ~np.isfinite(raw.time),
        "brightness not finite": ~np.isfinite(brightness),
        "fill value as brightness": fill,
        "error not positive": error <= 0,
    }
    used = np.ones(n, bool)
    entries: list[Entry] = []
    for kind, wrong in checks.items():
        entries += _counted(name, kind, raw, wrong & used)
        used &= ~wrong
    # an infinite error is a fault of the row, an absent one is how the archive has it
    infinite = np.isinf(error)
    entries += _counted(name, "error not finite", raw, infinite & used)
    error[infinite] = np.nan
    found: dict[str, Points] = {}
    for band in dict.fromkeys(raw.band[used]):
        rows = np.flatnonzero(used & (raw.band == band))
        points, twice = joined([np.array([raw.time[rows], brightness[rows], error[rows]])])
        if twice:
            entries.append(Entry("duplicate row", name, band=band, detail=_rows(twice), count=twice))
        found[str(band)] = points
    for band in dict.fromkeys(raw.band[raw.band != ""]):
        if band not in found:
            entries.append(Entry("curve without a usable row", name, band=str(band)))
    return found, entries


def _counted(name: str, kind: str, raw: RawCurve, wrong: NDArray[np.bool_]) -> list[Entry]:
    """One entry a band: how many rows, and the first."""
    entries = []
    for band in dict.fromkeys(raw.band[wrong]):
        rows = raw.row[wrong & (raw.band == band)]
        entries.append(Entry(kind, name, band=str(band), row=int(rows[0]), detail=_rows(len(rows)), count=len(rows)))
    return entries


def _rows(count: int) -> str:
    return f"{count} row{'s' if count > 1 else ''}"


def joined(pieces: list[Points]) -> tuple[Points, int]:
    """Pieces of one curve in order of time, each row once, and how many rows stood there again."""
    points = np.concatenate(pieces, axis=1)
    points = points[:, np.lexsort(points[::-1])]
    same = (points[:, 1:] == points[:, :-1]) | (np.isnan(points[:, 1:]) & np.isnan(points[:, :-1]))
    again = np.append(False, same.all(axis=0)) if points.shape[1] else np.empty(0, bool)
    return points[:, ~again], int(again.sum())


def usable(points: Points) -> str:
    """'' where the points make a light curve, else the kind of fault."""
    if points.shape[1] == 1:
        return "curve of one epoch"
    return "constant brightness" if np.ptp(points[1]) == 0 else ""
