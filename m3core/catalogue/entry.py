"""The catalogue entry of a source, column by column: value, unit, and where it stands among its class."""

from typing import Any

import numpy as np
import pandas as pd

from m3core.catalogue.percentile import percentile_among
from m3core.survey import Source, Survey

__all__ = ["MISSING", "catalogue_table", "error_column"]

MISSING = "missing"
NOT_AN_INPUT = "not an input"


def catalogue_table(survey: Survey, source: Source) -> pd.DataFrame:
    """One row a catalogue column, in the catalogue's order.

    Returns:
        column, value (text, 'missing' where there is none), error (text, '' where the catalogue gives none; it stands
        in a row of its own too), unit, percentile (0 to 100 among the sources of the same
        label, NaN for text and where missing or unlabelled), input_of (the modalities that it feeds, or
        'not an input').
    """
    same_label = None if source.label is None else (survey.sources["label"] == source.label).to_numpy(bool)
    rows = []
    for name, value in source.catalogue.items():
        percentile = float("nan")
        series = survey.sources[name]
        is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        if is_number and value is not None and same_label is not None:
            percentile = percentile_among(series.to_numpy(np.float64, na_value=np.nan)[same_label], float(value))
        described = survey.manifest.columns.get(name)
        rows.append(
            {
                "column": name,
                "value": _text(value),
                "error": _error(survey, source, name),
                "unit": described.unit if described else "",
                "percentile": percentile,
                "input_of": _readers(survey, name),
            }
        )
    return pd.DataFrame(rows, columns=["column", "value", "error", "unit", "percentile", "input_of"])


ERRORS = ("{}_error", "e_{}", "{}_err", "err_{}", "sigma_{}", "{}_sigma", "{}_uncertainty")
"""How catalogues name the error of a column."""


def error_column(survey: Survey, column: str) -> str | None:
    """The column with the 1-sigma error of another, by its name; None where there is none."""
    return next((name for pattern in ERRORS if (name := pattern.format(column)) in survey.sources), None)


def _error(survey: Survey, source: Source, column: str) -> str:
    name = error_column(survey, column)
    if name is None:
        return ""
    value = source.catalogue.get(name)
    return MISSING if value is None else f"{value:.3g}" if isinstance(value, float | np.floating) else str(value)


def _readers(survey: Survey, column: str) -> str:
    names = [spec.name for spec in survey.modalities.values() if column in spec.columns]
    return ", ".join(names) if names else NOT_AN_INPUT


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float | np.floating):
        return f"{value:.10g}"  # a period keeps its digits
    return str(value)
