"""Outliers kept beside the run, with the hash of what made them: <run>/outliers/<survey hash>/.

The evidence is the survey's, but for modalities that only an embedding describes: it is kept beside the survey too, so
that another run has only its embeddings to ask.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from m3core.embeddings.kept import Embeddings
from m3core.errors import RunError
from m3core.files import read_json, replaced_folder, sha256_text, write_json
from m3core.outliers.cross_residuals import Residuals
from m3core.outliers.descriptors import Descriptors, needs_embedding
from m3core.outliers.score import Evidence, Outliers, find_evidence, find_outliers
from m3core.outliers.spectral_shape import SpectralShape
from m3core.survey import Survey, kept_folder
from m3core.workspace.run import Run

__all__ = ["have_outliers", "is_current", "outliers_folder", "read_outliers"]

VERSION = 1
"""Of the way to find them: a higher one than that on the disk makes it out of date."""

NAME = "outliers.json"
SHAPE = "shape_"


def outliers_folder(run: Run, survey: Survey) -> Path:
    """Where the outliers of a survey by a run stand."""
    return run.path / "outliers" / survey.hash[:16]


def _made_by(embeddings: Embeddings, survey: Survey) -> str:
    return sha256_text(embeddings.hash, survey.hash, str(VERSION))


def is_current(run: Run, survey: Survey, embeddings: Embeddings) -> bool:
    """Whether the outliers on the disk are of these embeddings, this survey and this version."""
    place = outliers_folder(run, survey) / NAME
    return place.is_file() and read_json(place, RunError).get("made_by") == _made_by(embeddings, survey)


def have_outliers(
    run: Run, survey: Survey, embeddings: Embeddings, progress: Callable[[float, str], None] = lambda done, said: None
) -> tuple[Outliers, bool]:  # fmt: skip
    """The outliers of a survey by a run, read where they are current, else found and kept.

    Returns:
        Them, and whether they were found anew.
    """
    if is_current(run, survey, embeddings):
        try:
            return read_outliers(run, survey), False
        except RunError:
            pass  # a file of it is broken: it costs a minute and no decision of anybody's to find them anew
    found = find_outliers(embeddings, survey, progress, _kept_evidence)
    with replaced_folder(outliers_folder(run, survey)) as part:
        found.scores.to_parquet(part / "scores.parquet")
        _write_evidence(part, found.evidence, found.sentences, _made_by(embeddings, survey))
    return found, True


def _kept_evidence(
    embeddings: Embeddings, survey: Survey, progress: Callable[[float, str], None]
) -> tuple[dict[str, Evidence], list[str]]:
    if any(needs_embedding(spec) for spec in survey.modalities.values()):
        return find_evidence(embeddings, survey, progress)
    folder, made_by = kept_folder(survey) / "evidence", sha256_text(survey.hash, str(VERSION))
    with suppress(RunError):
        about, evidence = _read_evidence(folder)
        if about["made_by"] == made_by:
            return evidence, about["sentences"]
    evidence, sentences = find_evidence(embeddings, survey, progress)
    with suppress(OSError), replaced_folder(folder) as part:
        _write_evidence(part, evidence, sentences, made_by)
    return evidence, sentences


def read_outliers(run: Run, survey: Survey) -> Outliers:
    """The outliers on the disk, current or not.

    Raises:
        RunError: there are none, or files of them are missing or broken.
    """
    folder = outliers_folder(run, survey)
    about, evidence = _read_evidence(folder)
    try:
        return Outliers(pd.read_parquet(folder / "scores.parquet"), evidence, about["sentences"])
    except (OSError, ValueError, pa.ArrowInvalid) as fault:
        raise _broken(folder, fault) from None


def _broken(folder: Path, fault: Exception) -> RunError:
    return RunError(f"{folder} cannot be read ({fault}): delete it, the outliers are found anew.")


def _read_evidence(folder: Path) -> tuple[dict[str, Any], dict[str, Evidence]]:
    about = read_json(folder / NAME, RunError)
    try:
        evidence = {}
        for number, said in enumerate(about["evidence"]):
            with np.load(folder / f"evidence-{number}.npz", allow_pickle=False) as arrays:
                evidence[said["modality"]] = _evidence(said, arrays)
        return {"made_by": str(about["made_by"]), "sentences": list(map(str, about["sentences"]))}, evidence
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise _broken(folder, fault) from None


def _write_evidence(folder: Path, evidence: Mapping[str, Evidence], sentences: list[str], made_by: str) -> None:
    said: list[dict[str, Any]] = []  # modalities in the survey's order, which sorted keys would lose
    for number, (name, one) in enumerate(evidence.items()):
        residuals = {item.name: getattr(one.residuals, item.name) for item in fields(Residuals)}
        shape = one.descriptors.shape
        bins = {} if shape is None else {SHAPE + item.name: getattr(shape, item.name) for item in fields(shape)}
        np.savez(folder / f"evidence-{number}.npz", values=one.descriptors.values, **residuals, **bins)
        about = {"names": one.descriptors.names, "events": one.descriptors.events, "typical": one.typical}
        said.append({"modality": name, **about})
    write_json(folder / NAME, {"made_by": made_by, "evidence": said, "sentences": sentences})


def _evidence(said: dict[str, Any], arrays: Any) -> Evidence:
    shape = None
    if f"{SHAPE}edges" in arrays:
        shape = SpectralShape(**{item.name: arrays[SHAPE + item.name] for item in fields(SpectralShape)})
    residuals = Residuals(**{item.name: arrays[item.name] for item in fields(Residuals)})
    described = Descriptors(tuple(said["names"]), arrays["values"], tuple(said["events"]), shape)
    return Evidence(described, residuals, float(said["typical"]))
