"""A river plot's numbers: brightness by phase and cycle (Carter et al. 2012, Science 337, 556, figure 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from m3core.light_curve.fold import phase_fold
from m3core.periods.harmonic_fit import Array, Band
from m3core.periods.phase_zero import Ephemeris

__all__ = ["River", "river"]

MOST_ROWS = 60
POINTS_A_CELL = 2.0


@dataclass(frozen=True)
class River:
    """Attributes: phase: (p,) middle of the bins, 0 to 1; cycle: (c,) first cycle of each row; cycles_a_row: how many
    it spans; value: (c, p) mean of each cell less the median of the band, NaN where empty.
    """

    phase: Array
    cycle: Array
    cycles_a_row: int
    value: Array


def river(bands: Sequence[Band], ephemeris: Ephemeris) -> River | None:
    """All bands together, each less its median; None where there is no finite point.

    A row spans as many cycles as keep the number of rows under `MOST_ROWS`; the number of phase bins, 10 to 50, aims at
    `POINTS_A_CELL` points to a cell that has any.
    """
    times, values = [], []
    for time, value, _ in bands:
        known = np.isfinite(time) & np.isfinite(value)
        if known.any():
            times.append(time[known])
            values.append(value[known] - np.median(value[known]))
    if not times:
        return None
    time, value = np.concatenate(times), np.concatenate(values)
    cycle = np.floor((time - ephemeris.epoch) / ephemeris.period).astype(np.int64)
    first, n_cycles = int(cycle.min()), int(np.ptp(cycle)) + 1
    each = -(-n_cycles // MOST_ROWS)
    row = (cycle - first) // each
    n_rows = int(row.max()) + 1
    filled = len(np.unique(row))
    n_bins = int(np.clip(len(time) / (POINTS_A_CELL * filled), 10, 50))
    phase = phase_fold(time, ephemeris.period, ephemeris.epoch)
    cell = row * n_bins + np.minimum((phase * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(cell, minlength=n_rows * n_bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, value, n_rows * n_bins) / count
    return River(
        (np.arange(n_bins) + 0.5) / n_bins, first + each * np.arange(n_rows, dtype=np.float64), each,
        mean.reshape(n_rows, n_bins),
    )  # fmt: skip
