"""What a reader of light curves is: one file of this folder for each archive, and the shapes that all of them give.

A reader says whether a file is of its archive (from the content, never from the name) and turns it into `RawCurve`s,
one a star of the file. It leaves nothing out but rows that cannot be read: what is an upper limit, and what the
archive flags as bad, is marked, so that leaving it out is counted in one place (data/archives/curves.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["RawCurve", "RawFile", "Reader", "RowFault", "Value", "by_star"]

Value = Literal["mag", "flux"]
Numbers = NDArray[np.float64]


class RowFault(NamedTuple):
    """A row that cannot be read: kind (see data.archives.report.KINDS), 1-based data row, and what stands there."""

    kind: str
    row: int
    detail: str


@dataclass(frozen=True, kw_only=True)
class RawCurve:
    """What a file holds of one star, row by row.

    Attributes:
        names: what the file calls the star, any number of names; the file's own name is not among them.
        ra, dec: ICRS, degrees, NaN where the file does not say.
        band: (n,) text, '' where missing.
        time: (n,) days, in the system of `RawFile.time_label`.
        mag, mag_error, flux, flux_error: (n,), None where the file has none.
        upper_limit: (n,) bool, a non-detection.
        flagged: (n,) bool, marked as bad by the archive.
        row: (n,) 1-based data rows of the file.
    """

    names: tuple[str, ...]
    band: NDArray[np.object_]
    time: Numbers
    row: NDArray[np.int64]
    mag: Numbers | None = None
    mag_error: Numbers | None = None
    flux: Numbers | None = None
    flux_error: Numbers | None = None
    upper_limit: NDArray[np.bool_] | None = None
    flagged: NDArray[np.bool_] | None = None
    ra: float = float("nan")
    dec: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file as its reader gives it.

    Attributes:
        time_label: the time system as the file names it.
        flux_unit: as astropy.units writes it.
        faults: rows that could not be read.
    """

    curves: list[RawCurve]
    time_label: str
    flux_unit: str = ""
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One archive's light curves.

    Attributes:
        name: what --format calls it.
        title: what a person calls it.
        value: what is taken unless --value says otherwise.
        recognises: content (whole file, gunzipped) -> whether it is of this archive; never raises.
        read: (name of the file, content) -> RawFile; raises SurveyError where the file as a whole is unusable.
    """

    name: str
    title: str
    value: Value
    recognises: Callable[[bytes], bool]
    read: Callable[[str, bytes], RawFile]


def by_star(stars: NDArray[np.object_], kept: NDArray[np.bool_], **columns: NDArray[Any] | None) -> list[RawCurve]:
    """A curve for each star that the rows name, in the order of their first rows; '' is no name.

    Args:
        stars: (n,) the star of each row.
        kept: (n,) rows to take.
        columns: fields of `RawCurve`, (n,) each.
    """
    present = {name: values for name, values in columns.items() if values is not None}
    curves = []
    for star in dict.fromkeys(stars[kept]):
        rows = kept & (stars == star)
        parts: dict[str, Any] = {name: values[rows] for name, values in present.items()}
        curves.append(RawCurve(names=(star,) if star else (), **parts))
    return curves
