"""The catalogue of an import: identity, labels, period, and which columns are inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.columns import numbers
from data.report import Report
from data.tables import Table, as_text
from m3core.errors import SurveyError
from m3core.manifest import Column
from m3core.survey.reader import IDENTITY

__all__ = ["COMPUTED", "Catalogue", "read_catalogue"]

COMPUTED = {
    "m3_period_search": Column(unit="d", description="period found in all bands together (Lomb-Scargle, harmonics)"),
    "m3_period_power": Column(description="share of the variance that one sine of m3_period_search explains, 0 to 1"),
    "m3_period_fold": Column(
        unit="d",
        description="period that folds use: the catalogue's, or m3_period_search where it fits clearly better",
    ),
}
"""Columns that the import adds; not inputs of the metadata."""

GUESSED_UNITS = {"ra": "deg", "dec": "deg", "period": "d"}


@dataclass(frozen=True)
class Catalogue:
    """A catalogue made ready.

    Attributes:
        sources: source_id, ra, dec, label, then the other columns; numbers as int64 or float64, text as text.
        inputs: the columns of the modality metadata.
        columns: unit and description of every column.
        notes: what a user should know of it, a sentence each.
    """

    sources: pd.DataFrame
    inputs: tuple[str, ...]
    columns: dict[str, Column]
    notes: list[str] = field(default_factory=list)


def read_catalogue(table: Table, roles: Mapping[str, str], exclude: Sequence[str], report: Report) -> Catalogue:
    """Make a catalogue ready.

    Args:
        table: a row a source.
        roles: role -> column: source_id, and ra, dec, label, period where there are.
        exclude: columns (as the file has them) that are no inputs.
        report: faults are added to it.

    Raises:
        SurveyError: an id that is missing or stands twice, text where numbers belong, an unknown column in `exclude`.
    """
    ids = _checked_ids(table, roles["source_id"])
    unknown = [name for name in exclude if name not in table.frame]
    if unknown:
        raise SurveyError(f"--exclude {unknown[0]}: {table.name} has no such column; it has {', '.join(table.frame)}.")
    sources = pd.DataFrame({"source_id": ids.astype(object).to_numpy()})
    for role in ("ra", "dec"):
        sources[role] = numbers(table, roles[role], ids, unit="deg") if role in roles else np.nan
    _check_coordinates(table.name, sources, report, expected="ra" in roles or "dec" in roles)
    labels = as_text(table.frame[roles["label"]]).astype(object) if "label" in roles else pd.Series([None] * len(ids))
    sources["label"] = labels.where(labels.notna(), None).to_numpy(object)
    if "label" in roles:
        report.add("label missing", table.name, **_rows(sources, sources["label"].isna()))
    used = {roles[role] for role in ("source_id", "ra", "dec", "label") if role in roles}
    names = _free_names([name for name in table.frame if name not in used], roles.get("period"))
    inputs, columns, notes = [], {}, []
    for own, name in names.items():
        unit = "d" if own == roles.get("period") else ""
        values = _values(table, own, ids, sources, report, unit)
        sources[name] = values
        columns[name] = _described(table, own, name)
        if own in exclude or not pd.api.types.is_numeric_dtype(values.dtype):
            continue
        if np.isfinite(values.to_numpy(np.float64)).any():
            inputs.append(name)
        else:
            notes.append(f"column {own!r} has no finite value: it is no input.")
    for role in ("ra", "dec"):
        columns[role] = _described(table, roles[role], role) if role in roles else Column(unit="deg")
    if "period" in sources and "period" in roles:
        wrong = np.isfinite(sources["period"]) & (sources["period"] <= 0)
        report.add("catalogue period not positive", table.name, **_rows(sources, wrong))
    text = [name for name in names.values() if not pd.api.types.is_numeric_dtype(sources[name].dtype)]
    if text:
        notes.append(f"text columns are shown and are no inputs: {', '.join(text)}.")
    if table.left_out:
        notes.append(f"columns that hold arrays are left out: {', '.join(table.left_out)}.")
    return Catalogue(sources, tuple(inputs), columns, notes)


def _rows(sources: pd.DataFrame, wrong: pd.Series) -> dict[str, list]:
    rows = np.flatnonzero(wrong.to_numpy())
    return {"source_ids": list(sources["source_id"].iloc[rows]), "rows": [int(row) + 1 for row in rows]}


def _checked_ids(table: Table, column: str) -> pd.Series:
    ids = as_text(table.frame[column])
    empty = np.flatnonzero(ids.isna().to_numpy())
    if len(empty):
        raise SurveyError(
            f"{table.name}, row {empty[0] + 1}: {column!r} is empty: every star needs an id, mend the row."
        )
    twice = np.flatnonzero(ids.duplicated().to_numpy())
    if len(twice):
        again, source_id = int(twice[0]), ids.iloc[twice[0]]
        first = int(np.flatnonzero((ids == source_id).to_numpy())[0])
        raise SurveyError(
            f"{table.name}, row {again + 1}: source_id {source_id!r} stands in row {first + 1} already "
            f"({len(twice)} such rows in all): remove or rename one of them."
        )
    return ids


def _check_coordinates(name: str, sources: pd.DataFrame, report: Report, *, expected: bool) -> None:
    """Both become NaN where one is missing or out of range."""
    inside = sources["ra"].between(0, 360) & sources["dec"].between(-90, 90)
    if expected:
        wrong = ~inside
        detail = [f"ra {ra:g}, dec {dec:g}" for ra, dec in sources.loc[wrong, ["ra", "dec"]].itertuples(index=False)]
        report.add("coordinates missing or out of range", name, **_rows(sources, wrong), detail=detail)
    sources.loc[~inside, ["ra", "dec"]] = np.nan


def _free_names(names: list[str], period: str | None) -> dict[str, str]:
    """Own name -> name in the survey: the period is 'period', and nobody else is called as a column of ours."""
    taken = {*IDENTITY, *COMPUTED, *(["period"] if period else [])}
    free: dict[str, str] = {}
    for own in names:
        name = "period" if own == period else own
        while own != period and name in taken:
            name = f"{name}_catalogue"
        taken.add(name)
        free[own] = name
    return free


def _values(table: Table, own: str, ids: pd.Series, sources: pd.DataFrame, report: Report, unit: str) -> pd.Series:
    """A column as int64, float64 (NaN: missing) or text (None: missing)."""
    values = table.frame[own]
    if unit:
        values = pd.Series(numbers(table, own, ids, unit=unit))
    if not pd.api.types.is_numeric_dtype(values.dtype):
        words = values.astype(object)
        kinds = {type(value) for value in words if not pd.isna(value)}
        if kinds <= {bool, int, float, np.bool_} and kinds:  # yes and no with gaps
            return pd.Series(pd.to_numeric(words.map(lambda value: np.nan if pd.isna(value) else float(value))))
        return words.map(lambda value: None if pd.isna(value) else str(value)).astype(object)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype):
        complete = not values.isna().any()
        return pd.Series(values.to_numpy(np.int64) if complete else values.to_numpy(np.float64, na_value=np.nan))
    number = values.to_numpy(np.float64, na_value=np.nan)
    infinite = np.isinf(number)
    report.add("catalogue value infinite", table.name, **_rows(sources, pd.Series(infinite)), detail=f"column {own}")
    return pd.Series(np.where(infinite, np.nan, number))


def _described(table: Table, own: str, name: str) -> Column:
    description = table.descriptions.get(own, "")
    if own != name and not description:
        description = f"column {own!r} of the catalogue"
    return Column(unit=table.units.get(own) or GUESSED_UNITS.get(name, ""), description=description)
