"""What the import of a survey met in the files of a source: report.csv, told where the source is looked at."""

import pandas as pd

from m3core.survey.reader import Survey

__all__ = ["faults_by_source"]

REPORT = "report.csv"


def faults_by_source(survey: Survey) -> dict[str, list[str]]:
    """source_id -> a line a kind of fault; without a report, or with one of another make, none."""
    try:
        report = pd.read_csv(survey.path / REPORT, dtype=str, keep_default_na=False)
        groups = report.groupby(["source_id", "fault", "file", "band", "action"], sort=False)
        first, counts = groups[["row", "detail"]].first(), groups.size()
    except (OSError, ValueError, KeyError):
        return {}
    found: dict[str, list[str]] = {}
    for index, row, detail, count in zip(first.index, first["row"], first["detail"], counts, strict=True):
        source_id, fault, file, band, action = index
        where = [part for part in (file, f"band {band}" if band else "", f"row {row}" if row else "", detail) if part]
        times = f"{count} times, first in" if count > 1 else "in"
        found.setdefault(source_id, []).append(f"{fault} ({times} {', '.join(where)}): {action}")
    return found
