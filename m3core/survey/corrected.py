"""A survey again with what people decided about its labels and periods, in a folder of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from m3core.errors import SurveyError
from m3core.survey.reader import Survey
from m3core.survey.resplit import write_changed

__all__ = ["Correction", "corrections_table", "write_corrected"]

CORRECTIONS = "corrections.csv"


@dataclass(frozen=True)
class Correction:
    """Attributes: source_id; column, 'label' or one of periods; new: what stands there now, as text."""

    source_id: str
    column: str
    new: str


def corrections_table(survey: Survey, corrections: Sequence[Correction]) -> pd.DataFrame:
    """source_id, column, old, new: a row a value that changes; one that stands already is left out.

    Raises:
        SurveyError: no such source, or a period that is no positive number.
    """
    rows = []
    for one in corrections:
        old = survey.sources[one.column].iloc[survey.row(one.source_id)]
        if old != (one.new if one.column == "label" else _days(one)):
            was = "" if pd.isna(old) else str(old) if one.column == "label" else f"{float(old):.10g}"
            rows.append({"source_id": one.source_id, "column": one.column, "old": was, "new": one.new})
    return pd.DataFrame(rows, columns=["source_id", "column", "old", "new"])


def _days(one: Correction) -> float:
    try:
        days = float(one.new)
    except ValueError:
        days = float("nan")
    if not (np.isfinite(days) and days > 0):
        raise SurveyError(
            f"source {one.source_id}: the period {one.new[:40]!r} is not a positive number of days: give the verdict "
            "again with one."
        )
    return days


def write_corrected(survey: Survey, path: Path, corrections: Sequence[Correction]) -> Survey:
    """Write the survey with other labels and periods, and open it. The one given is not touched.

    Arrays are the same files. The split stays as it was; provenance says of which survey, and how many of each column
    changed; corrections.csv has them one by one.

    Raises:
        SurveyError: nothing would change, or as `corrections_table`. M3Error: `path` exists.
    """
    listed = corrections_table(survey, corrections)
    if listed.empty:
        raise SurveyError("no verdict changes a label or a period: there is nothing to correct.")
    table = survey.sources.reset_index()
    place = pd.Index(table["source_id"])
    for column, rows in listed.groupby("column"):
        values = table[column].to_numpy(object).copy()
        new = rows["new"] if column == "label" else rows["new"].astype(float)
        values[place.get_indexer(pd.Index(rows["source_id"]))] = new.to_numpy(object)
        table[column] = values if column == "label" else values.astype(np.float64)
    labels = table["label"].value_counts()
    by_label = {str(name): int(labels[name]) for name in sorted(labels.index)}
    changed = {
        "counts": {**survey.manifest.counts, "by_label": by_label, "unlabelled": int(table["label"].isna().sum())},
        "classes": tuple(by_label),
        "provenance": {
            **survey.manifest.provenance,
            "corrected_from": survey.hash,
            "corrected": {
                str(name): int(count) for name, count in listed["column"].value_counts().sort_index().items()
            },
        },
    }
    return write_changed(
        survey, path, table, changed, extra={CORRECTIONS: listed.to_csv(index=False, lineterminator="\n")}
    )
