"""Which spectrum belongs to which source: LAMOST's catalogue, the files that are there, and the match on the sky."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.archives.files import ArchiveFile, list_files
from data.archives.lamost import FILE_NAME, HEADER, file_key, parse_spectrum
from data.archives.parsing import Cache, Parsed, parse_files
from data.archives.report import Entry
from data.archives.sky import candidates, choose
from data.tables import as_text, read_table
from m3core.errors import SurveyError
from m3core.manifest import Column

__all__ = ["COLUMNS", "Spectra", "match_spectra"]

COLUMNS = {
    "match_arcsec": Column(unit="arcsec", description="distance from the source to its spectrum on the sky"),
    "lamost_obsid": Column(description="observation id of the spectrum, LAMOST"),
    "lamost_obsdate": Column(description="date of the spectrum, LAMOST"),
    "lamost_class": Column(description="class of the spectrum, LAMOST"),
    "lamost_subclass": Column(description="subclass of the spectrum, LAMOST"),
    "lamost_z": Column(description="redshift of the spectrum (heliocentric), LAMOST"),
    "lamost_snrg": Column(description="signal to noise of the spectrum in g, LAMOST"),
}
"""Columns of sources that have a spectrum; shown, no inputs."""

NUMBER_COLUMNS = ("match_arcsec", "lamost_z", "lamost_snrg")
FROM_CATALOGUE = ("obsid", "obsdate", "class", "subclass", "z", "snrg")
NUMBERS = ("ra", "dec", "mjd", "z", "snrg")
NO_DATA = -9999.0

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Spectra:
    """The spectra of a survey to be.

    Attributes:
        parsed: (n_sources,) the spectrum of each source, None where it has none.
        columns: (n_sources,) rows of `COLUMNS`, missing where there is no spectrum.
        medium: of the wavelengths: vacuum, air or unknown.
        digests: file name -> sha256 of its content.
        n_listed: spectra of the catalogue (or the folder).
        notes, entries: for the summary and the report.
    """

    parsed: list[Parsed | None]
    columns: pd.DataFrame
    medium: str = "unknown"
    digests: dict[str, str] = field(default_factory=dict)
    n_listed: int = 0
    notes: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def match_spectra(
    sources: pd.DataFrame,
    folder: Path,
    catalogue: Path | None,
    *,
    radius: float,
    epoch: float,
    ormask: bool,
    cache: Cache,
    progress: Progress,
) -> Spectra:
    """Find and read the spectrum of every source.

    Args:
        sources: source_id, ra, dec, and pmra, pmdec where known.
        folder: with the FITS files, or a zip of them.
        catalogue: LAMOST's catalogue; None: the headers of the files stand in for it, and all are read.
        radius: arcsec.
        epoch: Julian year of the sources' positions.

    Raises:
        SurveyError: no such folder, or a catalogue without the columns that are needed.
    """
    files, entries = list_files(folder)
    files = [file for file in files if FILE_NAME.fullmatch(_last(file))]
    if not files:
        raise SurveyError(
            f"{folder.name} holds no LAMOST spectrum (spec-<lmjd>-<planid>_sp<spid>-<fiberid>.fits or .fits.gz): "
            "give the folder of the files."
        )
    read: dict[str, Parsed] = {}
    if catalogue is None:
        read = {parsed.name: parsed for parsed in parse_files(files, parse_spectrum, ormask, cache, progress)}
        listed = _headers(read)
        place = folder.name
    else:
        listed = _catalogue(catalogue, files)
        place = catalogue.name
    inside = listed["ra"].between(0, 360) & listed["dec"].between(-90, 90)
    entries += [
        Entry("spectrum with coordinates missing or out of range", place, row=int(row) + 1, detail=f"obsid {obsid}")
        for row, obsid in listed.loc[~inside, "obsid"].items()
    ]
    listed["row"] = np.arange(1, len(listed) + 1)
    usable = listed[inside].reset_index(drop=True)
    found = candidates(sources, usable, radius=radius, epoch=epoch)
    chosen, others = choose(found, usable)
    ids = sources["source_id"].to_numpy(object)
    entries += _doubts(place, ids, usable, chosen, others)
    wanted = usable.iloc[chosen["spectrum"]]
    if catalogue is not None:
        names = {file.name: file for file in files}
        needed = [names[name] for name in sorted(set(wanted["file"]) - {""})]
        read = {parsed.name: parsed for parsed in parse_files(needed, parse_spectrum, ormask, cache, progress)}
    parsed: list[Parsed | None] = [None] * len(sources)
    known: dict[int, list[Any]] = {}
    for match, row in zip(chosen.itertuples(), wanted.to_dict("records"), strict=True):
        result = read.get(row["file"])
        if result is None:
            detail = f"{row['file_name']} is not in {folder.name}"
            entries.append(Entry("spectrum file missing", place, ids[match.source], row=row["row"], detail=detail))
        elif result.fault:
            entries.append(Entry("unreadable spectrum file", result.name, ids[match.source], detail=result.fault))
        else:
            parsed[match.source] = result
            known[match.source] = [match.arcsec, *(row[name] for name in FROM_CATALOGUE)]
            entries += [Entry(*entry)._replace(source_id=ids[match.source]) for entry in result.info["entries"]]
    if catalogue is None:
        matched = {result.name for result in parsed if result}
        unread = [result for result in read.values() if result.fault and result.name not in matched]
        entries += [Entry("unreadable spectrum file", result.name, detail=result.fault) for result in unread]
    used = [result for result in parsed if result]
    media = sorted({result.info["medium"] for result in used})
    medium = media[0] if len(media) == 1 else "unknown"
    notes = (
        [f"wavelengths are in {' and '.join(media)} by their headers: the survey says unknown."]
        if len(media) > 1
        else []
    )
    columns = pd.DataFrame.from_dict(known, orient="index", columns=list(COLUMNS), dtype=object)
    columns = columns.reindex(range(len(sources))).astype(object)
    for name in columns:
        texts = columns[name].where(columns[name].notna(), None)
        columns[name] = texts.astype(np.float64) if name in NUMBER_COLUMNS else texts
    digests = {result.name: result.sha256 for result in used}
    return Spectra(parsed, columns, medium, digests, len(listed), notes, entries)


def _last(file: ArchiveFile) -> str:
    return file.name.rsplit("/", 1)[-1]


def _by_key(files: list[ArchiveFile]) -> dict[tuple[int, str, int, int], ArchiveFile]:
    """The file of each observation; of several releases the last by name."""
    found = {}
    for file in files:
        match = FILE_NAME.fullmatch(_last(file))
        if match:
            found[file_key(*match.groups())] = file
    return found


def _catalogue(path: Path, files: list[ArchiveFile]) -> pd.DataFrame:
    """LAMOST's catalogue with the file of each row.

    Raises:
        SurveyError: a column is missing, or numbers are none.
    """
    words = {"obsid", "obsdate", "planid", "class", "subclass", "designation", "uid", "gp_id"}
    table = read_table(path, lambda names: [name for name in names if name.lower() in words])
    frame = table.frame.rename(columns=str.lower)
    needed = ("ra", "dec", "lmjd", "planid", "spid", "fiberid")
    missing = [name for name in needed if name not in frame]
    if missing:
        raise SurveyError(
            f"{path.name} has no column {', '.join(missing)}: give LAMOST's catalogue of low-resolution spectra, "
            f"which has {', '.join(needed)}."
        )
    found = pd.DataFrame({name: pd.to_numeric(frame[name], errors="coerce") for name in NUMBERS if name in frame})
    for name in ("obsid", "obsdate", "class", "subclass"):
        texts = as_text(frame[name]).astype(object) if name in frame else pd.Series([None] * len(frame), dtype=object)
        found[name] = texts.where(texts.notna(), None)
    by_key = _by_key(files)
    keys = [_key_or_none(row) for row in frame[list(needed[2:])].itertuples(index=False)]
    matched = [by_key.get(key) if key else None for key in keys]
    found["file"] = [file.name if file else "" for file in matched]
    found["file_name"] = [
        f"spec-{key[0]}-{key[1]}_sp{key[2]:02d}-{key[3]:03d}.fits"
        if key
        else "a file without lmjd, planid, spid, fiberid"
        for key in keys
    ]
    return _finished(found)


def _key_or_none(row: tuple[Any, ...]) -> tuple[int, str, int, int] | None:
    try:
        return file_key(*row)
    except (TypeError, ValueError):
        return None


def _headers(read: dict[str, Parsed]) -> pd.DataFrame:
    """What the headers of readable files say, as the catalogue would."""
    rows = [
        {**{name: result.info["header"][name] for name in HEADER}, "file": result.name, "file_name": result.name}
        for result in read.values()
        if not result.fault
    ]
    found = pd.DataFrame(rows, columns=[*HEADER, "file", "file_name"])
    for name in NUMBERS:
        found[name] = pd.to_numeric(found[name], errors="coerce")
    found["obsid"] = [None if value is None else str(value) for value in found["obsid"]]
    return _finished(found)


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    """All columns, missing values as such, and the Julian year of observation."""
    from astropy.time import Time

    for name in (*NUMBERS, *FROM_CATALOGUE):
        if name not in found:
            found[name] = np.nan if name in NUMBERS else None
    for name in ("z", "snrg"):
        found[name] = found[name].astype(np.float64).mask(found[name] == NO_DATA)
    dates = pd.to_datetime(found["obsdate"], errors="coerce", format="ISO8601", utc=True)
    days = (dates - pd.Timestamp("1858-11-17", tz="UTC")) / pd.Timedelta(days=1)
    mjd = found["mjd"].astype(np.float64).where(found["mjd"] > 0, days.astype(np.float64))
    found["year"] = np.nan
    known = mjd.notna()
    found.loc[known, "year"] = Time(mjd[known].to_numpy(), format="mjd").jyear
    found["has_file"] = found["file"] != ""
    return found


def _doubts(
    place: str, ids: np.ndarray, spectra: pd.DataFrame, chosen: pd.DataFrame, others: pd.DataFrame
) -> list[Entry]:
    """Sources with another star within the radius, and spectra that several sources share."""
    obsid, row = spectra["obsid"].to_numpy(object), spectra["row"].to_numpy(np.int64)
    best = chosen.set_index("source")
    entries = []
    for source, rows in others.groupby("source"):
        taken = best.loc[source]
        second = rows.iloc[0]
        detail = (
            f"obsid {obsid[int(taken.spectrum)]} at {taken.arcsec:.2f} arcsec, "
            f"obsid {obsid[int(second.spectrum)]} at {second.arcsec:.2f} arcsec"
        )
        kind = "another star beside the matched spectrum"
        entries.append(Entry(kind, place, ids[int(source)], row=int(row[int(second.spectrum)]), detail=detail))
    for spectrum, rows in chosen.groupby("spectrum"):
        if len(rows) > 1:
            sources = ", ".join(ids[rows["source"]])
            entries += [
                Entry("spectrum shared by sources", place, ids[source], row=int(row[int(spectrum)]), detail=sources)
                for source in rows["source"]
            ]
    return entries
