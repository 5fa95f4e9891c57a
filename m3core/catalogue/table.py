"""A survey's catalogue column by column: unit, what is missing, range and a small histogram."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.survey import Survey

__all__ = ["N_BINS", "column_table", "histogram"]

N_BINS = 24
MOST_WORDS = 3


def column_table(survey: Survey) -> pd.DataFrame:
    """One row a column of sources.parquet, in its order.

    Returns:
        column, unit, missing (count), missing_share (0 to 1), smallest, median, largest (NaN for text), histogram
        (list of counts of `histogram`; empty for text), values (what a text column holds), input_of (modalities that
        read it), description.
    """
    sources = survey.sources.reset_index()
    return pd.DataFrame([_row(survey, str(name), sources[name]) for name in sources.columns])


def _row(survey: Survey, name: str, series: pd.Series) -> dict[str, Any]:
    described = survey.manifest.columns.get(name)
    missing = int(series.isna().sum())
    row: dict[str, Any] = {
        "column": name,
        "unit": described.unit if described else "",
        "missing": missing,
        "missing_share": missing / max(len(series), 1),
        "smallest": np.nan,
        "median": np.nan,
        "largest": np.nan,
        "histogram": [],
        "values": "",
        "input_of": ", ".join(spec.name for spec in survey.modalities.values() if name in spec.columns),
        "description": described.description if described else "",
    }
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        values = series.to_numpy(np.float64, na_value=np.nan)
        known = values[np.isfinite(values)]
        if len(known):
            row |= {"smallest": known.min(), "median": np.median(known), "largest": known.max()}
            row["histogram"] = histogram(known)[0].tolist()
    else:
        counts = series.dropna().astype(str).value_counts()
        shown = ", ".join(
            f"{word} ({count:,})" for word, count in counts.index[:MOST_WORDS].map(lambda w: (w, counts[w]))
        )
        row["values"] = shown if len(counts) <= MOST_WORDS else f"{len(counts):,} different"
    return row


def histogram(
    values: NDArray, *, n_bins: int = N_BINS, log: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts in equal bins between the 1st and the 99th percentile; what lies beyond is counted in the outer two bins.

    Args:
        values: (n,), NaN left out.
        log: bins that are equal in the logarithm; values that are not positive are left out.

    Returns:
        (k,) counts and (k + 1,) edges, the outer ones at the smallest and largest value; k is smaller than `n_bins`
        where there are fewer whole numbers, and 0 without a value.
    """
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known) & ((known > 0) | (not log))]
    if not len(known):
        return np.zeros(0, np.int64), np.zeros(0)
    low, high = known.min(), known.max()
    if low == high:
        return np.array([len(known)]), np.array([low, high])
    start, stop = (float(edge) for edge in np.quantile(known, [0.01, 0.99]))
    if start == stop:
        start, stop = float(low), float(high)
    if not log and (known == np.floor(known)).all() and stop - start < n_bins:
        edges = np.arange(np.floor(start), np.ceil(stop) + 2) - 0.5  # one bin a whole number
    elif log:
        edges = np.geomspace(start, stop, n_bins + 1)
    else:
        edges = np.linspace(start, stop, n_bins + 1)
    edges[0], edges[-1] = min(low, edges[0]), max(high, edges[-1])
    return np.histogram(known, edges)[0], edges
