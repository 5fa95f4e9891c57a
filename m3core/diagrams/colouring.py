"""What the points of a map can be coloured by: the label, the split, or any column of the catalogue."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.errors import M3Error
from m3core.manifest import SPLITS
from m3core.survey import Survey

__all__ = ["Categories", "Colouring", "Values", "colouring", "columns_to_colour_by"]

MAX_CATEGORIES = 20
"""More cannot be told apart; the rest is one category, 'other'."""


@dataclass(frozen=True)
class Categories:
    """A category a source.

    Attributes:
        title: what they are.
        names: of the categories.
        codes: (N,) index into `names`, -1 where a source has none.
        missing: what to call having none.
        note: a sentence where categories were put together, else ''.
    """

    title: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]
    missing: str
    note: str = ""


@dataclass(frozen=True)
class Values:
    """A number a source.

    Attributes:
        title: the column with its unit.
        values: (N,), NaN where missing.
        wants_log: whether a logarithmic scale shows more: all positive, and spread over more than a factor of 30.
    """

    title: str
    values: NDArray[np.float64]
    wants_log: bool


Colouring = Categories | Values


def columns_to_colour_by(survey: Survey) -> list[str]:
    """'label', 'split', then every catalogue column, in the order of the catalogue."""
    return ["label", "split", *(name for name in survey.sources.columns if name not in ("label", "split"))]


def colouring(survey: Survey, column: str) -> Colouring:
    """Colours of all sources by a column.

    Raises:
        M3Error: no such column.
    """
    if column == "label":
        return Categories("label", survey.classes, survey.labels, "unlabelled")
    if column not in survey.sources:
        raise M3Error(f"survey {survey.path.name} has no column {column[:80]!r} to colour by.")
    series = survey.sources[column]
    if column == "split":
        codes = pd.Categorical(series, categories=list(SPLITS)).codes.astype(np.int64)
        return Categories("split", SPLITS, codes, "no split")
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        unit = survey.manifest.columns[column].unit if column in survey.manifest.columns else ""
        values = series.to_numpy(np.float64, na_value=np.nan)
        return Values(f"{column} [{unit}]" if unit else column, values, _is_skewed(values))
    return _text_categories(column, series)


def _is_skewed(values: NDArray[np.float64]) -> bool:
    known = values[np.isfinite(values)]
    if not len(known) or known.min() <= 0:
        return False
    low, high = np.quantile(known, [0.01, 0.99])
    return bool(high / low > 30)


def _text_categories(column: str, series: pd.Series) -> Categories:
    texts = series.astype(object).where(series.notna(), None).map(lambda value: None if value is None else str(value))
    counts = texts.value_counts()
    kept = sorted(counts.index[:MAX_CATEGORIES])
    code_of = {name: code for code, name in enumerate(kept)}
    codes = np.array([code_of.get(text, -1) for text in texts], np.int64)
    if len(counts) <= MAX_CATEGORIES:
        return Categories(column, tuple(kept), codes, "no value")
    n_other = len(counts) - MAX_CATEGORIES
    codes = np.where((codes < 0) & texts.notna().to_numpy(), MAX_CATEGORIES, codes)
    note = f"{column} has {len(counts)} values: the {MAX_CATEGORIES} commonest are shown, {n_other} are 'other'."
    return Categories(column, (*kept, "other"), codes, "no value", note)
