"""Which spectrum belongs to which source: LAMOST's catalogue, the files that are there, and the match on the sky."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.archives.files import list_files
from data.archives.lamost import parse_spectrum
from data.archives.lamost_catalogue import (
    FROM_CATALOGUE,
    is_spectrum,
    listed_in_catalogue,
    listed_in_headers,
    with_files,
)
from data.archives.parsing import Cache, Parsed, parse_files
from data.archives.report import Entry
from data.archives.sky import candidates, choose
from m3core.errors import SurveyError
from m3core.manifest import Column
from m3core.progress import Progress

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


@dataclass(frozen=True)
class Spectra:
    """The spectra of a survey to be.

    Attributes:
        parsed: (n_sources,) the spectrum of each source, None where it has none.
        columns: (n_sources,) rows of `COLUMNS`, missing where there is no spectrum.
        medium: of the wavelengths: vacuum, air or unknown.
        digests: file name -> sha256 of its content.
        n_listed: spectra of the catalogue (or the folder).
        n_near: those within the radius of a source.
        notes, entries: for the summary and the report.
    """

    parsed: list[Parsed | None]
    columns: pd.DataFrame
    medium: str = "unknown"
    digests: dict[str, str] = field(default_factory=dict)
    n_listed: int = 0
    n_near: int = 0
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
    entries += [Entry("file of another name than LAMOST's", file.name) for file in files if not is_spectrum(file)]
    files = [file for file in files if is_spectrum(file)]
    if not files:
        raise SurveyError(
            f"{folder.name} holds no LAMOST spectrum (spec-<lmjd>-<planid>_sp<spid>-<fiberid>.fits or .fits.gz): "
            "give the folder of the files."
        )
    if catalogue is None:
        place, read = folder.name, parse_files(files, parse_spectrum, ormask, cache, progress)
        listed = listed_in_headers(read)
        entries += [
            Entry("unreadable spectrum file", parsed.name, detail=parsed.fault) for parsed in read if parsed.fault
        ]
    else:
        place, read = catalogue.name, []
        listed = listed_in_catalogue(catalogue)
    inside = listed["ra"].between(0, 360) & listed["dec"].between(-90, 90)
    entries += [
        Entry("spectrum with coordinates missing or out of range", place, row=int(row), detail=f"obsid {obsid}")
        for row, obsid in listed.loc[~inside, ["row", "obsid"]].itertuples(index=False)
    ]
    usable = listed[inside].reset_index(drop=True)
    found = candidates(sources, usable, radius=radius, epoch=epoch)
    near = np.unique(found["spectrum"])  # of millions of spectra only these need a file
    usable = with_files(usable.iloc[near].reset_index(drop=True), files)
    found["spectrum"] = np.searchsorted(near, found["spectrum"])
    chosen, others, repeats = choose(found, usable)
    ids = sources["source_id"].to_numpy(object)
    entries += _doubts(place, ids, usable, chosen, others)
    for source, spectrum, arcsec in repeats.itertuples(index=False):
        detail = f"obsid {usable['obsid'][spectrum]} at {arcsec:.2f} arcsec"
        row = int(usable["row"][spectrum])
        entries.append(Entry("another observation of the matched star", place, ids[source], row=row, detail=detail))
    wanted = usable.iloc[chosen["spectrum"]]
    if catalogue is not None:
        needed = set(wanted["file"])
        read = parse_files([file for file in files if file.name in needed], parse_spectrum, ormask, cache, progress)
    by_name = {parsed.name: parsed for parsed in read}
    spectra: list[Parsed | None] = [None] * len(sources)
    known: dict[int, list[Any]] = {}
    for match, row in zip(chosen.to_dict("records"), wanted.to_dict("records"), strict=True):
        source, parsed = match["source"], by_name.get(row["file"])
        if parsed is None:
            detail = f"{row['file_name']} is not in {folder.name}"
            entries.append(Entry("spectrum file missing", place, ids[source], row=row["row"], detail=detail))
        elif parsed.fault:
            entries.append(Entry("unreadable spectrum file", parsed.name, ids[source], detail=parsed.fault))
        else:
            spectra[source] = parsed
            known[source] = [match["arcsec"], *(row[name] for name in FROM_CATALOGUE)]
            entries += [Entry(*entry)._replace(source_id=ids[source]) for entry in parsed.info["entries"]]
    used = [parsed for parsed in spectra if parsed]
    media = sorted({parsed.info["medium"] for parsed in used})
    notes = [f"wavelengths are in {' and '.join(media)} by their headers: taken as unknown."] if len(media) > 1 else []
    return Spectra(
        parsed=spectra,
        columns=_columns(known, len(sources)),
        medium=media[0] if len(media) == 1 else "unknown",
        digests={parsed.name: parsed.sha256 for parsed in used},
        n_listed=len(listed),
        n_near=len(near),
        notes=notes,
        entries=entries,
    )


def _columns(known: dict[int, list[Any]], n_sources: int) -> pd.DataFrame:
    """`COLUMNS` of every source, missing where it has no spectrum."""
    columns = pd.DataFrame.from_dict(known, orient="index", columns=list(COLUMNS), dtype=object)
    columns = columns.reindex(range(n_sources)).astype(object)
    for name in columns:
        values = columns[name].where(columns[name].notna(), None)
        columns[name] = values.astype(np.float64) if name in NUMBER_COLUMNS else values
    return columns


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
