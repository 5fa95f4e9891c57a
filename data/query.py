"""One star that is in no survey, from files of its own: light curve, spectrum, catalogue row, or several of these.

What it holds is put into the modalities of a survey by what these are made of (their fields), never by their names.
"""

import gzip
import io
import re
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.archives.curves import clean, usable
from data.archives.lamost import parse_spectrum
from data.archives.lightcurves import READERS, read_light_curves
from data.catalogue import COMPUTED
from data.columns import (
    CATALOGUE_ROLES,
    ONE_BAND,
    PHOTOMETRY_ROLES,
    Role,
    find_columns,
    find_error,
    numbers,
    text_columns,
)
from data.import_table.photometry import light_curves
from data.report import Report
from data.tables import Table, as_text, read_table
from m3core.errors import SurveyError
from m3core.manifest import ModalitySpec
from m3core.periods.search import folding_period
from m3core.survey import Source, Survey

__all__ = [
    "MOST_OF_SPECTRUM",
    "Curve",
    "is_curve",
    "is_row",
    "is_spectrum",
    "read_curves",
    "read_row",
    "read_spectrum",
    "spectrum_bytes",
    "star_of",
]

SEARCH, POWER, FOLD = COMPUTED

WHOLE = "the file's star"

MOST_OF_SPECTRUM = 32 << 20
"""Bytes."""

Value = str


@dataclass(frozen=True)
class Curve:
    """A light curve in one band: (n,) each, days and the survey's brightness, ascending in time."""

    time: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]


@dataclass(frozen=True)
class Read:
    """What a file held. Attributes: content; notes, a sentence each, on what was left out or adapted."""

    content: Any
    notes: list[str] = field(default_factory=list)


def is_curve(spec: ModalitySpec) -> bool:
    """Whether a modality is a light curve: times, a brightness and its error."""
    return len(spec.fields) == 3 and spec.fields[0] == "time" and spec.fields[2] == "error"


def is_spectrum(spec: ModalitySpec) -> bool:
    """Whether a modality is a spectrum as LAMOST's are."""
    return spec.fields == ("wavelength", "flux", "ivar")


def is_row(spec: ModalitySpec) -> bool:
    """Whether a modality is catalogue columns alone."""
    return not spec.fields


