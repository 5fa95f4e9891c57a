"""Times of extremum, O - C, rivers and binned curves of stars whose truth is known."""

import numpy as np
import pytest

from m3core.figures.cycles import river_figure
from m3core.light_curve.fold import binned_phase
from m3core.periods.phase_zero import ephemeris
from m3core.periods.river import river
from m3core.periods.times_of_extremum import runs_of, times_of_extremum, trend

PERIOD = 0.5668


def star(seed=1, change=0.0, n=500, seasons=6, noise=0.02, period=PERIOD):
    """A pulsator whose period grows by `change` days a cycle, seen 150 days a year in two bands."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(2):
        time = np.sort(365.25 * rng.integers(0, seasons, n) + 150 * rng.uniform(size=n))
        cycle = time / period
        if change:
            cycle = (-period + np.sqrt(period**2 + 2 * change * time)) / change
        turn = 2 * np.pi * cycle
        value = 15 + number - 0.3 * np.cos(turn) - 0.1 * np.cos(2 * turn)
        found.append((time, value + noise * rng.standard_normal(n), np.full(n, noise)))
    return found


def test_a_constant_period_has_no_trend_and_errors_of_the_right_size():
    bands = star()
    found = times_of_extremum(bands, ephemeris(bands, PERIOD, label="RRAB"))
    assert 20 <= len(found) <= 45
    pulls = np.array([one.difference / one.error for one in found])
    assert np.std(pulls) == pytest.approx(1.0, abs=0.35)
    fitted = trend(found)
    assert abs(fitted.period_change) < 4 * fitted.period_change_error
    assert abs(fitted.curvature) < 4 * fitted.curvature_error
    assert sum(one.n_points for one in found) <= 1000
    for one in found:
        assert abs((one.time / PERIOD + 0.5) % 1 - 0.5) * PERIOD < 6 * one.error + 2e-4, "maxima at whole cycles"


def test_a_wrong_period_is_a_slope():
    bands = star()
    wrong = PERIOD + 2e-6
    found = times_of_extremum(bands, ephemeris(bands, wrong, label="RRAB"))
    fitted = trend(found)
    assert fitted.period_change == pytest.approx(-2e-6, abs=5 * fitted.period_change_error)
    assert abs(fitted.period_change) > 5 * fitted.period_change_error


def test_a_wrong_period_of_a_binary_is_a_slope_though_its_eclipses_are_smeared_out():
    period, span, found, pulls = 2.345, 1500, [], []
    wrong = period + 0.25 * period**2 / span  # a quarter of a cycle over the time span, four eclipses wide
    for seed in range(6):
        rng = np.random.default_rng(seed)
        night = np.sort(rng.choice(span, 400))
        time = night[night % 365 < 250] + 0.4 + 0.1 * rng.uniform(size=np.sum(night % 365 < 250))
        phase = (time / period + rng.uniform()) % 1
        dip = 0.6 * np.clip(1 - np.minimum(phase, 1 - phase) / 0.07, 0, 1)
        mag = 14 + dip + 0.25 * np.clip(1 - np.abs(phase - 0.5) / 0.07, 0, 1) + 0.03 * rng.standard_normal(len(time))
        bands = [(time, mag, np.full(len(time), 0.03))]
        fitted = trend(times_of_extremum(bands, ephemeris(bands, wrong, label="EA")))
        found.append(fitted.period_change)
        pulls.append((fitted.period_change - (period - wrong)) / fitted.period_change_error)
    assert np.median(found) == pytest.approx(period - wrong, rel=0.25)
    assert np.abs(pulls).max() < 4


def test_a_run_without_an_eclipse_does_not_claim_to_know_its_time():
    period, pulls = 1.658095, []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        time = np.sort(365.25 * rng.integers(0, 5, 190) + 200 * rng.uniform(size=190))
        phase = np.abs((time / period + 0.5) % 1 - 0.5)
        mag = 14 + 0.5 * np.clip(1 - phase / 0.06, 0, 1) + 0.04 * rng.standard_normal(190)
        bands = [(time, mag, np.full(190, 0.04))]
        found = times_of_extremum(bands, ephemeris(bands, period, label="EA"))
        pulls += [one.difference / one.error for one in found]
    assert len(pulls) > 40
    assert np.std(pulls) < 3, "26 and more by the curvature alone"


def test_a_growing_period_is_a_parabola():
    change = 4e-9
    bands = star(change=change)
    mean = PERIOD + change * 2190 / PERIOD / 2
    found = times_of_extremum(bands, ephemeris(bands, mean, label="RRAB"))
    fitted = trend(found)
    assert 2 * fitted.curvature == pytest.approx(change, abs=max(8 * fitted.curvature_error, 0.1 * change))
    assert fitted.curvature > 5 * fitted.curvature_error


def test_runs_end_at_gaps_and_are_long_enough():
    time = np.concatenate([np.arange(30.0), 400 + np.arange(5.0), 800 + np.arange(100.0)])
    runs = runs_of(time, 0.5, 10)
    assert all(len(run) >= 8 and np.ptp(time[run]) < 100 for run in runs)
    assert sum(map(len, runs)) == 130, "the season of five points has none"
    assert all(np.ptp(time[run]) >= 40 for run in runs_of(time, 40.0, 10) if len(run) > 40)


def test_a_few_points_have_no_times_and_no_trend():
    bands = [(np.arange(5.0), np.arange(5.0), np.ones(5))]
    assert times_of_extremum(bands, ephemeris(bands, 2.0)) == []
    assert trend([]) is None


def test_the_cells_of_a_river_are_means():
    time = np.array([0.15, 0.25, 5.12, 5.15, 20.65])
    value = np.array([1.0, 3.0, 2.0, 4.0, 9.0])
    bands = [(time, value, np.ones(5))]
    found = river(bands, ephemeris(bands, 1.0, zero="typed", epoch=0.0))
    assert found.cycles_a_row == 1
    assert found.cycle.tolist() == list(range(21))
    middle = found.value + 3.0  # the median
    assert middle[0, 1] == 1.0
    assert middle[0, 2] == 3.0
    assert middle[5, 1] == 3.0
    assert middle[20, 6] == 9.0
    assert np.isnan(found.value).sum() == found.value.size - 4
    many = river(star(), ephemeris(star(), PERIOD, label="RRAB"))
    assert len(many.cycle) <= 60
    assert many.cycles_a_row > 1


def test_brighter_is_up_on_the_bar_of_a_river_of_magnitudes():
    bands = [(np.array([0.15, 0.25, 5.12, 5.15, 20.65]), np.array([1.0, 3.0, 2.0, 4.0, 9.0]), np.ones(5))]
    found = river(bands, ephemeris(bands, 1.0, zero="typed", epoch=0.0))
    for invert in (False, True):
        [drawn] = river_figure(found, value_label="Magnitude [mag]", invert=invert).data
        seen = np.isfinite(np.asarray(drawn.customdata))
        numbers = np.asarray(drawn.customdata)[seen]
        brightness = -numbers if invert else numbers
        assert np.asarray(drawn.z)[seen] == pytest.approx(brightness)
        assert drawn.colorscale[-1][1] == "#fde725"  # the palest is the brightest
        bar = drawn.colorbar
        beside = [float(text.replace("−", "-")) for text in bar.ticktext]
        assert list(bar.tickvals) == pytest.approx([-one if invert else one for one in beside])
        assert len(beside) >= 5
        assert max(np.abs(beside)) <= drawn.zmax


def test_bins_of_phase_are_weighted_means_with_the_error_of_the_mean():
    rng = np.random.default_rng(1)
    phase, error = rng.uniform(size=400), rng.uniform(0.5, 2, 400)
    value = 5 + error * rng.standard_normal(400)
    middle, mean, mean_error = binned_phase(phase, value, error, 8)
    inside = (phase >= 0.125) & (phase < 0.25)
    weight = 1 / error[inside] ** 2
    assert middle[1] == 0.1875
    assert mean[1] == pytest.approx(np.average(value[inside], weights=weight))
    assert mean_error[1] == pytest.approx(1 / np.sqrt(weight.sum()), rel=0.25)
    one = binned_phase(np.array([0.5]), np.array([3.0]), np.array([0.2]), 4)
    assert one.tolist() == [[0.625], [3.0], [0.2]]
    unknown = binned_phase(phase, value, np.full(400, np.nan), 8)
    assert unknown[1][1] == pytest.approx(value[inside].mean())
    assert unknown[2][1] == pytest.approx(np.std(value[inside], ddof=1) / np.sqrt(inside.sum()), rel=1e-9)
