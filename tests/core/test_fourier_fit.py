"""Fourier parameters, extrema and ephemerides of curves whose truth is known."""

import numpy as np
import pytest

from m3core.periods.fourier_fit import fit_fourier, period_error
from m3core.periods.phase_zero import ephemeris, in_days, value_and_error
from m3core.periods.refine import refined_period
from m3core.periods.variability_type import variability_of

PERIOD, EPOCH = 0.5668386, 2_455_100.1234


def curve(seed=1, n=200, noise=0.01, sign=1.0, level=15.0, shift=0.0):
    """A cosine series of R21 = 0.5, phi21 = 4.0, R31 = 0.3, phi31 = 2.0 (phi1 = 1.2), in magnitudes."""
    rng = np.random.default_rng(seed)
    time = np.sort(2_455_000 + rng.uniform(0, 300, n))
    turn = 2 * np.pi * ((time - EPOCH) / PERIOD - shift)
    value = 0.3 * (np.cos(turn + 1.2) + 0.5 * np.cos(2 * turn + 2.4 + 4.0) + 0.3 * np.cos(3 * turn + 3.6 + 2.0))
    return time, level + sign * value + noise * rng.standard_normal(n), np.full(n, noise)


def test_the_parameters_of_a_known_series():
    fit = fit_fourier(curve(noise=1e-6), PERIOD, EPOCH, 3)
    found = {one.name: one.value for one in fit.ratios("cosine")}
    assert found == pytest.approx({"R21": 0.5, "phi21": 4.0, "R31": 0.3, "phi31": 2.0}, abs=1e-4)
    sine = {one.name: one.value for one in fit.ratios("sine")}
    assert sine["phi21"] == pytest.approx(4.0 - np.pi / 2, abs=1e-4)
    assert sine["phi31"] == pytest.approx((2.0 - np.pi) % (2 * np.pi), abs=1e-4)
    assert fit.amplitudes()[0][:1] + fit.amplitudes()[0][2:3] == pytest.approx((0.3, 1.2), abs=1e-4)


def test_the_coefficients_are_those_of_plain_least_squares():
    time, mag, error = curve()
    fit = fit_fourier((time, mag, error), PERIOD, EPOCH, 3)
    angle = 2 * np.pi * np.outer((time - EPOCH) / PERIOD, [1, 2, 3])
    rows = np.hstack([np.ones((len(time), 1)), np.cos(angle), np.sin(angle)])
    plain, *_ = np.linalg.lstsq(rows, mag, rcond=None)
    assert fit.coefficients == pytest.approx(plain, abs=1e-8)
    assert fit.rms == pytest.approx(np.std(mag - rows @ plain), rel=1e-3)


def test_errors_are_the_scatter_of_many():
    values, errors = [], []
    for seed in range(60):
        fit = fit_fourier(curve(seed, noise=0.03), PERIOD, EPOCH, 3)
        values.append([one.value for one in fit.ratios()])
        errors.append([one.error for one in fit.ratios()])
    assert np.std(values, axis=0) == pytest.approx(np.mean(errors, axis=0), rel=0.3)


def test_the_number_of_harmonics_is_chosen_and_gaps_in_phase_are_not_bridged_wildly():
    assert fit_fourier(curve(), PERIOD, EPOCH).n_harmonics == 3
    time, mag, error = curve()
    kept = ((time - EPOCH) / PERIOD) % 1 < 0.5
    fit = fit_fourier((time[kept], mag[kept], error[kept]), PERIOD, EPOCH)
    assert fit.n_harmonics == 1
    assert fit_fourier((time[:4], mag[:4], error[:4]), PERIOD, EPOCH) is None


def test_the_error_of_the_period_is_what_the_chi2_says():
    rises = []
    for seed in range(8):
        band = curve(seed, noise=0.02)
        fit = fit_fourier(band, PERIOD, EPOCH, 3)
        trials = PERIOD + np.linspace(-3, 3, 61) * period_error([band], [fit])
        fits = [fit_fourier(band, period, EPOCH, 3) for period in trials]
        bend = np.polyfit(np.linspace(-3, 3, 61), [200 * one.rms**2 / 0.02**2 for one in fits], 2)[0]
        rises.append(bend / fit.reduced_chi2)
    assert np.mean(rises) == pytest.approx(1.0, rel=0.25), "chi2 rises by its reduced value within one error"


