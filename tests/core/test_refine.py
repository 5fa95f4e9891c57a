"""The best period near a given one."""

import numpy as np
import pytest

from m3core.periods.periodogram import periodogram
from m3core.periods.refine import refined_period

PERIOD = 0.5668386


def saw(seed=1, n=80):
    """A pulsator in three bands, seen at the same times over nine years."""
    rng = np.random.default_rng(seed)
    time = 53_000 + np.sort(rng.choice(3300, n)) + 0.3 + 0.2 * rng.uniform(size=n)
    phase = time / PERIOD % 1
    curve = np.minimum(phase / 0.85, (1 - phase) / 0.15)
    return [(time, 17 - size * curve + 0.02 * rng.standard_normal(n), np.full(n, 0.02)) for size in (1.1, 0.8, 0.6)]


def test_it_is_nearer_than_the_peak_of_one_sine():
    sines, refined = [], []
    for seed in range(8):
        bands = saw(seed, n=50)
        peaks = periodogram(bands, shortest_period=0.3).peaks
        sines.append(min((one.period for one in peaks), key=lambda one: abs(one - PERIOD)))
        refined.append(refined_period(bands, sines[-1]))
        assert refined_period(bands, refined[-1]) == pytest.approx(refined[-1], abs=1e-7)
    off = [np.sqrt(np.mean(np.square(np.array(one) - PERIOD))) for one in (sines, refined)]
    assert off[1] < 2e-6
    assert off[1] < 0.6 * off[0]


def test_it_stays_within_half_a_cycle_over_the_time_span():
    bands = saw()
    far = 1 / (1 / PERIOD + 3 / 3300)
    assert abs(1 / refined_period(bands, far) - 1 / far) < 0.51 / 3298


@pytest.mark.parametrize("case", ["nothing", "constant", "a slow trend"])
def test_what_cannot_be_refined_stays(case):
    time = np.arange(20.0)
    bands = {"nothing": [], "constant": [(time, 0 * time, 0 * time)], "a slow trend": [(time, time, 0 * time)]}[case]
    assert refined_period(bands, 50.0) == 50.0
