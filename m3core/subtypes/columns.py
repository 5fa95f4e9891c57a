"""Which catalogue columns part the clusters of a class: effect sizes, and tests corrected for their number."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.survey import Survey
from m3core.survey.reader import IDENTITY

__all__ = ["cliffs_delta", "columns_that_part"]

FEWEST = 3
"""Known values that each of two clusters needs for a comparison."""


def cliffs_delta(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """P(second > first) - P(second < first), -1 to 1 (Cliff 1993, Psychol. Bull. 114, 494); 0: they do not differ.

    Args:
        first, second: (n,) and (m,) without NaN. It is 2 U / (n m) - 1 with U of Mann and Whitney, ties counted half.
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([first, second]))
    n, m = len(first), len(second)
    u = ranks[n:].sum() - m * (m + 1) / 2
    return float(2 * u / (n * m) - 1)


def columns_that_part(survey: Survey, rows: NDArray[np.int64], cluster: NDArray[np.int64]) -> pd.DataFrame:
    """A row a column of the catalogue, positions included, that most part the clusters first.

    Args:
        rows: (n,) row numbers of a class; cluster: (n,) of each, 0 to k - 1.

    Returns:
        column; unit; delta (Cliff's delta of the two clusters that differ most, -1 to 1, the first-named against the
        second); between ('1 vs 0'); q (of the test of Kruskal and Wallis 1952 over all clusters, corrected by
        Benjamini and Hochberg 1995 over all columns; NaN where a column cannot be tested); input_of (modalities that
        read the column); median_0, ...; known_0, ... (sources with a value). Columns of text are left out.
    """
    from scipy.stats import false_discovery_control, kruskal

    clusters = range(int(cluster.max()) + 1 if len(cluster) else 0)
    table = survey.sources.iloc[rows]
    found = []
    for name in [name for name in table.columns if name not in set(IDENTITY) - {"ra", "dec"}]:
        series = table[name]
        if not pd.api.types.is_numeric_dtype(series):
            continue
        values = series.to_numpy(np.float64, na_value=np.nan)
        groups = [values[(cluster == one) & np.isfinite(values)] for one in clusters]
        enough = [one for one in clusters if len(groups[one]) >= FEWEST]
        delta, between, p = np.nan, "", np.nan
        if len(enough) > 1 and np.ptp(np.concatenate([groups[one] for one in enough])) > 0:
            deltas = [(cliffs_delta(groups[a], groups[b]), f"{b} vs {a}") for a, b in combinations(enough, 2)]
            delta, between = max(deltas, key=lambda one: abs(one[0]))
            p = float(kruskal(*(groups[one] for one in enough)).pvalue)
        described = survey.manifest.columns.get(name)
        row = {
            "column": name,
            "unit": described.unit if described else "",
            "delta": delta,
            "between": between,
            "q": p,
            "input_of": ", ".join(spec.name for spec in survey.modalities.values() if name in spec.columns),
        }
        row |= {f"median_{one}": float(np.median(groups[one])) if len(groups[one]) else np.nan for one in clusters}
        row |= {f"known_{one}": len(groups[one]) for one in clusters}
        found.append(row)
    result = pd.DataFrame(found)
    if result.empty:
        return result
    tested = result["q"].notna()
    if tested.any():
        result.loc[tested, "q"] = false_discovery_control(result.loc[tested, "q"].to_numpy(), method="bh")
    order = np.lexsort((result["column"], -result["delta"].abs().fillna(-1)))
    return result.iloc[order].reset_index(drop=True)
