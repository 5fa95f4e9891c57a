"""Periodograms to look at: the numbers of astropy, known closed forms, noise that crosses as often as it should."""

import itertools

import numpy as np
import pytest
from astropy.timeseries import LombScargle, LombScargleMultiband
from astropy.timeseries.periodograms.lombscargle._statistics import fap_baluev

from m3core.figures.periodogram import periodogram_figure
from m3core.periods.periodogram import periodogram, thinned


def star(period=0.5668, seed=1, n=150, bands=1, noise=0.05, amplitude=0.3, span=400):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(bands):
        time = np.sort(2_455_000 + rng.choice(span, n) + 0.4 + 0.15 * rng.uniform(size=n))
        error = noise * rng.uniform(0.5, 1.5, n)
        value = 15 + number + amplitude * np.cos(2 * np.pi * time / period) + error * rng.standard_normal(n)
        found.append((time, value, error))
    return found


def test_one_band_has_the_power_of_astropy():
    [(time, mag, error)] = star()
    found = periodogram([(time, mag, error)])
    theirs = LombScargle(time, mag, error)
    assert found.power == pytest.approx(theirs.power(found.frequency, method="fast"), abs=2e-3)
    some = slice(0, None, 97)
    assert found.power[some] == pytest.approx(theirs.power(found.frequency[some], method="slow"), abs=1e-5)


def test_bands_together_have_the_power_of_astropy():
    bands = star(bands=3)
    found = periodogram(bands)
    time, mag, error = map(np.concatenate, zip(*bands, strict=True))
    names = np.repeat(["u", "v", "w"], 150)
    theirs = LombScargleMultiband(time, mag, names, error, nterms_base=0, nterms_band=1)
    some = slice(0, None, 97)
    assert found.power[some] == pytest.approx(theirs.power(found.frequency[some], method="flexible"), abs=1e-5)


def test_a_peak_lies_where_the_star_was_put_and_its_error_is_the_scatter_of_many():
    off, quoted = [], []
    for seed in range(40):
        best = periodogram(star(seed=seed, n=60, bands=2)).peaks[0]
        off.append(best.period - 0.5668)
        quoted.append(best.period_error)
    assert np.std(off) == pytest.approx(np.mean(quoted), rel=0.4)


def test_the_false_alarm_level_is_astropys():
    [(time, mag, error)] = star()
    found = periodogram([(time, mag, error)])
    theirs = LombScargle(time, mag, error)
    highest = float(found.frequency[-1])
    for level in (0.1, 0.01, 0.001):
        power = float(theirs.false_alarm_level(level, method="baluev", maximum_frequency=highest))
        assert found.false_alarm_level(level) == pytest.approx(power, rel=1e-5)
        assert found.false_alarm_probability(power) == pytest.approx(
            float(fap_baluev(power, highest, time, mag, error)), rel=1e-3
        )


def test_noise_crosses_the_level_of_several_bands_no_more_often_than_it_says():
    crossed = 0
    for seed in range(150):
        found = periodogram(star(seed=seed, n=25, bands=3, amplitude=0.0, span=100), shortest_period=0.5)
        crossed += found.peaks[0].power > found.false_alarm_level(0.1)
    assert 2 <= crossed <= 26, "about 15 of 150; the bound is from above"


def test_the_window_of_nights_and_the_aliases_that_it_makes():
    bands = star(n=200)
    found = periodogram(bands)
    time = bands[0][0]
    for frequency in (found.frequency[100], found.frequency[2000]):
        plain = np.abs(np.exp(2j * np.pi * frequency * time).sum()) ** 2 / len(time) ** 2
        assert found.window[np.argmin(np.abs(found.frequency - frequency))] == pytest.approx(plain, abs=1e-6)
    peak = found.peaks[0].frequency
    named = {one.name: one.frequency for one in found.aliases(peak)}
    assert named["f + 1 d⁻¹"] == pytest.approx(peak + 1, abs=2 / 400)
    assert named["f − 1 d⁻¹"] == pytest.approx(abs(peak - 1), abs=2 / 400)


def test_too_few_points_and_constants_have_none():
    assert periodogram([]) is None
    assert periodogram([(np.arange(3.0), np.arange(3.0), np.ones(3))]) is None
    assert periodogram([(np.arange(50.0), np.full(50, 17.0), np.ones(50))]) is None
    no_errors = [(time, mag, np.full(len(time), np.nan)) for time, mag, _ in star()]
    assert periodogram(no_errors).peaks[0].period == pytest.approx(0.5668, abs=1e-4)


def test_thinning_keeps_the_peaks():
    y = np.zeros(1000)
    y[617] = 1.0
    x, kept, k = thinned(np.arange(1000.0), y, 100)
    assert (len(x), k, x[kept.argmax()]) == (100, 10, 617)
    assert thinned(x, kept, 100)[2] == 1


def test_no_two_names_of_marks_lie_on_each_other_or_on_the_curve():
    """Of a red giant f and f ± 1 d⁻¹ are the same place; the axes are 290 pixels wide beside a map, 526 on paper."""
    rng = np.random.default_rng(2)
    time = np.sort(rng.choice(1500, 400, replace=False) + 0.4 + 0.05 * rng.uniform(size=400))
    for period, narrow in itertools.product((281.9, 0.5479), (True, False)):
        value = np.cos(2 * np.pi * time / period) + 0.1 * rng.standard_normal(400)
        found = periodogram([(time, value, np.full(400, 0.1))])
        figure = periodogram_figure(found, period, narrow=narrow)
        pixels, letter = (290, 5.2) if narrow else (526, 5.8)
        named = [note for note in figure.layout.annotations if note.xref == "x"]
        assert len(named) > 4
        assert named[0].text == f"f {1 / period:.4g}"
        assert any(note.text.startswith("f + 1") for note in named)
        assert all(note.y == 1 and note.yref == "y domain" and note.yanchor == "bottom" for note in named), "above"
        spans = []
        for note in named:
            wide, x = letter * len(note.text), pixels * note.x / found.frequency[-1]
            left = x - wide * {"left": 0, "center": 0.5, "right": 1}[note.xanchor]
            assert left >= 0
            assert left + wide <= pixels
            spans.append((note.yshift, left, left + wide))
        spans.sort()
        assert all(row != after or end <= start for (row, _, end), (after, start, _) in itertools.pairwise(spans))
        assert figure.layout.margin.t >= 40 + max(note.yshift for note in named)
