"""import-table: a catalogue and a long table of photometry become a survey.

`plan` reads and recognises and writes nothing: a preview and a dry run are a plan. `write` searches the periods
and writes the survey, whole or not at all. The command line and the app's page call the same two.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data.catalogue import COMPUTED, Catalogue, read_catalogue
from data.checks import SPOILING_RESOLUTION, check_free, coarse_times
from data.columns import (
    CATALOGUE_ROLES,
    PHOTOMETRY_ROLES,
    check_mapped,
    find_columns,
    find_error,
    text_columns,
    time_label,
)
from data.import_table.periods import computed_periods
from data.import_table.photometry import Curves, light_curves
from data.report import NO_FAULT, Report
from data.tables import Table, read_table
from m3core.errors import SurveyError
from m3core.files import sha256_file
from m3core.light_curve.fold import time_resolution
from m3core.manifest import ModalitySpec, SplitSpec
from m3core.names import safe_names
from m3core.progress import Progress, silent
from m3core.split import METHOD, check_fractions, split_sources
from m3core.survey import Survey, write_survey
from m3core.survey.content import ASIDE

__all__ = ["Options", "Plan", "plan", "write"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What an import is told.

    Attributes:
        columns: role -> column, where names differ from what is recognised (--map).
        exclude: catalogue columns that are shown and are no inputs.
        value: 'mag' or 'flux' where the photometry has both.
    """

    catalogue: Path
    photometry: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 42
    strict: bool = False
    value: Literal["mag", "flux"] | None = None
    period_search: bool = True

    def command(self) -> str:
        """The command line of this import, with file names and no folders."""
        words = [
            "python -m data import-table",
            f"--catalogue {self.catalogue.name}",
            f"--photometry {self.photometry.name}",
        ]
        if self.columns:
            words.append("--map " + ",".join(f"{role}={self.columns[role]}" for role in sorted(self.columns)))
        if self.exclude:
            words.append("--exclude " + ",".join(self.exclude))
        words += [f"--split {','.join(f'{part:g}' for part in self.split)}", f"--seed {self.seed}"]
        words += [f"--value {self.value}"] if self.value else []
        words += ["--strict"] if self.strict else []
        words += [] if self.period_search else ["--no-period-search"]
        return " ".join(words)


@dataclass(frozen=True)
class Plan:
    """What an import found, before anything is written.

    Attributes:
        recognised: 'catalogue' and 'photometry' -> role -> column.
        catalogue: sources without their split, inputs, columns.
        splits: (n_sources,) split of each source.
        curves: modality name -> light curves.
        resolutions: modality name -> step of its times, days, 0 where fine.
        notes: sentences to show; warnings are among them.
    """

    options: Options
    recognised: dict[str, dict[str, str]]
    catalogue: Catalogue
    splits: np.ndarray
    value: Literal["mag", "flux"]
    value_unit: str
    curves: dict[str, Curves]
    resolutions: dict[str, float]
    report: Report
    notes: list[str]
    hashes: dict[str, str]

    @property
    def modalities(self) -> pd.DataFrame:
        """A row a modality: name, label, kind, sources, median number of points, inputs."""
        rows: list[dict[str, Any]] = []
        for name, curves in self.curves.items():
            lengths = curves.lengths[curves.lengths > 0]
            rows.append(
                {
                    "name": name,
                    "label": curves.label,
                    "kind": "photometry",
                    "sources": len(lengths),
                    "points": int(np.median(lengths)),
                    "inputs": f"time, {self.value}, error",
                }
            )
        if self.catalogue.inputs:
            known = np.isfinite(self.catalogue.sources[list(self.catalogue.inputs)].to_numpy(np.float64))
            row = {"name": "metadata", "label": "metadata", "kind": "metadata", "sources": int(known.any(axis=1).sum())}
            inputs = ", ".join(self.catalogue.inputs)
            rows.append({**row, "points": int(np.median(known.sum(axis=1))), "inputs": inputs})
        return pd.DataFrame(rows)

    def summary(self) -> list[str]:
        """What was found, a line each, for a terminal or a page."""
        sources = self.catalogue.sources
        labels = sources["label"].value_counts().sort_index()
        shares = pd.Series(self.splits).value_counts()
        lines = [
            f"{self.options.catalogue.name}: {len(sources)} stars; " + _pairs(self.recognised["catalogue"]),
            f"{self.options.photometry.name}: " + _pairs(self.recognised["photometry"]),
            "labels: " + (", ".join(f"{label} {count}" for label, count in labels.items()) or "none"),
            "split: " + ", ".join(f"{name} {shares.get(name, 0)}" for name in ("train", "validation", "test")),
        ]
        for row in self.modalities.itertuples():
            shown = "" if row.name == row.label else f" ({row.label!r})"
            what = f"median {row.points} epochs" if row.kind == "photometry" else row.inputs
            lines.append(f"modality {row.name}{shown}: {row.sources} stars, {what}")
        lines += [f"note: {note}" for note in self.notes]
        return lines + [f"fault: {sentence}" for sentence in self.report.sentences()]


