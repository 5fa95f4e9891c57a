"""Rows of a photometry table that are no measurement: upper limits and observations with a quality flag.

They are in no light curve, so that no model and no fit sees them, and are kept beside it to be shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.tables import Table

__all__ = ["FLAGGED", "UPPER_LIMIT", "Aside", "aside_flags"]

UPPER_LIMIT, FLAGGED = 1, 2
"""Bits of a flag (m3core.survey.Survey.aside)."""

NO = ("", "0", "0.0", "false", "f", "no", "n", "nan", "none", "null", "--")
GOOD = (*NO, "g", "good", "ok")

LIMIT_ERROR = 99.0
"""A magnitude's error above this is ASAS-SN's sign of a non-detection, where the table has each image's limit."""


@dataclass(frozen=True)
class Aside:
    """What was set aside in one band, rows sorted by source and time.

    Attributes:
        start: (n_sources + 1,) source i has the rows start[i] to start[i + 1].
        columns: field -> (n,), 'flag' among them.
    """

    start: NDArray[np.int64]
    columns: dict[str, NDArray]

    def __iter__(self) -> Iterator[dict[str, NDArray] | None]:
        for first, last in zip(self.start[:-1], self.start[1:], strict=True):
            yield None if first == last else {name: values[first:last] for name, values in self.columns.items()}

    @classmethod
    def of(
        cls, n_sources: int, source: NDArray[np.int64], time: NDArray[np.float64], rows: NDArray[np.int64],
        **columns: NDArray,
    ) -> "Aside":  # fmt: skip
        """Sort `rows` of a table; `columns` are whole ones."""
        order = rows[np.lexsort((time[rows], source[rows]))]
        start = np.concatenate([[0], np.cumsum(np.bincount(source[order], minlength=n_sources))]).astype(np.int64)
        return cls(start, {"time": time[order], **{name: values[order] for name, values in columns.items()}})


def aside_flags(table: Table, columns: Mapping[str, str], error: NDArray[np.float64], value: str) -> NDArray[np.uint8]:
    """(n,) the flag of each row, 0 for a measurement.

    An upper limit: the column 'upper_limit' says yes; or, in magnitudes of a table that has a column 'limit' (the
    limiting magnitude of each image, as Sky Patrol gives it), an error above 99. Flagged: 'quality_flag' is neither
    zero, empty nor G.
    """
    flags = np.zeros(len(error), np.uint8)
    if "upper_limit" in columns:
        flags[~_words(table.frame[columns["upper_limit"]]).isin(NO).to_numpy()] |= UPPER_LIMIT
    elif value == "mag" and "limit" in table.frame:
        flags[np.isfinite(error) & (error > LIMIT_ERROR)] |= UPPER_LIMIT
    if "quality_flag" in columns:
        flags[~_words(table.frame[columns["quality_flag"]]).isin(GOOD).to_numpy()] |= FLAGGED
    return flags


def _words(values: pd.Series) -> pd.Series:
    return values.astype(object).map(lambda one: "" if pd.isna(one) else str(one).strip().lower())
