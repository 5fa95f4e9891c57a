"""import-astrom3: `plan` reads every file once and lists the faults; `data.astrom3.writer` reads the arrays again.

Both go through the files a few rows at a time: 21,440 stars take some hundred MB of memory.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.astrom3.arrays import Arrays
from data.astrom3.catalogue import Catalogue, read_catalogue
from data.astrom3.faults import Faults
from data.astrom3.hub import fetch
from data.astrom3.identity import list_twins, source_ids
from data.astrom3.layout import check_config, files_of, parquet_files
from data.checks import SPOILING_RESOLUTION, coarse_times
from data.report import Report
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.checkpoint.hub import is_hub_name
from m3core.files import sha256_file
from m3core.light_curve.fold import time_resolution
from m3core.manifest import SPLITS
from m3core.progress import Progress, part, silent

__all__ = ["Options", "Plan", "plan"]

JULIAN = 2.3e6
"""Days: times beyond it are Julian dates, as the published ones are."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What an import is told.

    Attributes:
        source: a folder with the parquet files, or a name on the Hub such as AstroMLCore/AstroM3Processed.
        config: the configuration, size and seed of its split.
        revision: of the Hub's data set, a branch, tag or commit; None: the newest.
        published_substitution: put 1 mas for a parallax that is not positive, as the published pipeline did; for
            published weights.
        strict: refuse files with any fault.
    """

    source: str
    config: str = "full_42"
    revision: str | None = None
    published_substitution: bool = False
    strict: bool = False

    def command(self) -> str:
        """The command line of this import, without folders."""
        words = ["python -m data import-astrom3", f"--source {self.source if is_hub_name(self.source) else 'DIR'}"]
        words += [f"--config {self.config}"]
        words += [f"--revision {self.revision}"] if self.revision else []
        words += ["--published-substitution"] if self.published_substitution else []
        return " ".join(words + (["--strict"] if self.strict else []))


@dataclass(frozen=True)
class Plan:
    """What an import found, before anything is written.

    Attributes:
        folder: where the files lie; splits: split -> names of its files.
        revision: commit on the Hub, '' for a folder.
        catalogue: the sources; ids: (n,) their ids.
        lengths: modality -> (n,) points that the survey will have, 0 where it is absent.
        time_label, time_resolution: of the light curves.
        notes: sentences that the survey keeps too; remarks: those about this reading alone.
        hashes: file -> sha256.
    """

    options: Options
    folder: Path
    splits: dict[str, list[str]]
    revision: str
    catalogue: Catalogue
    ids: list[str]
    lengths: dict[str, np.ndarray]
    time_label: str
    time_resolution: float
    report: Report
    notes: list[str]
    remarks: list[str]
    hashes: dict[str, str]

    def summary(self) -> list[str]:
        """What was found, a line each, for a terminal or a page."""
        sources = self.catalogue.sources
        labels = sources["label"].value_counts().sort_index()
        shares = sources["split"].value_counts()
        commit = f", revision {self.revision[:12]}" if self.revision else ""
        lines = [
            f"{self.options.source}, configuration {self.options.config}{commit}: {len(sources)} stars in "
            f"{len(self.hashes)} files",
            "labels: " + (", ".join(f"{label} {count}" for label, count in labels.items()) or "none"),
            "split: " + ", ".join(f"{name} {shares.get(name, 0)}" for name in SPLITS),
        ]
        for name, lengths in self.lengths.items():
            present = lengths[lengths > 0]
            spread = f"{present.min()} to {present.max()}, median {np.median(present):g}" if len(present) else "none"
            lines.append(f"modality {name}: {len(present)} stars, points {spread}")
        columns = self.catalogue.names(METADATA_COLUMNS)
        if columns:
            lines.append(f"modality metadata: {len(columns)} of {len(METADATA_COLUMNS)} columns")
        auxiliaries = ", ".join(self.catalogue.names(PHOTOMETRY_AUXILIARIES))
        lines.append(f"constants of the light curves: {auxiliaries or 'none'}")
        lines += [f"note: {note}" for note in [*self.remarks, *self.notes]]
        return lines + [f"fault: {sentence}" for sentence in self.report.sentences()]


@dataclass(frozen=True)
class _Place:
    """Where the files of a configuration lie; the attributes are those of `Plan`."""

    folder: Path
    splits: dict[str, list[str]]
    revision: str
    notes: list[str]
    remarks: list[str]


def _locate(options: Options, progress: Progress) -> _Place:
    config = check_config(options.config)
    if is_hub_name(options.source):
        fetched = fetch(options.source, config, options.revision, progress)
        told = f"the Hub was not asked: the files are those of this machine's cache, revision {fetched.revision}."
        return _Place(fetched.folder, fetched.splits, fetched.revision, [], [told] if fetched.cached else [])
    folder = Path(options.source).expanduser()
    own = folder.resolve().name
    splits = files_of(config, parquet_files(folder), str(folder), folder=own)
    named = any(config in name for name in [own, *(name for names in splits.values() for name in names)])
    told = f"the files' names say no configuration: that they are {config} is taken at your word."
    unused = ["--revision says nothing of a folder: it is not used."] if options.revision else []
    return _Place(folder, splits, "", [] if named else [told], unused)


def plan(options: Options, progress: Progress = silent) -> Plan:
    """Find the files, fetch them where they are on the Hub, read them through and list the faults.

    Raises:
        SurveyError: a structural fault, standardised or preprocessed values, or with `strict` any fault.
        ConfigError: a configuration that was never published. M3Error: the Hub's files are not to be had.
    """
    place = _locate(options, part(progress, 0.0, 0.5))
    folder, splits = place.folder, place.splits
    progress(0.5, "Reading the catalogue.")
    faults = Faults()
    catalogue = read_catalogue(folder, splits, faults, substitution=options.published_substitution)
    arrays = Arrays(folder, splits, catalogue.features)
    scans = {
        name: arrays.scan(name, len(catalogue.sources), faults, part(progress, first, first + 0.2))
        for name, first in (("photometry", 0.5), ("spectra", 0.7))
    }
    curves, spectra = scans["photometry"].prints, scans["spectra"].prints
    notes = [*place.notes, *catalogue.notes]
    given = catalogue.sources["source_id"]
    published = list(catalogue.names((*METADATA_COLUMNS, *PHOTOMETRY_AUXILIARIES)))
    values = catalogue.sources[published].to_numpy(np.float64)
    ids = source_ids(given, curves, spectra, values, faults)
    places = [f"{file}, row {row}" for file, row in zip(catalogue.files, catalogue.rows, strict=True)]
    leaking = list_twins(given, curves, catalogue.sources["split"].to_numpy(object), places, faults)
    if leaking:
        notes.append(
            f"{leaking} {'star stands' if leaking == 1 else 'stars stand'} in more than one split (see report.csv): "
            "kept as published, which flatters the figures of the validation and test splits."
        )
    report = faults.report(ids, catalogue.files, catalogue.rows)
    if options.strict:
        report.refuse()
    progress(0.9, "Hashing the files.")
    label, step, told = _times(scans["photometry"].times, catalogue.sources.get("period"))
    if given.isna().all():
        notes.append("the files have no ids: a star is called after the sha256 of its content.")
    if "spectra" in catalogue.features:
        notes.append(
            "the spectra's third column is taken as inverse variance, whatever it is called, wavelengths as vacuum."
        )
    hashes = {name: sha256_file(folder / name) for split in SPLITS for name in splits[split]}
    progress(1.0, "All files are read.")
    return Plan(
        options=options,
        folder=folder,
        splits=splits,
        revision=place.revision,
        catalogue=catalogue,
        ids=ids,
        lengths={name: scan.lengths for name, scan in scans.items() if name in catalogue.features},
        time_label=label,
        time_resolution=step,
        report=report,
        notes=[*notes, *told],
        remarks=place.remarks,
        hashes=hashes,
    )


def _times(times: np.ndarray, periods: pd.Series | None) -> tuple[str, float, list[str]]:
    """How the light curves' times are to be labelled, their step in days (0 where fine), and what to say of them."""
    if len(times) == 0:
        return "HJD", 0.0, []
    notes = []
    label = "HJD" if times[0] > JULIAN else "Time"
    if label != "HJD":
        notes.append(f"times begin at {times[0]:g} d and are no full Julian dates, as the published ones are.")
    step = time_resolution(times)
    if step >= SPOILING_RESOLUTION:
        known = np.empty(0) if periods is None else periods[periods > 0].to_numpy()
        count = f", which {int((known < 20 * step).sum())} of {len(known)} stars have" if len(known) else ""
        notes.append(f"{coarse_times(step, 'photometry')}{count}.")
    return label, step, notes