def _pairs(roles: Mapping[str, str]) -> str:
    return ", ".join(role if role == column else f"{role} = {column}" for role, column in roles.items())


def plan(options: Options, progress: Progress = silent) -> Plan:
    """Read both files, recognise their columns, sort the photometry and list the faults.

    Raises:
        SurveyError: a structural fault, or with `strict` any fault.
        ConfigError: a split that is impossible.
    """
    check_fractions(options.split)
    progress(0.0, f"Reading {options.catalogue.name}.")
    catalogue = read_table(options.catalogue, lambda names: text_columns(names, CATALOGUE_ROLES, options.columns))
    progress(0.1, f"Reading {options.photometry.name}.")
    photometry = read_table(options.photometry, lambda names: text_columns(names, PHOTOMETRY_ROLES, options.columns))
    check_mapped(options.columns, [*catalogue.frame, *photometry.frame])
    recognised = {
        "catalogue": find_columns(catalogue.name, list(catalogue.frame), CATALOGUE_ROLES, options.columns),
        "photometry": find_columns(photometry.name, list(photometry.frame), PHOTOMETRY_ROLES, options.columns),
    }
    value = _choose_value(photometry.name, recognised["photometry"], options)
    error = find_error(photometry.name, list(photometry.frame), value, options.columns)
    recognised["photometry"] = {
        **{role: name for role, name in recognised["photometry"].items() if role not in ("mag", "flux")},
        value: recognised["photometry"][value],
        **({"error": error} if error else {}),
    }
    report = Report(allowed=NO_FAULT)
    progress(0.5, "Sorting the photometry.")
    ready = read_catalogue(catalogue, recognised["catalogue"], options.exclude, report)
    ids = pd.Index(ready.sources["source_id"])
    curves = light_curves(photometry, recognised["photometry"], ids, value, report)
    names = safe_names([band.label for band in curves], taken=["metadata"])
    lonely = np.flatnonzero(sum(band.lengths for band in curves) == 0)
    listed = [int(row) + 1 for row in lonely]
    report.add("star without photometry", catalogue.name, ids[lonely].to_numpy(object), rows=listed)
    if options.strict:
        report.refuse()
    progress(0.8, "Checking the times.")
    resolutions = {names[band.label]: time_resolution(band.time) for band in curves}
    splits = split_sources(ids.to_list(), ready.sources["label"].to_list(), fractions=options.split, seed=options.seed)
    excluded = [f"no inputs, as told: {', '.join(options.exclude)}."] if options.exclude else []
    notes = [*excluded, *ready.notes, *_notes(recognised, ready, resolutions)]
    hashes = {"catalogue": sha256_file(options.catalogue), "photometry": sha256_file(options.photometry)}
    progress(1.0, "Both files are read.")
    return Plan(
        options=options,
        recognised=recognised,
        catalogue=ready,
        splits=splits,
        value=value,
        value_unit=_value_unit(photometry, recognised["photometry"][value], value),
        curves={names[band.label]: band for band in curves},
        resolutions=resolutions,
        report=report,
        notes=notes,
        hashes=hashes,
    )


