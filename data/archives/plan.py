"""Plan a survey from archives: everything is read, matched, split and counted, and nothing is written but a cache."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.archives.catalogue import gaia_ids, read_stars
from data.archives.options import Options
from data.archives.parsing import Cache, Parsed
from data.archives.photometry import Band, read_photometry
from data.archives.report import Entry, add_all, archive_report
from data.archives.sky import SAME_STAR, one_star
from data.archives.spectra import COLUMNS, Spectra, match_spectra
from data.checks import SPOILING_RESOLUTION, coarse_times
from data.report import Report
from m3core.files import sha256_file, sha256_text
from m3core.manifest import Column
from m3core.names import safe_names
from m3core.progress import Progress, part, silent
from m3core.split import split_sources

__all__ = ["ONE_BAND", "Plan", "plan"]

ONE_BAND = "photometry"
"""Name of the light curves' modality where there is one band, as in the published set."""


@dataclass(frozen=True)
class Plan:
    """What a build found, before anything is written.

    Attributes:
        sources: source_id, ra, dec, label, split, then the catalogue and what belongs to the spectra.
        rows: (n_sources,) row of each source in `bands` and `spectra`.
        inputs: columns of the modality metadata.
        bands: modality name -> light curves.
        spectra: (n_sources of the catalogue,) parsed files, in `spectra.parsed`.
        counts: what went in, matched and was dropped: sentence -> number.
        hashes: 'catalogue', 'spectra_catalogue', 'lightcurves', 'spectra' -> file or folder and its hash.
        hold: keeps a cache that lies in a temporary folder.
    """

    options: Options
    sources: pd.DataFrame
    rows: NDArray[np.int64]
    inputs: tuple[str, ...]
    columns: dict[str, Column]
    bands: dict[str, Band]
    spectra: Spectra
    cache: Cache
    report: Report
    notes: list[str]
    counts: dict[str, int]
    formats: dict[str, int]
    hashes: dict[str, dict[str, Any]]
    hold: Any = None

    @property
    def spectra_of_sources(self) -> list[Parsed | None]:
        """(n_sources,) the parsed spectrum of each source."""
        return [self.spectra.parsed[row] for row in self.rows] if self.spectra.parsed else []

    @property
    def modalities(self) -> pd.DataFrame:
        """A row a modality: name, label, kind, sources, median number of points, inputs."""
        table: list[dict[str, Any]] = []
        for name, band in self.bands.items():
            points = int(np.median(list(band.lengths.values())))
            inputs = f"time, {band.value}, error"
            row = {"name": name, "label": band.label, "kind": "photometry", "sources": len(band.lengths)}
            table.append({**row, "points": points, "inputs": inputs})
        found = [parsed for parsed in self.spectra_of_sources if parsed]
        if found:
            points = int(np.median([parsed.info["n"] for parsed in found]))
            row = {"name": "spectra", "label": "spectra", "kind": "spectra", "sources": len(found), "points": points}
            table.append({**row, "inputs": "wavelength, flux, ivar"})
        if self.inputs:
            known = np.isfinite(self.sources[list(self.inputs)].to_numpy(np.float64)).sum(axis=1)
            row = {"name": "metadata", "label": "metadata", "kind": "metadata", "sources": int((known > 0).sum())}
            table.append({**row, "points": int(np.median(known)), "inputs": ", ".join(self.inputs)})
        return pd.DataFrame(table)

    def summary(self) -> list[str]:
        """What was found, a line each, for a terminal or a page."""
        labels = self.sources["label"].value_counts().sort_index()
        unlabelled = int(self.sources["label"].isna().sum())
        shares = self.sources["split"].value_counts()
        found = [f"{label} {count}" for label, count in labels.items()]
        found += [f"unlabelled {unlabelled}"] if unlabelled else []
        lines = [f"{sentence}: {number}" for sentence, number in self.counts.items()]
        lines += [
            "formats: " + ", ".join(f"{title} {count} files" for title, count in self.formats.items()),
            "labels: " + ", ".join(found),
            "split: " + ", ".join(f"{name} {shares.get(name, 0)}" for name in ("train", "validation", "test")),
        ]
        for row in self.modalities.itertuples():
            shown = "" if row.name == row.label else f" ({row.label!r})"
            what = {"photometry": "epochs", "spectra": "pixels", "metadata": "known columns"}[row.kind]
            lines.append(f"modality {row.name}{shown}: {row.sources} sources, median {row.points} {what}")
        lines += [f"note: {note}" for note in self.notes]
        sentences = self.report.sentences()
        kinds = list(self.report.counts)
        words = ["count" if kind in self.report.allowed else "fault" for kind in kinds]
        return lines + [f"{word}: {sentence}" for word, sentence in zip(words, sentences, strict=True)]


