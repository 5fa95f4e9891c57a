"""Phase dispersion, string length and boxes: known closed forms, astropy's numbers, injected periods."""

import numpy as np
import pytest
from astropy.timeseries import BoxLeastSquares

from m3core.periods.box import box_search
from m3core.periods.check import string_length
from m3core.periods.dispersion import dispersion_search, phase_dispersion, string_lengths


def star(seed=1, period=3.217, n=250, span=300, shape="saw"):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(2):
        time = np.sort(rng.choice(span, n, replace=True) + 0.4 + 0.1 * rng.uniform(size=n))
        phase = (time / period) % 1
        value = 0.8 * phase if shape == "saw" else np.where(np.minimum(phase, 1 - phase) < 0.03, 0.5, 0.0)
        found.append((time, 14 + number + value + 0.02 * rng.standard_normal(n), np.full(n, 0.02)))
    return found


def test_theta_is_the_pooled_variance_of_ten_bins():
    [(time, mag, error), _] = star()
    period = 2.9
    bins = (((time - time[0]) / period % 1) * 10).astype(int)
    parts = [mag[bins == one] for one in range(10)]
    pooled = sum(np.sum((part - part.mean()) ** 2) for part in parts) / (len(mag) - 10)
    found = phase_dispersion([(time, mag, error)], np.array([1 / period]))[0]
    assert found == pytest.approx(pooled / np.var(mag, ddof=1))


def test_string_lengths_are_those_of_the_period_check():
    bands = star()
    periods = np.array([0.77, 2.9, 3.217])
    assert string_lengths(bands, 1 / periods) == pytest.approx([string_length(bands, one) for one in periods], rel=1e-6)


def test_the_period_of_a_saw_is_found_by_both_with_errors_of_the_right_size():
    off = {"phase dispersion": [], "string length": []}
    quoted = {"phase dispersion": [], "string length": []}
    for seed in range(6):
        found = dispersion_search(star(seed, n=120), shortest_period=2.0)
        for name, minima in found.minima.items():
            near = min(minima, key=lambda one: abs(one.period - 3.217))
            assert minima[0].period / 3.217 == pytest.approx(round(minima[0].period / 3.217), abs=0.01)
            off[name].append(near.period - 3.217)
            quoted[name].append(near.error)
    for name in off:
        assert np.sqrt(np.mean(np.square(off[name]))) < 4 * np.mean(quoted[name]), name
        assert np.sqrt(np.mean(np.square(off[name]))) > 0.2 * np.mean(quoted[name]), name


def test_progress_can_end_a_search_and_nothing_is_found_in_nothing():
    def stop(done, sentence):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispersion_search(star(), progress=stop)
    constant = [(np.arange(20.0), np.full(20, 3.0), np.ones(20))]
    assert dispersion_search(constant) is None
    assert box_search(constant) is None
    assert dispersion_search([]) is None
    assert box_search([]) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_boxes_are_found_with_their_depth_and_epoch(seed):
    bands = star(seed, period=5.678, n=400, shape="box")
    found = box_search(bands, shortest_period=1.0, longest_period=20.0)
    best = found.peaks[0]
    assert abs(best.period - 5.678) < max(5 * best.period_error, 0.003)
    assert best.period_error < 0.01
    assert best.depth == pytest.approx(0.5, abs=0.06)
    assert abs((best.epoch / best.period + 0.5) % 1 - 0.5) < 0.02
    assert best.duration == pytest.approx(0.06 * 5.678, rel=0.5)
    time = np.concatenate([band[0] for band in bands])
    value = np.concatenate([np.median(band[1]) - band[1] for band in bands])
    theirs = BoxLeastSquares(time, value, 0.02).power(np.array([best.period]), np.array([best.duration]), oversample=10)
    assert 0.5 * theirs.depth_snr[0] ** 2 == pytest.approx(best.power, rel=0.05)


def test_no_box_explains_more_than_there_is():
    """At 1 d and 1 yr a survey from one site has nearly all points in one box."""
    rng = np.random.default_rng(3)
    time = np.sort(365.25 * rng.integers(0, 6, 300) + rng.integers(0, 90, 300) + 0.1 * rng.standard_normal(300))
    value = 0.5 * ((time / 0.6417544) % 1) + 0.01 * rng.standard_normal(300)
    found = box_search([(time, value, np.full(300, 0.01))], shortest_period=0.5)
    whole = 0.5 * float(np.sum(np.square((value - value.mean()) / 0.01)))
    assert max(found.power.max(), *(one.power for one in found.peaks)) <= whole


def test_flux_goes_the_other_way():
    turned = [(time, 30 - mag, error) for time, mag, error in star(period=5.678, n=400, shape="box")]
    found = box_search(turned, value="flux", shortest_period=2.0, longest_period=20.0)
    assert found.peaks[0].period == pytest.approx(5.678, abs=0.01)


@pytest.mark.parametrize(("shape", "period"), [("box", 5.678), ("v", 5.678), ("box", 2.345), ("v", 2.345)])
def test_the_error_of_a_box_period_is_the_scatter_of_many_stars(shape, period):
    off, quoted = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        time = np.sort(rng.choice(600, 300) + 0.4 + 0.1 * rng.uniform(size=300))
        phase = np.abs((time / period + rng.uniform()) % 1 - 0.5)
        dip = np.where(phase < 0.04, 0.3, 0.0) if shape == "box" else 0.3 * np.clip(1 - phase / 0.05, 0, 1)
        star = (time, 14 + dip + 0.04 * rng.standard_normal(300), np.full(300, 0.04))
        best = box_search([star], shortest_period=0.95 * period, longest_period=1.05 * period).peaks[0]
        off.append(best.period - period)
        quoted.append(best.period_error)
    assert 0.6 < np.sqrt(np.mean(np.square(off)) / np.mean(np.square(quoted))) < 1.6
    assert np.mean(np.abs(off) < 3 * np.array(quoted)) > 0.9
