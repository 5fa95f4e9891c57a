"""Numbers computed by hand."""

import numpy as np
import pytest

from m3core.light_curve.fold import (
    bin_curve,
    median,
    median_absolute_deviation,
    phase_fold,
    robust_scale,
    time_resolution,
)
from m3core.light_curve.views import CONTEXT, context, folded_and_unfolded, jitter
from m3core.statistics import flagged, mean_and_std, measure_quantiles, quantile_encoded, standardise


def test_medians():
    assert median(np.array([3.0, 1.0, 10.0])) == 3.0
    assert median(np.array([3.0, 1.0, 10.0, 4.0])) == 3.5
    assert median_absolute_deviation(np.array([1.0, 3.0, 8.0])) == 2.0
    assert robust_scale(np.array([1.0, 1.0, 1.0, 5.0])) == pytest.approx(np.std([1, 1, 1, 5]))  # MAD 0
    assert robust_scale(np.full(4, 2.0)) == 1.0


def test_phase_fold():
    np.testing.assert_allclose(phase_fold(np.array([10.0, 11.0, 12.5, 9.5]), 2.0, 10.0), [0.0, 0.5, 0.25, 0.75])
    assert phase_fold(np.array([-1e-20]), 1.0)[0] == 0.0  # never 1.0
    for period in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="positive number of days"):
            phase_fold(np.zeros(1), period)


def test_bins():
    means, weights = bin_curve(
        np.array([0.0, 0.1, 0.6, 1.0]), np.array([1.0, 4.0, 5.0, 7.0]), np.array([2.0, 1.0, 1.0, 3.0]), 2
    )
    np.testing.assert_allclose(means, [2.0, 6.5])
    np.testing.assert_allclose(weights, [3.0, 4.0])
    assert bin_curve(np.array([0.9]), np.array([5.0]), np.array([1.0]), 2)[0].tolist() == [0.0, 5.0]


@pytest.mark.parametrize(
    ("time", "step"),
    [
        (2457000.1 + np.sort(np.random.default_rng(0).uniform(0, 900, 50)), 0.0),
        (
            (2457000.1 + np.sort(np.random.default_rng(0).uniform(0, 900, 50))).astype(np.float32).astype(np.float64),
            0.25,
        ),
        (np.round(np.random.default_rng(0).uniform(0, 900, 50), 2), 0.01),
        (np.round(np.random.default_rng(0).uniform(50000, 59000, 50)), 1.0),
        (np.array([1.0, 2.0]), 0.0),
    ],
)
def test_the_step_of_the_times(time, step):
    assert time_resolution(time) == pytest.approx(step)


def test_a_fold_puts_the_brightest_phase_where_it_is():
    """A magnitude minimum (brightest) at phase 0.5 of P = 4 d, the same twice at 2P, and up for the encoder."""
    time = np.arange(0, 400, 0.37)
    mag = 15 + np.cos(2 * np.pi * time / 4.0)
    array = folded_and_unfolded(time, mag, np.full(len(time), 0.1), 4.0, 16, invert=True)
    assert array.shape == (6, 16)
    assert abs(int(np.argmax(array[0])) - 8) <= 1
    double = array[2].reshape(2, 8)
    np.testing.assert_allclose(double[0], double[1], atol=0.15)
    upside_down = folded_and_unfolded(time, mag, np.full(len(time), 0.1), 4.0, 16, invert=False)
    np.testing.assert_array_equal(upside_down[0], -array[0])
    unknown = folded_and_unfolded(time, mag, np.full(len(time), np.nan), np.nan, 16, invert=True)
    assert not unknown[:4].any()
    assert unknown[5].max() == 1.0


def test_context_by_hand():
    time, value = np.arange(5.0), np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    numbers = dict(zip(CONTEXT, context(time, value, np.full(5, 0.5), 4.0, np.empty(0)), strict=True))
    assert numbers["level"] == 3.0
    assert numbers["log_scale"] == 0.0  # MAD 1
    assert numbers["log_noise"] == pytest.approx(np.log10(0.5))
    assert numbers["log_period"] == pytest.approx(np.log10(4))
    q05, q95 = 1.2, 8.8
    assert numbers["skewness"] == pytest.approx((q95 + q05 - 6) / (q95 - q05))
    assert numbers["peakedness"] == pytest.approx((q95 - q05) / 2)
    assert numbers["succession_in_time"] == pytest.approx(((1 + 1 + 1 + 36) / 4) / (2 * np.var(value)))
    # phases 0, 0.25, 0.5, 0.75, 0: the order 1, 10, 2, 3, 4
    assert numbers["succession_in_phase"] == pytest.approx(((81 + 64 + 1 + 1) / 4) / (2 * np.var(value)))
    without = context(time, value, np.full(5, np.nan), np.nan, np.array([0.7]))
    assert without[-1] == 0.7
    assert np.isnan(without[[CONTEXT.index(name) for name in ("log_noise", "log_period", "succession_in_phase")]]).all()


def test_jitter_is_another_observation_of_the_same_star():
    rng = np.random.default_rng(0)
    time, value, error = np.arange(100.0), np.zeros(100), np.full(100, 0.1)
    kept, noisy, _ = jitter(time, value, error, rng)
    assert 60 <= len(kept) <= 100
    assert np.all(np.diff(kept) > 0)
    assert 0 < np.std(noisy) < 0.1
    assert not value.any()


def test_statistics_leave_missing_values_out():
    rows = [np.array([1.0, np.nan, 5.0]), np.array([3.0, np.nan, 5.0])]
    statistics = mean_and_std(iter(rows), width=3)
    assert statistics == {"mean": [2.0, 0.0, 5.0], "std": [1.0, 1.0, 1.0]}
    assert standardise(np.array([4.0, np.nan, 5.0]), statistics).tolist() == [2.0, 0.0, 0.0]
    assert flagged(np.array([40.0, np.nan, 5.0]), statistics).tolist() == [5.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert mean_and_std(iter([]), width=0) == {"mean": [], "std": []}


def test_quantile_encoding_by_hand():
    statistics = measure_quantiles([np.array([value]) for value in (0.0, 1.0, 2.0, 3.0, 10.0)], width=1, n_quantiles=2)
    assert statistics["edges"] == [0.0, 2.0, 10.0]
    for value, pieces in (
        (1.0, [0.5, 0.0]),
        (6.0, [1.0, 0.5]),
        (99.0, [1.0, 1.0]),
        (-5.0, [0.0, 0.0]),
        (np.nan, [0.0, 0.0]),
    ):
        assert quantile_encoded(np.array([value]), statistics)[2:].tolist() == pieces
