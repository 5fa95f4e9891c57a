"""Which sources a pre-training has seen, and whether fine-tuning on a survey would be judged on some of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from m3core.errors import RunError, SurveyError
from m3core.files import replaced_file
from m3core.model.config import ModelConfig
from m3core.sky.positions import near
from m3core.survey import Survey
from m3core.workspace.run import Run
from training.run_config import RunConfig

__all__ = ["SEEN", "check", "write_seen"]

SEEN = "seen.parquet"
RADIUS = 3.0
"""Arcsec within which two positions are taken for one source, as in the cross-match of the archives."""


def write_seen(run: Path, survey: Survey) -> None:
    """Write seen.parquet: source_id, ra, dec of the training and validation splits, which shape and choose weights."""
    table = _of_splits(survey, "train", "validation")
    with replaced_file(run / SEEN) as part:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), part)


def _of_splits(survey: Survey, *splits: str) -> pd.DataFrame:
    rows = np.concatenate([survey.rows(split) for split in splits])
    return survey.sources.iloc[np.sort(rows)][["ra", "dec"]].reset_index()


def check(origin: Run, config: ModelConfig, survey: Survey) -> str:
    """Make sure that no source is on both sides: in what the run has seen, and in another split of this survey.

    The same survey, or one of the same split, is fine; so is one that shares no source, by id or position, with what
    the run has seen.

    Args:
        config: of the run's checkpoint.

    Returns:
        A sentence where the weights come from other sources; '' where from these.

    Raises:
        RunError: sources are shared and the splits differ, or the run does not say what it has seen.
    """
    if survey.hash == config.survey_hash or survey.manifest.split.hash == config.split_hash:
        return ""
    seen = _seen(origin)
    ours = survey.sources
    shared = np.isin(survey.source_ids.astype(str), seen["source_id"].to_numpy(str))
    shared |= near((ours["ra"], ours["dec"]), (seen["ra"], seen["dec"]), RADIUS)
    if not shared.any():
        return f"the weights come from {len(seen):,} other sources: none is in {survey.path.name}, by id or position"
    aside = np.zeros(len(survey), bool)
    aside[np.concatenate([survey.rows("validation"), survey.rows("test")])] = True
    leaked = np.flatnonzero(shared & aside)
    example = survey.source_ids[leaked[0] if len(leaked) else np.flatnonzero(shared)[0]]
    raise RunError(
        f"run {origin.name} was pre-trained on another split of sources of {survey.path.name}: {len(leaked):,} of the "
        f"{int(aside.sum()):,} sources of its validation and test splits were used there ({example} for one; "
        f"{int(shared.sum()):,} of all {len(survey):,}), so that every score would leak; pre-train on this survey, or "
        "fine-tune on the one that the run was pre-trained on."
    )


def _seen(origin: Run) -> pd.DataFrame:
    """What a run has seen: its own list, or that of its survey where that lies as it lay."""
    if (origin.path / SEEN).is_file():
        return pq.read_table(origin.path / SEEN).to_pandas()
    wanted = RunConfig.read(origin)
    try:
        survey = Survey.open(wanted.survey)
    except SurveyError:
        survey = None
    if survey is None or survey.hash != wanted.survey_hash:
        raise RunError(
            f"run {origin.name} does not say which sources it was pre-trained on, and its survey is not at "
            f"{wanted.survey} any more: whether some would leak cannot be told; put the survey back or pre-train again."
        )
    return _of_splits(survey, "train", "validation")
