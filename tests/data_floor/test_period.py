"""The period search on curves whose period is known."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from m3core.periods.harmonic_fit import variance_explained
from m3core.periods.search import (
    FoundPeriod,
    better_period,
    folding_period,
    is_eclipse_like,
    search_period,
    search_periods,
)

PHASES = {
    "sine": lambda phase: np.sin(2 * np.pi * phase),
    # steep rise (magnitudes fall), slow decline, as RRab
    "sawtooth": lambda phase: sum(np.sin(2 * np.pi * k * phase) / k for k in (1, 2, 3, 4)) / 1.5,
    # two equal narrow minima in one orbit
    "binary": lambda phase: np.exp(-0.5 * ((np.mod(2 * phase, 1) - 0.5) / 0.08) ** 2),
    # deep primary, shallow secondary minimum
    "unequal": lambda phase: (
        np.exp(-0.5 * ((phase - 0.25) / 0.05) ** 2) + 0.5 * np.exp(-0.5 * ((phase - 0.75) / 0.05) ** 2)
    ),
}


def make(shape, period, *, n=120, amplitudes=(0.4, 0.25), noise=0.02, span=900.0, seed=0, trend=0.0):
    """Two bands, one visit a night within six hours, means and errors of their own."""
    rng = np.random.default_rng(seed)
    bands = []
    for number, amplitude in enumerate(amplitudes):
        nights = np.sort(rng.choice(int(span), n, replace=False))
        time = 51000.0 + nights + 0.25 * rng.random(n)
        value = 15.0 + number + amplitude * PHASES[shape](np.mod(time / period, 1.0)) + trend * nights / span
        bands.append((time, value + noise * rng.normal(size=n), np.full(n, noise)))
    return bands


@pytest.mark.parametrize(("shape", "period"), [("sine", 0.3456), ("sine", 31.7), ("sawtooth", 0.5513), ("sine", 210.0)])
def test_the_period_is_found_and_its_power_is_the_variance_of_a_sine(shape, period):
    bands = make(shape, period)
    found = search_period(bands)
    assert abs(1 / found.period - 1 / period) < 0.02 / 900  # a fiftieth of a peak's width
    assert found.power == pytest.approx(variance_explained(bands, found.period, 1), abs=1e-12)
    assert found.power > (0.95 if shape == "sine" else 0.6)


@pytest.mark.parametrize("shape", ["binary", "unequal"])
def test_a_binary_peaks_at_its_orbit_or_half_of_it(shape):
    found = search_period(make(shape, 1.7321, n=250))
    assert min(abs(found.period / 1.7321 - share) for share in (0.5, 1.0)) < 1e-3


def test_bands_join_their_powers():
    noisy = make("sine", 0.7123, n=40, noise=0.25, amplitudes=(0.3,) * 5, seed=3)
    assert search_period(noisy).period == pytest.approx(0.7123, rel=1e-3)
    alone = [search_period([band]).period for band in noisy]
    assert sum(abs(period / 0.7123 - 1) < 1e-3 for period in alone) < 5


def test_variance_explained_is_the_floating_mean_periodogram_of_astropy():
    time, value, _ = make("sawtooth", 0.5513)[0]
    # no ridge in astropy's, and equal weights in both: the same to the ridge's second order
    theirs = LombScargle(time, value, nterms=2).power(1 / 0.56, method="chi2")
    ours = variance_explained([(time, value, np.full(len(time), np.nan))], 0.56, 2)
    assert ours == pytest.approx(float(theirs), rel=0.02)


def test_variance_explained_counts_the_harmonics():
    bands = make("sawtooth", 0.5513, noise=0.001)
    quality = [variance_explained(bands, 0.5513, h) for h in (1, 2, 3, 4)]
    # amplitudes 1, 1/2, 1/3, 1/4: shares of 1, 1/4, 1/9, 1/16 of the power
    powers = np.cumsum([1, 1 / 4, 1 / 9, 1 / 16])
    np.testing.assert_allclose(quality, powers / powers[-1], atol=0.04)
    assert variance_explained(bands, np.nan, 1) == variance_explained(bands, -1.0, 1) == 0.0
    assert variance_explained([], 1.0, 1) == 0.0


@pytest.mark.parametrize("multiple", [2, 3, 4, 7, 15, 0.5])
@pytest.mark.parametrize("shape", ["sine", "sawtooth"])
def test_a_multiple_in_the_catalogue_is_replaced(shape, multiple):
    bands = make(shape, 0.5513)
    found, fold = folding_period(bands, 0.5513 * multiple)
    assert fold == found.period == pytest.approx(0.5513, rel=1e-4)


@pytest.mark.parametrize("shape", ["sine", "sawtooth", "binary", "unequal"])
def test_a_right_catalogue_period_is_kept_to_the_digit(shape):
    assert folding_period(make(shape, 1.7321, n=250), 1.7321)[1] == 1.7321


def test_a_healthy_binary_keeps_its_orbit_though_half_of_it_peaks():
    bands = make("binary", 1.7321, n=250)
    assert is_eclipse_like(bands, 1.7321 / 2)
    assert not is_eclipse_like(make("sawtooth", 0.5513), 0.5513)
    assert not better_period(bands, 1.7321, 1.7321 / 2)
    assert better_period(bands, 5 * 1.7321, 1.7321 / 2)
    dips = [(time, -value, error) for time, value, error in bands]
    assert is_eclipse_like(dips, 1.7321 / 2, value="flux")
    assert not better_period(dips, 1.7321, 1.7321 / 2, value="flux")


def test_a_slightly_better_fit_does_not_replace_the_catalogue():
    """Two periods at once, the catalogue's with 0.75 of the other's amplitude: 0.56 of its power."""
    bands = make("sine", 0.6123, noise=0.01)
    both = []
    for time, value, error in bands:
        amplitude = 0.75 * (np.ptp(value) / 2 - 0.02)
        both.append((time, value + amplitude * np.sin(2 * np.pi * time / 0.4711), error))
    found, fold = folding_period(both, 0.4711)
    assert found.period == pytest.approx(0.6123, rel=1e-3)
    assert fold == 0.4711


def test_noise_replaces_a_catalogue_period_once_in_a_hundred_at_most():
    stars = [make("sine", 1.0, amplitudes=(0.0, 0.0), noise=0.1, n=60, seed=seed) for seed in range(60)]
    fold = search_periods(stars, np.full(60, 3.21))[2]
    assert (fold != 3.21).sum() <= 2  # 0.6 expected


@pytest.mark.parametrize("multiple", [1, 3, 7])
def test_the_catalogue_decides_between_daily_aliases(multiple):
    """Few epochs at one hour of the night: the daily alias fits as well, and for some stars better."""
    rng = np.random.default_rng(5)
    alone, told = 0, 0
    for _ in range(20):
        time = np.sort(rng.choice(900, 40, replace=False)) + 0.02 * rng.random(40)
        value = 15 + 0.3 * PHASES["sine"](time / 0.5513) + 0.15 * rng.normal(size=40)
        bands = [(time, value, np.full(40, 0.15))]
        alone += abs(search_period(bands).period / 0.5513 - 1) < 1e-3
        told += abs(search_period(bands, catalogue=0.5513 * multiple).period / 0.5513 - 1) < 1e-3
    assert told > alone
    assert told >= 17


def test_a_wrong_catalogue_period_does_not_pull_the_search():
    bands = make("sawtooth", 0.5513)
    assert search_period(bands, catalogue=0.8 * 0.5513).period == search_period(bands).period
    assert search_period(bands, catalogue=0.01).period == search_period(bands).period


def test_without_a_catalogue_period_the_searched_one_is_used():
    bands = make("sine", 0.3456)
    for none in (np.nan, 0.0, -1.0, np.inf):
        found, fold = folding_period(bands, none)
        assert fold == found.period
    assert np.isnan(folding_period([], np.nan)[1])
    assert folding_period([], 2.5)[1] == 2.5


def test_a_slow_trend_is_no_daily_alias():
    found = search_period(make("sine", 1.0, amplitudes=(0.0, 0.0), trend=1.0))
    assert found.period > 450


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_points_have_no_period(n):
    bands = [(np.arange(n) * 1.7, np.arange(n) * 1.0, np.full(n, 0.1))]
    assert np.isnan(search_period(bands).period)


def test_odd_input_does_not_break_the_search():
    time = np.arange(30.0)
    constant = (time, np.full(30, 15.0), np.full(30, 0.1))
    same_time = (np.zeros(30), np.arange(30.0), np.full(30, 0.1))
    assert search_period([constant]) != FoundPeriod(1.0, 1.0)
    assert np.isnan(search_period([constant]).period)
    assert np.isnan(search_period([same_time]).period)
    whole_days = search_period([(time, np.sin(time), np.full(30, np.nan))])  # 0/0 at one cycle a day
    assert np.isfinite(whole_days.period)
    stray = make("sine", 0.7)[0]
    stray = (np.append(stray[0], 0.0), np.append(stray[1], 15.0), np.append(stray[2], 0.1))
    assert np.isfinite(search_period([stray]).period)  # the span is 51,000 d then: bounded, not endless


def test_threads_and_progress():
    stars = [make("sine", 0.3 + 0.01 * number, n=40, seed=number) for number in range(25)] + [[]]
    catalogue = np.full(26, np.nan)
    seen = []
    one = search_periods(stars, catalogue, workers=1, progress=lambda fraction, sentence: seen.append(fraction))
    four = search_periods(stars, catalogue, workers=4)
    for ours, theirs in zip(one, four, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert seen == [20 / 26, 1.0]
    assert np.isnan(one[0][25])

    class Stopped(Exception):
        pass

    def stop(fraction, sentence):
        raise Stopped

    with pytest.raises(Stopped):
        search_periods(stars, catalogue, progress=stop)
