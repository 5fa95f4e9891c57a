"""The error of a period for which there is no formula, from stars drawn anew (Efron 1979, Ann. Statist. 7, 1)."""

from collections.abc import Callable, Sequence

import numpy as np

from m3core.periods.harmonic_fit import Array, Band

__all__ = ["bootstrap_error"]

N_DRAWS = 50


def bootstrap_error(
    bands: Sequence[Band], best: Callable[[Sequence[Band]], float], *, seed: int = 0, n_draws: int = N_DRAWS
) -> float:
    """Standard deviation of `best` over draws with replacement of the observations of each band.

    Args:
        best: bands -> frequency (or period) that is best near the one in question.
        seed: the same gives the same error.
    """
    rng = np.random.default_rng(seed)
    found: list[float] = []
    for _ in range(n_draws):
        drawn: list[Band] = []
        for band in bands:
            rows: Array = np.sort(rng.integers(0, len(band[0]), len(band[0])))
            drawn.append((band[0][rows], band[1][rows], band[2][rows]))
        found.append(best(drawn))
    return float(np.std(found))