def test_bands_that_are_off_together_do_not_make_errors_smaller():
    off, quoted, off_period, quoted_period = [], [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        time = np.sort(rng.uniform(0, 300, 80))
        shared = 0.03 * rng.standard_normal(80)  # a cycle that is brighter is so in every band
        turn = 2 * np.pi * time / PERIOD
        bands = [
            (time + 1e-4 * number, 15 - 0.3 * np.cos(turn) + shared + 0.01 * rng.standard_normal(80), np.full(80, 0.01))
            for number in range(4)
        ]
        found = ephemeris(bands, PERIOD, label="RRAB")
        off.append((found.epoch / PERIOD + 0.5) % 1 - 0.5)
        quoted.append(found.epoch_error / PERIOD)
        off_period.append(refined_period(bands, PERIOD) - PERIOD)
        quoted_period.append(found.period_error)
    assert np.std(off) == pytest.approx(np.mean(quoted), rel=0.35)
    assert np.std(off_period) == pytest.approx(np.mean(quoted_period), rel=0.35)


def test_phase_zero_is_at_maximum_in_every_band_and_its_error_is_the_scatter_of_many():
    true = np.linspace(0, 1, 100_000)
    turn = 2 * np.pi * true
    shape = np.cos(turn + 1.2) + 0.5 * np.cos(2 * turn + 6.4) + 0.3 * np.cos(3 * turn + 5.6)
    brightest = true[shape.argmin()]
    off, errors = [], []
    for seed in range(40):
        found = ephemeris([curve(seed, noise=0.03), curve(seed + 99, noise=0.05, level=16)], PERIOD, label="RRAB")
        off.append((((found.epoch - EPOCH) / PERIOD - brightest + 0.5) % 1 - 0.5) * PERIOD)
        errors.append(found.epoch_error)
    assert np.std(off) == pytest.approx(np.mean(errors), rel=0.35)
    assert abs(np.mean(off)) < 3 * np.mean(errors) / np.sqrt(40) + 5e-4
    assert found.mark == "Max"
    assert "RRAB" in found.reason
    flux = ephemeris([curve(sign=-1)], PERIOD, value="flux", label="RRAB")
    assert flux.epoch == pytest.approx(ephemeris([curve()], PERIOD, label="RRAB").epoch, abs=3 * errors[0])


def eclipses(seed=1, n=300, secondary=0.6):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 200, n))
    phase = ((time - 3.21) / 2.345) % 1
    near, far = np.minimum(phase, 1 - phase), np.abs(phase - 0.5)
    mag = 12 + 0.8 * np.exp(-((near / 0.04) ** 2)) + 0.8 * secondary * np.exp(-((far / 0.04) ** 2))
    return time, mag + 0.01 * rng.standard_normal(n), np.full(n, 0.01)


@pytest.mark.parametrize("label", ["EA", "EA:", "EA/RS", None, "type1"])
def test_phase_zero_of_a_binary_is_its_deeper_minimum(label):
    found = ephemeris([eclipses()], 2.345, label=label)
    assert found.mark == "Min"
    assert abs(((found.epoch - 3.21) / 2.345 + 0.5) % 1 - 0.5) < 0.005
    assert ("looks like eclipses" in found.reason) == (label in (None, "type1"))


def test_a_typed_epoch_and_the_first_observation():
    band = curve()
    typed = ephemeris([band], PERIOD, zero="typed", epoch=2_455_001.5)
    assert (typed.epoch, typed.mark) == (2_455_001.5, "")
    assert ephemeris([band], PERIOD, zero="first").epoch == band[0].min()
    assert typed.n_cycles == pytest.approx(300 / PERIOD, abs=3)
    one = ephemeris([(np.array([5.0]), np.array([1.0]), np.array([0.1]))], 2.0)
    assert (one.epoch, one.n_cycles) == (5.0, 1)
    assert "no curve has six points that vary" in one.reason


def test_what_the_curve_does_not_fix_has_no_error_and_no_extremum():
    time, mag, error = curve()
    at_once = ephemeris([(np.full(200, 2_455_000.0), mag, error)], PERIOD, label="RRAB")
    assert (at_once.epoch, at_once.mark) == (2_455_000.0, "")
    assert "show an extremum" in at_once.reason
    assert at_once.vsx("HJD") == "HJD 2455000.00000 + 0.5668386 × E"
    long = ephemeris([(time, mag, error)], 1e6, label="M")
    assert np.isnan(long.period_error)
    assert "(" not in long.vsx("HJD").partition("+")[2]


def test_the_notation_of_the_vsx():
    found = ephemeris([curve()], PERIOD, label="RRAB")
    text = found.vsx("HJD")
    assert text.startswith("Max = HJD 24551")
    assert text.endswith(") × E")
    assert value_and_error(0.56683861, 3.2e-7) == "0.5668386(3)"
    assert value_and_error(2450123.45671, 0.0012) == "2450123.4567(12)"
    assert value_and_error(331.4, 2.6) == "331(3)"
    assert value_and_error(1.5, float("nan"), digits=3) == "1.500"


def test_a_period_has_no_zeros_that_nobody_measured():
    assert [in_days(period) for period in (0.61290586, 0.0566668612, 256.098, 1e-6, 200.0)] == [
        "0.6129059 d", "0.05666686 d", "256.098 d", "0.000001 d", "200 d"
    ]  # fmt: skip


def test_labels_of_the_vsx():
    assert [variability_of(one) for one in ("RRAB", "rrab:", "M", "DCEP(B)", "HADS|SXPHE")] == ["pulsating"] * 5
    assert [variability_of(one) for one in ("EA", "EW", "E:", "EA/SD/RS", "EB+DSCT")] == ["eclipsing"] * 5
    assert [variability_of(one) for one in ("ROT", "type1", None, "", "YSO")] == ["unknown"] * 5
