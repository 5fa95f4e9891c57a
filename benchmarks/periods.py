"""The period search against astropy's Lomb-Scargle on the same grid, one star at a time, in turns."""

import statistics
import time
from typing import Any

import numpy as np
from astropy.timeseries import LombScargleMultiband

from m3core.periods.harmonic_fit import Band
from m3core.periods.search import search_period

__all__ = ["measure"]

N_STARS = 5
N_EPOCHS = 120
SPAN = 900.0


def _star(seed: int) -> list[Band]:
    rng = np.random.default_rng(seed)
    period = rng.uniform(0.3, 5.0)
    bands = []
    for _ in range(2):
        time_d = np.sort(rng.uniform(0, SPAN, N_EPOCHS))
        error = np.full(N_EPOCHS, 0.1)
        bands.append(
            (time_d, 18 + 0.5 * np.sin(2 * np.pi * time_d / period) + error * rng.standard_normal(N_EPOCHS), error)
        )
    return bands


def _astropy(bands: list[Band]) -> float:
    """Flexible multi-band Lomb-Scargle without a shared term, on the grid of `search_period`."""
    columns = [np.concatenate(column) for column in zip(*bands, strict=True)]
    names = np.repeat([str(number) for number in range(len(bands))], [len(band[0]) for band in bands])
    span = columns[0].max() - columns[0].min()
    frequency = np.arange(1, int(10 * 5 * span)) / (5 * span)
    model = LombScargleMultiband(columns[0], columns[1], names, columns[2], nterms_base=0, nterms_band=1)
    return 1.0 / frequency[np.argmax(model.power(frequency, method="fast"))]


def measure() -> dict[str, Any]:
    """Seconds a star of both, medians, and their ratio."""
    stars = [_star(seed) for seed in range(N_STARS + 1)]
    ours, theirs = [], []
    for number, bands in enumerate(stars):
        started = time.perf_counter()
        search_period(bands)
        middle = time.perf_counter()
        _astropy(bands)
        if number:  # the first star pays for imports and plans
            ours.append(middle - started)
            theirs.append(time.perf_counter() - middle)
    return {
        "ours_s_per_star": round(statistics.median(ours), 4),
        "astropy_s_per_star": round(statistics.median(theirs), 4),
        "ratio": round(statistics.median(t / o for o, t in zip(ours, theirs, strict=True)), 1),
    }