def _choose_value(name: str, found: Mapping[str, str], options: Options) -> Literal["mag", "flux"]:
    """Magnitudes or fluxes: what the columns say, or what was told."""
    values: list[Literal["mag", "flux"]] = ["mag", "flux"]
    present = [value for value in values if value in found]
    if options.value in present:
        return options.value
    if options.value:
        raise SurveyError(f"{name} has no column for {options.value}: name it with --map {options.value}=COLUMN.")
    if len(present) == 2:
        raise SurveyError(f"{name} has magnitudes and fluxes: say which to import with --value mag or --value flux.")
    if not present:
        raise SurveyError(f"{name} has no column for mag or flux: name it with --map mag=COLUMN or --map flux=COLUMN.")
    return present[0]


def _value_unit(photometry: Table, column: str, value: str) -> str:
    return photometry.units.get(column) or ("mag" if value == "mag" else "")


def _notes(
    recognised: Mapping[str, Mapping[str, str]], ready: Catalogue, resolutions: Mapping[str, float]
) -> list[str]:
    notes = []
    missing = [role for role in ("ra", "dec", "label", "period") if role not in recognised["catalogue"]]
    if missing:
        notes.append(f"the catalogue has no column for {', '.join(missing)}: absent (--map names one).")
    if "error" not in recognised["photometry"]:
        notes.append("the photometry has no column of errors: all errors are absent (--map error=COLUMN names one).")
    if not ready.inputs:
        notes.append("the catalogue has no numeric column as input: the survey has no modality metadata.")
    coarse: dict[float, list[str]] = {}
    for name, step in resolutions.items():
        if step >= SPOILING_RESOLUTION:
            coarse.setdefault(step, []).append(name)
    notes += [f"{coarse_times(step, ', '.join(names))}." for step, names in coarse.items()]
    return notes


def write(plan: Plan, out: Path, progress: Progress = silent) -> Survey:
    """Search the periods and write the survey.

    Raises:
        SurveyError: `out` exists.
    """
    check_free(out)
    sources = plan.catalogue.sources.copy()
    sources.insert(4, "split", plan.splits)
    found = computed_periods(
        plan.catalogue.sources,
        list(plan.curves.values()),
        search=plan.options.period_search,
        progress=lambda fraction, sentence: progress(0.95 * fraction, sentence),
    )
    sources = sources.assign(**found)
    progress(0.95, "Writing the survey.")
    fold, power = (bool(np.isfinite(sources[name]).any()) for name in ("m3_period_fold", "m3_period_power"))
    columns = [name for name, known in (("m3_period_fold", fold), ("m3_period_power", power)) if known]
    specs = [
        ModalitySpec(
            name=name,
            kind="photometry",
            label=curves.label,
            fields=("time", plan.value, "error"),
            columns=tuple(columns),
            settings={
                "value": plan.value,
                "time_label": time_label(plan.recognised["photometry"]["time"]),
                "time_resolution": plan.resolutions[name],
                "period": "m3_period_fold" if fold else None,
                "auxiliaries": 0,
            },
            units={"time": "d", plan.value: plan.value_unit, "error": plan.value_unit},
        )
        for name, curves in plan.curves.items()
    ]
    if plan.catalogue.inputs:
        inputs = plan.catalogue.inputs
        specs.append(ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=inputs))
    survey = write_survey(
        out,
        sources=sources,
        modalities=specs,
        arrays={**plan.curves, **{f"{name}{ASIDE}": one.aside for name, one in plan.curves.items() if one.aside}},
        split=SplitSpec(method=METHOD, fractions=plan.options.split, seed=plan.options.seed),
        provenance=_provenance(plan),
        columns={**plan.catalogue.columns, **COMPUTED},
        extra_files={"report.csv": plan.report.csv()},
    )
    progress(1.0, f"{len(survey)} stars are written.")
    return survey


def _provenance(plan: Plan) -> dict[str, Any]:
    packages = ("numpy", "pandas", "pyarrow", "astropy", "nifty-ls")
    options = plan.options
    return {
        "command": options.command(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "seed": options.seed,
        "inputs": {
            "catalogue": {"file": options.catalogue.name, "sha256": plan.hashes["catalogue"]},
            "photometry": {"file": options.photometry.name, "sha256": plan.hashes["photometry"]},
        },
        "recognised": plan.recognised,
        "excluded": list(options.exclude),
        "faults": plan.report.counts,
        "notes": plan.notes,
    }
