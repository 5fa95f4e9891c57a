"""The three period columns of an imported survey."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.catalogue import COMPUTED
from data.import_table.photometry import Curves
from m3core.periods.search import search_periods

__all__ = ["computed_periods", "period_sentence"]


def computed_periods(
    sources: pd.DataFrame, bands: Sequence[Curves], *, search: bool, progress: Callable[[float, str], None]
) -> dict[str, NDArray[np.float64]]:
    """The columns of `data.catalogue.COMPUTED`: searched period, its power, and the period to fold on.

    The search goes down to 0.1 d, and where the catalogue has shorter periods to a little below its shortest (the
    first percentile: one wrong entry should not lengthen the search fivefold), never below 0.02 d.

    Args:
        sources: with the catalogue's period in the column 'period', if it has one.
        bands: the light curves.
        search: False: the catalogue's periods are kept unchecked.
    """
    n = len(sources)
    catalogue = sources["period"].to_numpy(np.float64) if "period" in sources else np.full(n, np.nan)
    known = catalogue[catalogue > 0]
    if not search:
        absent = np.full(n, np.nan)
        return dict(zip(COMPUTED, (absent, absent, np.where(catalogue > 0, catalogue, np.nan)), strict=True))
    stars = [[band for curves in bands if (band := curves.band(row))] for row in range(n)]
    shortest = float(np.clip(0.9 * np.quantile(known, 0.01), 0.02, 0.1)) if len(known) else 0.1
    found = search_periods(
        stars,
        catalogue,
        shortest_period=shortest,
        value=bands[0].value_name,
        workers=min(4, os.cpu_count() or 1),
        progress=progress,
    )
    return dict(zip(COMPUTED, found, strict=True))


def period_sentence(sources: pd.DataFrame) -> str:
    """How many stars are folded on the searched period, how many on the catalogue's; '' without these columns."""
    if "m3_period_fold" not in sources:
        return ""
    fold = sources["m3_period_fold"]
    searched = int((fold.notna() & (fold != sources.get("period", fold * np.nan))).sum())
    return (
        f"folds use the searched period for {searched} stars, the catalogue's for "
        f"{int(fold.notna().sum()) - searched}; {int(fold.isna().sum())} have none"
    )