def unzipped(name: str, content: bytes, most: int | None = None) -> bytes:
    """The bytes, gunzipped where they are gzipped; of those no more than `most` and one."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(content)).read(-1 if most is None else most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SurveyError(f"{name} is a damaged or truncated gzip file: fetch or write it again.") from None


def spectrum_bytes(name: str, content: bytes) -> bytes:
    """The bytes of a spectrum's file, gunzipped.

    Raises:
        SurveyError: more of them than a spectrum has; what is not read takes no memory.
    """
    found = unzipped(name, content, MOST_OF_SPECTRUM)
    if len(found) > MOST_OF_SPECTRUM:
        raise SurveyError(f"{name} holds more than {MOST_OF_SPECTRUM >> 20} MB: a LAMOST spectrum has less than one.")
    return found


def _optional(roles: tuple[Role, ...], keep: str = "") -> tuple[Role, ...]:
    """The same roles, none required but `keep`: a file of one star needs no id, and one band no name."""
    return tuple(replace(role, required=role.name == keep) for role in roles)


def _table(name: str, content: bytes, roles: tuple[Role, ...]) -> Table:
    with tempfile.TemporaryDirectory() as folder:  # a safe name: what it is is told by its content
        suffix = Path(name).suffix if re.fullmatch(r"\.\w{1,8}", Path(name).suffix) else ""
        place = Path(folder) / f"upload{suffix}"
        place.write_bytes(content)
        try:
            found = read_table(place, lambda names: text_columns(names, roles, {}))
        except SurveyError as fault:
            raise SurveyError(str(fault).replace(place.name, name, 1)) from None
    return Table(name, found.frame, found.units, found.descriptions, found.left_out)


def read_curves(name: str, content: bytes, value: Value, star: str = "") -> Read:
    """The light curves of one star: a file of an archive that is known, or a table with a row an observation.

    Args:
        name: the file's, for sentences.
        value: 'mag' or 'flux', whichever the survey has.
        star: id in the file, where it holds several stars.

    Returns:
        content: band as the file calls it -> Curve.

    Raises:
        SurveyError: no light curve, of several stars without a choice, or without this kind of brightness.
    """
    content = unzipped(name, content)
    if any(reader.recognises(content) for reader in READERS.values()):
        return _archive_curves(name, content, value, star)
    table = _table(name, content, PHOTOMETRY_ROLES)
    frame = table.frame
    names = list(map(str, frame.columns))
    found = find_columns(name, names, _optional(PHOTOMETRY_ROLES, keep="time"), {})
    if value not in found:
        has = " and ".join(one for one in ("mag", "flux") if one in found) or "neither mag nor flux"
        raise SurveyError(
            f"{name} has {has}, the survey's light curves are {value}: give a file with a column {value}."
        )
    ids = as_text(frame[found["source_id"]]).astype(object) if "source_id" in found else pd.Series(WHOLE, frame.index)
    stars = list(dict.fromkeys(ids.dropna()))
    chosen = _chosen(name, [str(one) for one in stars], star)
    columns = {
        "source_id": "source_id",
        "band": found.get("band", ONE_BAND),
        "time": found["time"],
        value: found[value],
    }
    if error := find_error(name, names, value, {}):
        columns["error"] = error
    whole = Table(name, frame.assign(source_id=ids), table.units)
    report = Report()
    curves = light_curves(whole, columns, pd.Index([chosen], dtype=object), value, report)  # type: ignore[arg-type]
    ids_of_bands = {curve.label: Curve(*points) for curve in curves if (points := curve.band(0))}
    left = len(frame) - int((ids != chosen).sum()) - sum(len(curve.time) for curve in ids_of_bands.values())
    notes = [f"{name}: {left:,} of {len(frame):,} rows are not usable."] if left > 0 else []
    if len(stars) > 1:
        notes.append(f"{name} holds {len(stars):,} stars; {chosen} was taken.")
    return Read(ids_of_bands, notes)


def _chosen(name: str, stars: list[str], star: str) -> str:
    if star:
        if star not in stars:
            raise SurveyError(f"{name} has no star {star[:80]!r}: it has {_listed(stars)}.")
        return star
    if len(stars) > 1:
        raise SurveyError(f"{name} holds {len(stars):,} stars ({_listed(stars)}): say which one is the query.")
    if not stars:
        raise SurveyError(f"{name} has no usable row: check that it is the right file.")
    return stars[0]


def _listed(stars: list[str]) -> str:
    return ", ".join(stars[:5]) + (", ..." if len(stars) > 5 else "")


def _archive_curves(name: str, content: bytes, value: Value, star: str) -> Read:
    reader, raw = read_light_curves(name, content, None)
    every = clean(name, raw, reader, value)  # type: ignore[arg-type]
    if not every:
        raise SurveyError(f"{name} has no readable row: check that it is the right file.")
    names = [", ".join(curve.names) or f"star {number}" for number, curve in enumerate(raw.curves, 1)]
    place = names.index(_chosen(name, names, star)) if len(every) > 1 else 0
    found, entries = every[place]
    curves = {band: Curve(*points) for band, points in found.items() if not usable(points)}
    if not curves:
        raise SurveyError(f"{name} has no usable light curve: of one epoch, constant, or flagged throughout.")
    left = sum(int(entry.count) for entry in entries)
    notes = [f"{name} is read as {reader.title}" + (f"; {left:,} rows are not usable." if left else ".")]
    return Read(curves, notes)


def read_spectrum(name: str, content: bytes, spec: ModalitySpec) -> Read:
    """A spectrum as LAMOST publishes it, in either layout.

    Returns:
        content: 'wavelength' (Angstrom), 'flux', 'ivar' (0: masked) -> (n,).

    Raises:
        SurveyError: no LAMOST spectrum, truncated, or without a usable pixel.
    """
    arrays, info = parse_spectrum(name, spectrum_bytes(name, content), ormask=False)
    wavelength, flux, ivar = arrays["spectrum"]
    notes = []
    if masked := int((ivar <= 0).sum()):
        notes.append(f"{name}: {masked:,} of {len(ivar):,} pixels are masked.")
    medium = spec.settings.get("medium", "unknown")
    if "unknown" not in (medium, info["medium"]) and medium != info["medium"]:
        notes.append(
            f"{name} has wavelengths in {info['medium']}, the survey's are in {medium}: lines lie 1 to 2 A apart."
        )
    content_of = {"wavelength": wavelength, "flux": flux.astype(np.float32), "ivar": ivar.astype(np.float32)}
    return Read(content_of, notes)


def read_row(name: str, content: bytes, wanted: tuple[str, ...], star: str = "") -> Read:
    """The catalogue row of one star.

    Args:
        wanted: columns that the survey reads.
        star: id in the file, where it has several rows.

    Returns:
        content: column -> number, NaN where it is missing, of those of `wanted` that the file has; and 'ra', 'dec'.

    Raises:
        SurveyError: none of the columns, or several rows without a choice.
    """
    table = _table(name, unzipped(name, content), CATALOGUE_ROLES)
    names = list(map(str, table.frame.columns))
    roles = tuple(role for role in CATALOGUE_ROLES if role.name != "label")
    found = find_columns(name, names, _optional(roles), {})
    row = 0
    if len(table.frame) > 1 or star:
        if "source_id" not in found:
            raise SurveyError(
                f"{name} has {len(table.frame):,} rows and no ids: leave the row of the query alone in it."
            )
        ids = [str(one) for one in as_text(table.frame[found["source_id"]]).astype(object)]
        row = ids.index(_chosen(name, ids, star))
    ids_for_faults = pd.Series([str(number + 1) for number in range(len(table.frame))])
    columns = {column: column for column in wanted if column in names}
    columns |= {role: found[role] for role in ("ra", "dec", "period") if role in found and role not in columns}
    values = {column: float(numbers(table, own, ids_for_faults)[row]) for column, own in columns.items()}
    known = [column for column in wanted if np.isfinite(values.get(column, np.nan))]
    if wanted and not known:
        raise SurveyError(
            f"{name} has none of the columns that the survey reads ({_listed(list(wanted))}): rename them."
        )
    lacks = [column for column in wanted if column not in known]
    notes = [f"{name} lacks {len(lacks)} of {len(wanted)} columns: {_listed(lacks)}."] if lacks else []
    return Read(values, notes)


def star_of(
    survey: Survey, name: str, curves: Mapping[str, Curve], spectra: Mapping[str, Any], row: Mapping[str, float]
) -> Read:
    """A star with what its files hold, as if it stood in the survey.

    Its period for folding is found as an import finds it (m3core.periods.search), with the row's
    period, if it has one, as the catalogue's.

    Args:
        curves, spectra: modality -> what was read.
        row: column -> number; empty without a catalogue row.

    Returns:
        content: the Source; a modality that it lacks is in no observation.
    """
    catalogue = dict(row)
    notes: list[str] = []
    if curves:
        first = next(iter(curves))
        bands = [(one.time, one.value, one.error) for one in curves.values()]
        given = row.get("period", float("nan"))
        value = survey.modalities[first].fields[1]
        found, fold = folding_period(bands, given, value=value)  # type: ignore[arg-type]
        catalogue |= {SEARCH: found.period, POWER: found.power, FOLD: fold}
        own = survey.modalities[first].settings.get("period")
        if own and not np.isfinite(catalogue.get(own, np.nan)):
            catalogue[own] = fold
        origin = "given" if fold == given else "found in its light curves"
        notes.append(
            f"Folded on {fold:.7f} d, {origin}." if np.isfinite(fold) else "No period was found in its curves."
        )
    observations: dict[str, dict[str, NDArray[Any]]] = {}
    for spec in survey.modalities.values():
        columns = np.array([catalogue.get(column, np.nan) for column in spec.columns], np.float64)
        if spec.name in curves:
            one = curves[spec.name]
            arrays = dict(zip(spec.fields, (one.time, one.value, one.error), strict=True))
            observations[spec.name] = {**arrays, "columns": columns}
            lacks = [column for column, number in zip(spec.columns, columns, strict=True) if not np.isfinite(number)]
            if lacks:
                notes.append(f"{spec.name} is read without {', '.join(lacks)}: no file has them.")
        elif spec.name in spectra:
            observations[spec.name] = {**spectra[spec.name], "columns": columns}
        elif is_row(spec) and row and np.isfinite(columns).any():
            observations[spec.name] = {"columns": columns}
    position = [float(row.get(axis, np.nan)) for axis in ("ra", "dec")]
    return Read(Source(name, *position, None, "", catalogue, observations), notes)
