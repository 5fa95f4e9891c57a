"""Where a value stands among others."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["percentile_among"]


def percentile_among(values: NDArray[np.float64], value: float) -> float:
    """Percentile of a value: the share of `values` below it, half of those equal to it counted, in [0, 100].

    Args:
        values: (n,) of the class, NaN where missing; the source's own value among them.
        value: NaN where missing.

    Returns:
        NaN where there is nothing to compare.
    """
    known = values[np.isfinite(values)]
    if not len(known) or not np.isfinite(value):
        return float("nan")
    return 100.0 * float((known < value).sum() + 0.5 * (known == value).sum()) / len(known)
