"""The catalogue of a survey, whole or of some sources, as a file that other astronomical software reads.

Units come from the survey's manifest, UCDs from `m3core.catalogue.ucd`. Every format says a missing number as NaN (an
empty field in CSV) and a missing text as an empty one, since FITS and VOTable know no other.
"""

import csv
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.table import Column, Table

from m3core.catalogue.ucd import ucd_of
from m3core.errors import M3Error
from m3core.files import replaced_file
from m3core.manifest import Column as Described
from m3core.survey import Survey

__all__ = ["FORMATS", "SUFFIXES", "catalogue_as_table", "export_bytes", "export_catalogue", "format_of"]

IDENTITY_COLUMNS = {
    "source_id": Described(description="identifier of the source"),
    "ra": Described(unit="deg", description="right ascension, ICRS"),
    "dec": Described(unit="deg", description="declination, ICRS"),
    "label": Described(description="class, empty where unknown"),
    "split": Described(description="train, validation or test"),
}


def catalogue_as_table(survey: Survey, source_ids: Sequence[str] | None = None) -> Table:
    """The sources with every catalogue column, as an astropy table.

    Args:
        source_ids: which, in this order; None: all.

    Returns:
        Columns with unit, description and meta['ucd']; meta says which survey it is from.

    Raises:
        SurveyError: an id that the survey does not have.
    """
    sources = survey.sources
    if source_ids is not None:
        sources = sources.iloc[[survey.row(one) for one in source_ids]]
    sources = sources.reset_index()
    table = Table(meta=_about(survey, len(sources)))
    for name in sources.columns:
        known = IDENTITY_COLUMNS.get(name, Described())
        described = survey.manifest.columns.get(name, known)
        unit, description = described.unit or known.unit, described.description or known.description
        column = _column(sources[name])
        column.unit = _unit(unit)
        if unit and column.unit is None:  # kept, where it cannot stand as a unit
            description = f"{description} [{unit}]".strip()
        column.description = description or None
        if ucd := ucd_of(name, sources.columns):
            column.meta["ucd"] = ucd
        table[name] = column
    return table


def _about(survey: Survey, n: int) -> dict[str, str]:
    about = {
        "survey": survey.path.name,
        "content_hash": survey.hash,
        "sources": f"{n} of {len(survey)}",
        "made_by": str(survey.manifest.provenance.get("command", "")),
    }
    return about | ({"simulated": "none of these stars is real"} if survey.manifest.simulated else {})


def _column(series: pd.Series) -> Column:
    missing = series.isna().to_numpy(bool)
    if pd.api.types.is_bool_dtype(series) and not missing.any():
        return Column(series.to_numpy(bool))
    if pd.api.types.is_integer_dtype(series):
        return Column(series.to_numpy(np.int64))  # integers with a missing one were read as floats
    if pd.api.types.is_float_dtype(series):
        dtype = np.float32 if series.dtype == np.float32 else np.float64
        return Column(series.to_numpy(dtype, na_value=np.nan))
    return Column(np.array(["" if gone else str(value) for value, gone in zip(series, missing, strict=True)], np.str_))


def _unit(text: str) -> units.UnitBase | None:
    """A unit that every format can write, None for one that astropy does not know."""
    unit = units.Unit(text, parse_strict="silent") if text else None
    return None if isinstance(unit, units.UnrecognizedUnit) else unit


def _write_parquet(table: Table, path: Path) -> None:
    table.write(path, format="parquet")


def _write_csv(table: Table, path: Path) -> None:
    frame = table.to_pandas(index=False)
    frame.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC, na_rep="", lineterminator="\n")


def _write_votable(table: Table, path: Path) -> None:
    plain = table.copy(copy_data=False)
    for column in plain.columns.values():
        if column.unit == units.Angstrom:
            column.unit = units.Unit("0.1 nm")  # VOUnit has no Angstrom
    file = from_table(plain, table_id="sources")
    written = file.get_first_table()
    written.description = "; ".join(f"{key}: {value}" for key, value in table.meta.items())
    for field in written.fields:
        field.ucd = table[field.name].meta.get("ucd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside the VOUnit standard are written all the same
        file.to_xml(str(path))


def _write_fits(table: Table, path: Path) -> None:
    plain = table.copy(copy_data=False)
    plain.meta.clear()
    for name, column in table.columns.items():
        if column.dtype.kind == "U" and not all(text.isascii() for text in column):
            plain[name] = np.array([text.encode("ascii", "backslashreplace") for text in column])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units outside the FITS standard are written all the same
        hdu = fits.table_to_hdu(plain)
    hdu.name = "SOURCES"
    for number, column in enumerate(table.columns.values(), start=1):
        if ucd := column.meta.get("ucd"):
            hdu.header[f"TUCD{number}"] = ucd
        if column.description:
            hdu.header[f"TCOMM{number}"] = _ascii(column.description)
    for key, value in table.meta.items():
        hdu.header.add_comment(_ascii(f"{key}: {value}"))
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)


def _ascii(text: str) -> str:
    """Printable ASCII: all that a FITS header may hold."""
    flat = " ".join(text.split())
    return "".join(character if " " <= character <= "~" else "?" for character in flat)


FORMATS: dict[str, Callable[[Table, Path], None]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
    "votable": _write_votable,
    "fits": _write_fits,
}
"""Name of a format -> what writes it."""

SUFFIXES = {"parquet": ".parquet", "csv": ".csv", "votable": ".vot", "fits": ".fits"}
ALSO = {".xml": "votable", ".votable": "votable", ".fit": "fits", ".parq": "parquet"}


def format_of(path: Path, name: str = "") -> str:
    """The format called `name`, or without one that of the path's ending.

    Raises:
        M3Error: neither tells.
    """
    found = name.lower() or ({suffix: of for of, suffix in SUFFIXES.items()} | ALSO).get(path.suffix.lower(), "")
    if found not in FORMATS:
        raise M3Error(f"{name or path.name!r} names no format: use one of {', '.join(FORMATS)}.")
    return found


def export_catalogue(survey: Survey, path: Path, format: str, source_ids: Sequence[str] | None = None) -> int:
    """Write the catalogue to a file, whole or not at all.

    Returns:
        How many sources were written.

    Raises:
        M3Error: `path` exists, or a format or an id that there is not.
    """
    if path.exists():
        raise M3Error(f"{path} exists already: choose another file for the output, or remove this one first.")
    table = catalogue_as_table(survey, source_ids)
    with replaced_file(path) as part:
        FORMATS[format_of(path, format)](table, part)
    return len(table)


def export_bytes(survey: Survey, format: str, source_ids: Sequence[str] | None = None) -> bytes:
    """What `export_catalogue` writes, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"sources{SUFFIXES[format]}"
        export_catalogue(survey, place, format, source_ids)
        return place.read_bytes()