def plan(options: Options, progress: Progress = silent, cache_folder: Path | None = None) -> Plan:
    """Read everything, match it, split the sources and list what is left out.

    Args:
        cache_folder: where parsed files are kept; None: a temporary folder that goes with the plan.

    Raises:
        SurveyError: a structural fault, or with `strict` any fault.
        ConfigError: an option that is impossible.
        OSError: the cache cannot be written.
    """
    options.check()
    hold = None if cache_folder else tempfile.TemporaryDirectory(prefix="m3-build-")
    cache = Cache(cache_folder or Path(hold.name))  # type: ignore[union-attr]
    report = archive_report()
    progress(0.0, f"Reading {options.catalogue.name}.")
    stars = read_stars(
        options.catalogue,
        classes=options.classes,
        uncertain=options.uncertain,
        published_substitution=options.published_substitution,
        report=report,
    )
    light = read_photometry(
        stars,
        options.lightcurves,
        format=options.format,
        value=options.value,
        bands=options.bands,
        radius=options.radius,
        cache=cache,
        progress=part(progress, 0.05, 0.7),
    )
    every = stars.catalogue.sources
    spectra = Spectra([], pd.DataFrame(index=every.index))
    if options.spectra is not None:
        spectra = match_spectra(
            every,
            options.spectra,
            options.spectra_catalogue,
            radius=options.radius,
            epoch=options.epoch,
            ormask=options.ormask,
            cache=cache,
            progress=part(progress, 0.7, 0.95),
        )
    progress(0.95, "Splitting the sources.")
    ids = every["source_id"].to_numpy(object)
    curved = np.isin(np.arange(len(every)), [row for band in light.bands for row in band.pieces])
    observed = np.array([parsed is not None for parsed in spectra.parsed] or [False] * len(every))
    rows = np.flatnonzero(curved | observed)
    place = options.catalogue.name
    lacking = {
        "source without light curve and spectrum": ~curved & ~observed,
        "source without light curve": ~curved & observed,
    }
    if options.spectra is not None:
        lacking["source without spectrum"] = curved & ~observed
    gaps = [Entry(kind, place, ids[row]) for kind, wrong in lacking.items() for row in np.flatnonzero(wrong)]
    sources = pd.concat([every, spectra.columns], axis=1).iloc[rows].reset_index(drop=True)
    kept = ids[rows]
    gaia = gaia_ids(sources)
    used = [parsed.name if (parsed := spectra.parsed[row]) else None for row in rows] if spectra.parsed else []
    together = max(options.radius, SAME_STAR)
    groups, pairs = one_star(sources["ra"].to_numpy(), sources["dec"].to_numpy(), together, [*gaia, used])
    twins = [
        Entry(
            "sources at one position",
            place,
            kept[pair.first],
            detail=f"{kept[pair.second]} at {pair.arcsec:.2f} arcsec",
        )
        for pair in pairs.itertuples()
    ]
    add_all(report, [*light.entries, *spectra.entries, *gaps, *twins, *_namesakes(place, kept, gaia)])
    if options.strict:
        report.refuse()
    splits = split_groups(list(kept), sources["label"].to_list(), groups, options)
    sources.insert(4, "split", splits)
    names = safe_names([band.label for band in light.bands], taken=["metadata", "spectra", ONE_BAND])
    single = len(light.bands) == 1
    counts = {
        f"{place}, sources read": stars.read,
        "sources of the classes asked for": len(every),
        "files of light curves": light.n_files,
        "sources with a light curve": int(curved.sum()),
    }
    if options.spectra is not None:
        counts |= {
            "spectra listed": spectra.n_listed,
            "spectra within the radius of a source": spectra.n_near,
            "sources with a spectrum": int(observed.sum()),
            "sources with both": int((curved & observed).sum()),
        }
    counts |= {"sources with neither, dropped": len(every) - len(rows), "sources of the survey": len(rows)}
    progress(1.0, "Everything is read.")
    return Plan(
        options=options,
        sources=sources,
        rows=rows,
        inputs=stars.catalogue.inputs,
        columns={**stars.catalogue.columns, **(COLUMNS if options.spectra else {})},
        bands={ONE_BAND if single else names[band.label]: band for band in light.bands},
        spectra=spectra,
        cache=cache,
        report=report,
        notes=[*stars.catalogue.notes, *light.notes, *spectra.notes, *_coarse(light.bands)],
        counts=counts,
        formats=light.formats,
        hashes=_hashes(options, light.digests, spectra.digests),
        hold=hold,
    )


def _namesakes(place: str, ids: NDArray[np.object_], gaia: list[list[str | None]]) -> list[Entry]:
    """Sources whose Gaia id an earlier source has already."""
    entries = []
    for names in gaia:
        first: dict[str, str] = {}
        for source, name in zip(ids, names, strict=True):
            if name is not None and first.setdefault(name, source) != source:
                detail = f"{name}, as {first[name]}"
                entries.append(Entry("sources of one Gaia id", place, source, detail=detail))
    return entries


def split_groups(
    ids: list[str], labels: list[str | None], groups: NDArray[np.int64], options: Options
) -> NDArray[np.object_]:
    """`split_sources` of one source a group (the first by name), whose split the others share."""
    first: dict[int, int] = {}
    for row in sorted(range(len(ids)), key=lambda row: ids[row]):
        first.setdefault(int(groups[row]), row)
    chosen = sorted(first.values())
    splits = split_sources(
        [ids[row] for row in chosen],
        [labels[row] for row in chosen],
        fractions=options.split,
        seed=options.seed,
    )
    by_group = {int(groups[row]): split for row, split in zip(chosen, splits, strict=True)}
    return np.array([by_group[int(group)] for group in groups], object)


def _coarse(bands: list[Band]) -> list[str]:
    return [f"{coarse_times(band.resolution, band.label)}." for band in bands if band.resolution >= SPOILING_RESOLUTION]


def _hashes(options: Options, curves: dict[str, str], spectra: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Hashes of what went in; of a folder that of the names and hashes of the files that were read."""
    found: dict[str, dict[str, Any]] = {}
    for role, path in (("catalogue", options.catalogue), ("spectra_catalogue", options.spectra_catalogue)):
        if path is not None:
            found[role] = {"file": path.name, "sha256": sha256_file(path)}
    for role, folder, digests in (
        ("lightcurves", options.lightcurves, curves),
        ("spectra", options.spectra, spectra),
    ):
        if folder is not None:
            told = sha256_text(*(f"{name}\t{digests[name]}" for name in sorted(digests)))
            found[role] = {"file": folder.name, "files": len(digests), "sha256": told}
    return found
