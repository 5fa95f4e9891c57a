"""The best period near a given one: a peak of a periodogram is that of one sine, a typed period is cut off."""

from collections.abc import Sequence

import numpy as np

from m3core.periods.harmonic_fit import Array, Band, share_explained, time_span, weighted_bands

__all__ = ["refined_period"]

N_HARMONICS = 6
STEPS = (0.02, 0.002, 0.0002)
"""Of a cycle over the time span, one finer than the other."""


def refined_period(bands: Sequence[Band], period: float) -> float:
    """The period within half a cycle over the time span that Fourier series of six harmonics fit best, days.

    `period` itself where nothing varies, or where half a cycle is the whole of it.
    """
    prepared = weighted_bands(bands)
    span = time_span(prepared) if prepared else 0.0
    if span <= period:
        return period
    best, reach = 1.0 / period, 0.5
    for step in STEPS:
        width = int(np.ceil(reach / step))
        trials: Array = np.asarray(best + step / span * np.arange(-width, width + 1), np.float64)
        best = float(trials[share_explained(prepared, trials, N_HARMONICS).argmax()])
        reach = step
    return 1.0 / best
