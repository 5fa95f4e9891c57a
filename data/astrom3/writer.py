"""The survey of a plan of import-astrom3, written whole or not at all."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data.astrom3.arrays import Arrays
from data.astrom3.importer import Plan
from data.astrom3.layout import seed_of
from data.checks import check_free
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES, PUBLISHED_COLUMNS
from m3core.manifest import ModalitySpec, SplitSpec
from m3core.progress import Progress, part, silent
from m3core.survey import Survey, write_survey

__all__ = ["write"]


def write(plan: Plan, out: Path, progress: Progress = silent) -> Survey:
    """Write the survey, whole or not at all.

    Raises:
        SurveyError: `out` exists, or a file is not what `plan` read.
    """
    check_free(out)
    arrays = Arrays(plan.folder, plan.splits, plan.catalogue.features)
    shares = {name: number / len(plan.lengths) for number, name in enumerate(plan.lengths)}
    survey = write_survey(
        out,
        sources=plan.catalogue.sources.assign(source_id=plan.ids),
        modalities=_modalities(plan),
        arrays={
            name: arrays.cleaned(name, part(progress, first, first + 1 / len(plan.lengths)))
            for name, first in shares.items()
        },
        split=SplitSpec(
            method=f"as published in the configuration {plan.options.config}", seed=seed_of(plan.options.config)
        ),
        provenance=_provenance(plan),
        columns=plan.catalogue.columns,
        extra_files={"report.csv": plan.report.csv()},
    )
    progress(1.0, f"{len(survey)} stars are written.")
    return survey


def _modalities(plan: Plan) -> list[ModalitySpec]:
    specs = []
    auxiliaries = plan.catalogue.names(PHOTOMETRY_AUXILIARIES)
    if "photometry" in plan.lengths:
        settings = {
            "value": "flux",
            "time_label": plan.time_label,
            "time_resolution": plan.time_resolution,
            "period": "period" if "period" in auxiliaries else None,
            "auxiliaries": len(auxiliaries),
        }
        fields = ("time", "flux", "error")
        units = {"time": "d", "flux": "mJy", "error": "mJy"}
        specs.append(_spec("photometry", fields, auxiliaries, settings, units))
    if "spectra" in plan.lengths:
        fields = ("wavelength", "flux", "ivar")
        specs.append(_spec("spectra", fields, (), {"medium": "vacuum"}, {"wavelength": "Angstrom"}))
    columns = plan.catalogue.names(METADATA_COLUMNS)
    if columns:
        units = {name: unit for name in columns if (unit := PUBLISHED_COLUMNS[name].unit)}
        specs.append(_spec("metadata", (), columns, {}, units))
    return specs


def _spec(
    name: str, fields: tuple[str, ...], columns: tuple[str, ...], settings: dict[str, Any], units: dict[str, str]
) -> ModalitySpec:
    """A modality that is called after its kind, as the published set's are."""
    return ModalitySpec(
        name=name, kind=name, label=name, fields=fields, columns=columns, settings=settings, units=units
    )


def _provenance(plan: Plan) -> dict[str, Any]:
    packages = ("numpy", "pandas", "pyarrow", "astropy")
    return {
        "command": plan.options.command(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "configuration": plan.options.config,
        "revision": plan.revision,
        "inputs": {name: {"file": name, "sha256": digest} for name, digest in plan.hashes.items()},
        "faults": plan.report.counts,
        "notes": plan.notes,
    }
