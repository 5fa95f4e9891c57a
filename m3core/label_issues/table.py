"""The list of suspects of a run and a survey, labels and periods together, made once and kept in the run's folder.

<run>/label-issues/<survey hash>/ holds table.parquet and about.json (the hash of the embeddings, sentences).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from m3core.embeddings.kept import Embeddings
from m3core.errors import M3Error, RunError
from m3core.files import read_json, replaced_folder, write_json
from m3core.label_issues.score import find_label_issues
from m3core.light_curve.features import kept_features
from m3core.periods.survey_check import VERSION as CHECK_VERSION
from m3core.periods.survey_check import check_sources, check_survey, checked_column
from m3core.survey import Survey, kept_table
from m3core.workspace.run import Run

__all__ = ["CONTRACT", "Suspects", "csv_table", "kept_suspects", "suspects"]

CONTRACT = ("source_id", "rank", "score", "label", "suggested", "period_alias")
"""The first columns of the CSV file."""

VERSION = 2
"""Of the method: a list that another version made is out of date."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Suspects:
    """Attributes:
    table: a row a labelled source, most suspect first: the columns of `label_issues.LabelIssues` and of
        `period_check_survey.check_survey`.
    sentences: what was left out, what the numbers rest on.
    is_current: whether checkpoint, survey and method are those that made it.
    """

    table: pd.DataFrame
    sentences: list[str] = field(default_factory=list)
    is_current: bool = True


def _folder(run: Run, survey: Survey) -> Path:
    return run.path / "label-issues" / survey.hash[:16]


def kept_suspects(run: Run, survey: Survey, embeddings: Embeddings) -> Suspects | None:
    """The list as it was made; None where there is none that can be read."""
    folder = _folder(run, survey)
    try:
        about = read_json(folder / "about.json", RunError)
        table = pd.read_parquet(folder / "table.parquet")
        is_current = (about["made_by"], about["version"]) == (embeddings.hash, VERSION)
        return Suspects(table, list(map(str, about["sentences"])), is_current)
    except (M3Error, OSError, ValueError, KeyError, TypeError):
        return None


def suspects(
    run: Run, survey: Survey, embeddings: Embeddings, progress: Progress = lambda done, sentence: None
) -> Suspects:
    """The list, read where it is current, made and kept otherwise.

    Args:
        progress: called with the fraction done and a sentence; what it raises ends the work, and nothing is kept.

    Raises:
        SurveyError: files of the survey cannot be read.
    """
    kept = kept_suspects(run, survey, embeddings)
    if kept is not None and kept.is_current:
        return kept
    features = kept_features(survey, lambda done: progress(0.3 * done, "Measuring light curves."))
    found = find_label_issues(embeddings, survey, features, lambda done, sentence: progress(0.3 + 0.4 * done, sentence))
    rows = survey.sources.index.get_indexer(pd.Index(found.table["source_id"]))
    classes = {name: index for index, name in enumerate(survey.classes)}
    other = np.full(len(rows), -1, np.int64)
    issue = found.table["is_issue"].to_numpy(bool)
    other[issue] = [classes[name] for name in found.table["suggested"][issue]]
    labelled = np.flatnonzero(survey.labels >= 0)
    checks = kept_table(
        survey, "period-checks", CHECK_VERSION,
        lambda: check_sources(survey, labelled, lambda done, sentence: progress(0.7 + 0.3 * done, sentence)),
    )  # fmt: skip
    periods = check_survey(survey, rows, checks=checks, suggested=other)
    table = pd.concat([found.table, periods.drop(columns="source_id")], axis=1)
    table = table[[*CONTRACT, *(name for name in table if name not in CONTRACT)]]
    result = Suspects(table, [*found.sentences, *_of_labels(table), *_of_periods(survey, periods)])
    try:
        with replaced_folder(_folder(run, survey)) as folder:
            table.to_parquet(folder / "table.parquet", index=False)
            about = {"made_by": embeddings.hash, "version": VERSION, "sentences": result.sentences}
            write_json(folder / "about.json", about)
    except OSError as fault:  # a run that may only be read: the list is as good
        result.sentences.append(f"the list could not be kept in {run.path} ({fault.strerror}); it is made anew.")
    return result


def _of_labels(table: pd.DataFrame) -> list[str]:
    if table["score"].isna().all():
        return []
    return [f"{int(table['is_issue'].sum())} of {len(table)} labels are taken for wrong by confident learning."]


def _of_periods(survey: Survey, periods: pd.DataFrame) -> list[str]:
    column = checked_column(survey)
    if column is None:
        return ["the survey has no period: none is checked."]
    judged = periods["share_best"].notna()
    flagged = periods.loc[periods["period_alias"] != "", "period_alias"].value_counts()
    said = [
        f"periods ({column}): {int(flagged.sum())} of {int(judged.sum())} do not hold"
        + (f" ({', '.join(f'{name} {count}' for name, count in flagged.items())})." if len(flagged) else ".")
    ]
    if n_half := int(periods["is_half_orbit"].sum()):
        said.append(f"{n_half} peak at P/2 and are taken for binaries: half the orbit is no alias.")
    if n_not := int((~judged).sum()):
        said.append(f"{n_not} have no period, or too few observations to check one.")
    return said


def csv_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table for a CSV file: periods with ten digits, six decimals would spoil a fold."""
    written = table.copy()
    for name in ("period", "period_best", "period_error"):
        written[name] = ["" if np.isnan(value) else f"{value:.10g}" for value in table[name]]
    return written
