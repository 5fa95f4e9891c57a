"""Write a planned survey; killed at any point, the same command goes on and ends in the same bytes."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.archives.parsing import Cache, Parsed
from data.archives.plan import Plan
from data.checks import check_free
from m3core.catalogue.published_columns import PHOTOMETRY_AUXILIARIES
from m3core.manifest import ModalitySpec, SplitSpec
from m3core.progress import Progress, silent
from m3core.split import METHOD
from m3core.survey import Survey, write_survey
from m3core.survey.content import ASIDE

__all__ = ["cache_folder", "clear_finished", "write"]

SPLIT_METHOD = f"{METHOD}; sources that may be one star (by position, Gaia id or spectrum) share a split"


def work_folder(out: Path) -> Path:
    """Where a build keeps what it has done so far: hidden, beside the output, gone when it stands."""
    return out.with_name(f".{out.name}.build")


def cache_folder(out: Path) -> Path:
    """Where the parsed files of a build lie."""
    return work_folder(out) / "cache"


def clear_finished(out: Path) -> bool:
    """Whether the survey stands and only its work folder was left by a kill at the very end; clears that up."""
    finished = (out / "survey.json").is_file() and work_folder(out).is_dir()
    if finished:
        shutil.rmtree(work_folder(out), ignore_errors=True)
    return finished


def write(plan: Plan, out: Path, progress: Progress = silent) -> Survey:
    """Write the survey, whole or not at all.

    Raises:
        SurveyError: `out` exists.
        OSError: a full disk, or no permission; what was parsed stays for the next time.
    """
    check_free(out)
    progress(0.0, "Writing the survey.")
    work = work_folder(out)
    staged = work / "staged"
    shutil.rmtree(staged, ignore_errors=True)  # of a build that was killed
    try:
        write_survey(
            staged / out.name,
            sources=plan.sources,
            modalities=_specs(plan),
            arrays=_arrays(plan, progress),
            split=SplitSpec(method=SPLIT_METHOD, fractions=plan.options.split, seed=plan.options.seed),
            provenance=_provenance(plan),
            columns=plan.columns,
            extra_files={"report.csv": plan.report.csv()},
        )
        os.rename(staged / out.name, out)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        if work.is_dir() and not any(work.iterdir()):
            work.rmdir()
    shutil.rmtree(work, ignore_errors=True)
    survey = Survey.open(out)
    progress(1.0, f"{len(survey)} sources are written.")
    return survey


def _specs(plan: Plan) -> list[ModalitySpec]:
    known = [name for name in PHOTOMETRY_AUXILIARIES if name in plan.sources]
    complete = len(known) == len(PHOTOMETRY_AUXILIARIES)
    columns = tuple(known) if complete else tuple(name for name in known if name == "period")
    specs = [
        ModalitySpec(
            name=name,
            kind="photometry",
            label=band.label,
            fields=("time", band.value, "error"),
            columns=columns,
            settings={
                "value": band.value,
                "time_label": band.time_label,
                "time_resolution": band.resolution,
                "period": "period" if "period" in columns else None,
                "auxiliaries": len(columns) if complete else 0,
            },
            units={"time": "d", band.value: band.unit, "error": band.unit},
        )
        for name, band in plan.bands.items()
    ]
    if any(plan.spectra_of_sources):
        specs.append(
            ModalitySpec(
                name="spectra",
                kind="spectra",
                label="LAMOST",
                fields=("wavelength", "flux", "ivar"),
                settings={"medium": plan.spectra.medium},
                units={"wavelength": "Angstrom"},
            )
        )
    if plan.inputs:
        units = {name: plan.columns[name].unit for name in plan.inputs}
        specs.append(ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=plan.inputs, units=units))
    return specs


def _arrays(plan: Plan, progress: Progress) -> dict[str, Iterator[dict[str, NDArray[Any]] | None]]:
    """The arrays of every modality, read from the cache one by one; progress is told on the way."""
    arrays: dict[str, Iterator[dict[str, NDArray[Any]] | None]] = {
        name: band.arrays(plan.rows) for name, band in plan.bands.items()
    }
    if any(plan.spectra_of_sources):
        arrays["spectra"] = _spectra(plan.cache, plan.spectra_of_sources)
    for name, band in plan.bands.items():
        if any(int(row) in band.aside for row in plan.rows):
            arrays[f"{name}{ASIDE}"] = band.arrays_aside(plan.rows)
    n = len(arrays)
    return {
        name: _told(stream, len(plan.rows), place / n, 1 / n, name, progress)
        for place, (name, stream) in enumerate(arrays.items())
    }


def _spectra(cache: Cache, spectra: list[Parsed | None]) -> Iterator[dict[str, NDArray[Any]] | None]:
    for parsed in spectra:
        if parsed is None:
            yield None
        else:
            wavelength, flux, ivar = cache.arrays(parsed.key, ["spectrum"])[0]
            yield {"wavelength": wavelength, "flux": flux.astype(np.float32), "ivar": ivar.astype(np.float32)}


def _told(stream: Iterator[Any], n: int, first: float, share: float, name: str, progress: Progress) -> Iterator[Any]:
    for row, item in enumerate(stream):
        if row % 256 == 0:
            progress(0.95 * (first + share * row / n), f"Writing {name}, source {row + 1} of {n}.")
        yield item


def _provenance(plan: Plan) -> dict[str, Any]:
    packages = ("numpy", "pandas", "pyarrow", "astropy", "scipy")
    counted = plan.report.counts
    return {
        "command": plan.options.command(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "seed": plan.options.seed,
        "inputs": plan.hashes,
        "counts": plan.counts,
        "formats": plan.formats,
        "published_substitution": plan.options.published_substitution,
        "faults": {kind: count for kind, count in counted.items() if kind not in plan.report.allowed},
        "listed": {kind: count for kind, count in counted.items() if kind in plan.report.allowed},
        "notes": plan.notes,
    }
