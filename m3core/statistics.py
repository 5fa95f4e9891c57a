"""Means and standard deviations of the training split, and standardisation by them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Statistics", "mean_and_std", "missing_flags", "standardise"]

Statistics = dict[str, list[float]]
"""Normalisation measured on the training split; kept in the checkpoint."""


def mean_and_std(rows: Iterable[NDArray], *, width: int) -> Statistics:
    """Column means and standard deviations, missing values (NaN) left out.

    Args:
        rows: (width,) each.

    Returns:
        {'mean': width numbers, 'std': width numbers}; a column without values has mean 0, one without spread has
        standard deviation 1.
    """
    listed = list(rows)
    table = np.array(listed, np.float64).reshape(len(listed), width)
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    mean = filled.sum(axis=0) / count
    std = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(axis=0) / count)
    return {"mean": mean.tolist(), "std": np.where(std > 0, std, 1.0).tolist()}


def standardise(values: NDArray, statistics: Statistics) -> NDArray[np.float32]:
    """(values - mean) / std; a missing value (NaN) becomes 0, the training split's mean."""
    scaled = (np.asarray(values, np.float64) - statistics["mean"]) / statistics["std"]
    return np.where(np.isfinite(scaled), scaled, 0.0).astype(np.float32)


def missing_flags(values: NDArray) -> NDArray[np.float32]:
    """1 where a value is missing: what tells an encoder that a 0 is no measurement."""
    return (~np.isfinite(values)).astype(np.float32)
