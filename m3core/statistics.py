"""Means and standard deviations of the training split, and standardisation by them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LINEAR_LIMIT",
    "Statistics",
    "encoded_width",
    "flagged",
    "mean_and_std",
    "measure_quantiles",
    "quantile_encoded",
    "standardise",
]

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


LINEAR_LIMIT = 5.0
"""Standard deviations at which the linear part of an encoding is cut off."""


def flagged(values: NDArray, statistics: Statistics) -> NDArray[np.float32]:
    """(2k,): `standardise` cut at 5 standard deviations, then 1 where a value is missing (a 0 alone would say mean)."""
    linear = np.clip(standardise(values, statistics), -LINEAR_LIMIT, LINEAR_LIMIT)
    return np.concatenate([linear, ~np.isfinite(values)]).astype(np.float32)


def measure_quantiles(rows: Iterable[NDArray], *, width: int, n_quantiles: int) -> Statistics:
    """`mean_and_std`, and 'edges': n_quantiles + 1 quantiles of each column's known values, column after column."""
    listed = list(rows)
    table = np.array(listed, np.float64).reshape(len(listed), width)
    edges = []
    for column in table.T:
        known = column[np.isfinite(column)]
        edges.append(np.quantile(known if len(known) else np.zeros(1), np.linspace(0, 1, n_quantiles + 1)))
    return {**mean_and_std(table, width=width), "edges": np.concatenate(edges).tolist() if edges else []}


def encoded_width(width: int, n_quantiles: int) -> int:
    """How many numbers `quantile_encoded` makes of `width` values."""
    return width * (2 + n_quantiles)


def quantile_encoded(values: NDArray, statistics: Statistics) -> NDArray[np.float32]:
    """Values in a form that any distribution fits, with what is missing marked as missing.

    Piecewise linear encoding (Gorishniy et al. 2022, arXiv 2203.05556): how far a value has come through each piece
    between its column's quantiles, 0 to 1; before it what `flagged` gives.

    Args:
        values: (k,), NaN where missing; statistics: of `measure_quantiles`.

    Returns:
        (k * (2 + n_quantiles),): standardised values, flags (1: missing), pieces; all 0 but the flag where missing.
    """
    edges = np.array(statistics["edges"]).reshape(len(values), -1)
    low, high = edges[:, :-1], edges[:, 1:]
    column = np.asarray(values, np.float64)[:, None]
    come = np.divide(column - low, high - low, out=(column >= high).astype(np.float64), where=high > low)
    pieces = np.where(np.isfinite(column), np.clip(come, 0.0, 1.0), 0.0)
    return np.concatenate([flagged(values, statistics), pieces.ravel()]).astype(np.float32)
