"""describe: what a survey holds, in lines."""

import numpy as np
import pandas as pd

from data.import_table.periods import period_sentence
from m3core.manifest import SPLITS
from m3core.survey import Survey

__all__ = ["describe"]


def describe(survey: Survey) -> list[str]:
    """Read every byte of a survey, compare it with its hash, and say what it holds.

    Raises:
        SurveyError: the survey is damaged.
    """
    survey.verify()
    manifest, sources = survey.manifest, survey.sources
    lines = [f"{survey.path.name}: {len(survey)} stars, content hash {survey.hash[:16]} verified"]
    if manifest.simulated:
        lines.append("these stars are simulated")
    lines += ["", *_classes(sources), "", *_modalities(survey), "", *_periods(sources), *_missing(sources)]
    shares = "/".join(f"{part:g}" for part in manifest.split.fractions or ())
    lines += ["", f"split: {manifest.split.method}; {f'{shares}, ' if shares else ''}seed {manifest.split.seed}"]
    return lines + _provenance(manifest.provenance)


def _classes(sources: pd.DataFrame) -> list[str]:
    labels = sources["label"].astype(object).where(sources["label"].notna(), "(no label)")
    counts = pd.crosstab(labels, sources["split"]).reindex(columns=list(SPLITS), fill_value=0)
    width = max(len("label"), *(len(str(label)) for label in counts.index))
    lines = [f"{'label':<{width}} " + " ".join(f"{name:>10}" for name in ("stars", *SPLITS))]
    total = counts.sum()
    for label, row in [*counts.iterrows(), ("all", total)]:
        lines.append(f"{label!s:<{width}} " + " ".join(f"{count:>10}" for count in (row.sum(), *row)))
    return lines


def _modalities(survey: Survey) -> list[str]:
    lines = []
    for name, spec in survey.modalities.items():
        present, lengths = survey.present(name), survey.lengths(name)
        shown = "" if spec.label == name else f" ({spec.label!r})"
        head = f"modality {name}{shown}, {spec.kind}: {int(present.sum())} stars"
        if not spec.fields:
            lines.append(f"{head}; columns {', '.join(spec.columns)}")
            continue
        points = lengths[present]
        spread = f"{points.min()} to {points.max()}, median {np.median(points):g}" if len(points) else "none"
        units = ", ".join(f"{field} [{spec.units[field]}]" if spec.units.get(field) else field for field in spec.fields)
        lines.append(f"{head}; {units}; points {spread}")
        step = spec.settings.get("time_resolution", 0.0)
        if step:
            lines.append(f"  times are kept to {step:g} d: folds at periods under {20 * step:g} d are spoilt")
    return lines


def _periods(sources: pd.DataFrame) -> list[str]:
    lines = []
    for name in ("period", "m3_period_search", "m3_period_fold"):
        known = sources[name].dropna() if name in sources else []
        if len(known):
            low, middle, high = np.quantile(known, [0, 0.5, 1])
            lines.append(f"{name} [d]: {len(known)} stars, {low:.6g} to {high:.6g}, median {middle:.6g}")
    sentence = period_sentence(sources)
    return [*lines, sentence] if sentence else lines


def _missing(sources: pd.DataFrame) -> list[str]:
    counts = sources.isna().sum()
    found = [f"{name} {count}" for name, count in counts[counts > 0].items()]
    return [f"missing values: {', '.join(found) or 'none'}"]


def _provenance(provenance: dict) -> list[str]:
    lines = [f"made by: {provenance['command']}"] if "command" in provenance else []
    for role, entry in provenance.get("inputs", {}).items():
        if isinstance(entry, dict):
            lines.append(f"{role}: {entry.get('file', '')}, sha256 {str(entry.get('sha256', ''))[:16]}")
    lines += [f"note: {note}" for note in provenance.get("notes", [])]
    for kind, count in provenance.get("listed", {}).items():
        lines.append(f"count: {kind}: {count}")
    for kind, count in provenance.get("faults", {}).items():
        lines.append(f"fault: {kind}: {count}")
    return lines
