"""Wavelengths, lines, continuum, smoothing and equivalent widths against independent formulas and known shapes."""

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.wcs import WCS
from scipy.ndimage import gaussian_filter1d

from m3core.errors import SurveyError
from m3core.spectrum.air import air_to_vacuum, vacuum_to_air
from m3core.spectrum.continuum import continuum, smoothed
from m3core.spectrum.equivalent_width import equivalent_width
from m3core.spectrum.lines import GROUPS, LIGHT_SPEED, LINES, positions, telluric_bands
from m3core.spectrum.spectrum import make_spectrum

WAVELENGTH = 10 ** (3.5682 + 1e-4 * np.arange(3908))
OPTICAL = np.linspace(3700.0, 9100.0, 201)


def piskunov(air):
    """VALD's own inverse (N. Piskunov) of Birch & Downs (1994), as Morton (2000) has it: another measurement of air."""
    s = (1e4 / air) ** 2
    index = 1 + 8.336624212083e-5 + 2.408926869968e-2 / (130.1065924522 - s) + 1.599740894897e-4 / (38.92568793293 - s)
    return air * index


def test_air_to_vacuum_agrees_with_valds_formula():
    assert np.abs(air_to_vacuum(OPTICAL) - piskunov(OPTICAL)).max() < 1e-3  # 0.05 km/s


@pytest.mark.parametrize("angstrom", [3933.68, 5183.619, 6562.808, 8542.144])
def test_air_to_vacuum_agrees_with_wcslib(angstrom):
    """wcslib turns an axis of wavelengths in air (AWAV) into one in vacuum by the formula of Greisen et al. (2006)."""
    axis = WCS(naxis=1)
    axis.wcs.ctype, axis.wcs.cunit = ["AWAV"], ["m"]
    axis.wcs.crval, axis.wcs.cdelt, axis.wcs.crpix = [angstrom * 1e-10], [1e-12], [1]
    axis.wcs.set()
    axis.wcs.sptr("WAVE-A2W")
    theirs = axis.wcs_pix2world([[1.0]], 1)[0, 0] * 1e10
    assert air_to_vacuum(angstrom) == pytest.approx(theirs, abs=1e-3)


def test_the_two_ways_undo_one_another():
    assert np.abs(vacuum_to_air(air_to_vacuum(OPTICAL)) - OPTICAL).max() < 1e-9


def test_the_values_that_everybody_knows():
    lines = {line.name: line for line in LINES}
    known = {"H alpha": 6564.61, "H beta": 4862.68, "Ca II K": 3934.78, "Na D2": 5891.58, "Ca II 8542": 8544.44}
    for name, vacuum in known.items():
        assert positions((lines[name],), "vacuum", 0.0)[0] == pytest.approx(
            vacuum, abs=0.06
        )  # 2 km/s: lists differ by so much
        assert positions((lines[name],), "air", 0.0)[0] == pytest.approx(lines[name].air, abs=1e-6)


def test_an_air_list_on_a_vacuum_spectrum_would_look_like_80_km_s():
    shift = positions(LINES, "vacuum", 0.0) / np.array([line.air for line in LINES]) - 1
    assert np.all((shift * LIGHT_SPEED > 80) & (shift * LIGHT_SPEED < 86))


def test_lines_move_with_the_velocity_as_astropy_moves_them():
    rest = positions(LINES, "vacuum", 0.0) * u.AA
    moved = (250 * u.km / u.s).to(u.AA, u.doppler_optical(rest))
    assert np.allclose(positions(LINES, "vacuum", 250.0), moved.value, rtol=0, atol=1e-6)
    # in air it is the wavelength in vacuum that is moved
    assert np.allclose(positions(LINES, "air", 250.0), vacuum_to_air(moved.value), rtol=0, atol=1e-9)
    assert constants.c.to_value("km/s") == LIGHT_SPEED


def test_every_group_that_specialists_look_for_is_there():
    assert {"Balmer", "Ca", "Na", "Mg", "He", "C2", "CN", "TiO"} <= set(GROUPS)
    names = [line.name for line in LINES]
    assert len(set(names)) == len(names)
    air, vacuum = telluric_bands("air"), telluric_bands("vacuum")
    assert air[0] == ("O₂ B", 6867.0, 6944.0)
    assert vacuum[0][1] == pytest.approx(6868.9, abs=0.05)


def cn_red_head(upper: int, lower: int) -> float:
    """The R2 head of a band of CN's red system in air, from the constants of Huber & Herzberg (1979), to an Angstrom.

    Hund's matrix of A 2Pi (inverted) against X 2Sigma+; what it leaves out are 2 cm-1.
    """

    def ladder(v, omega, anharmonic):
        return omega * (v + 0.5) - anharmonic * (v + 0.5) ** 2

    rotation = 1.7151 - 0.01708 * (upper + 0.5)
    level = 9245.28 + ladder(upper, 1812.56, 12.609) - rotation
    found = []
    for n in range(1, 40):  # of the lower state; J'' = N - 1/2, J' = N + 1/2
        x = (n + 1.0) ** 2
        off = -rotation * np.sqrt(x - 1)
        matrix = [[level + 52.64 / 2 + rotation * x, off], [off, level - 52.64 / 2 + rotation * (x - 2)]]
        below = ladder(lower, 2068.59, 13.087) + (1.89974 - 0.01736 * (lower + 0.5)) * n * (n + 1)
        found.append(np.linalg.eigvalsh(matrix)[1] - below)
    return float(vacuum_to_air(1e8 / max(found)))


def test_heads_of_cn_are_where_its_constants_put_them():
    lines = {line.name: line.air for line in LINES}
    for name, band in {"CN 6926": (3, 0), "CN 7089": (4, 1), "CN 7873": (2, 0), "CN 8067": (3, 1)}.items():
        assert lines[name] == pytest.approx(cn_red_head(*band), abs=1.5)


def spectrum_of(flux, sigma, **more):
    return make_spectrum("spectra", WAVELENGTH, flux, np.full(len(WAVELENGTH), sigma**-2.0), **more)


def absorption(centre, depth, width):
    return depth * np.exp(-0.5 * ((WAVELENGTH - centre) / width) ** 2)


@pytest.mark.parametrize(("depth", "slope"), [(0.6, 0.0), (0.6, 3e-4), (-1.5, -2e-4)])
def test_equivalent_width_of_a_gaussian_is_its_area(depth, slope):
    level = 100 * (1 + slope * (WAVELENGTH - 6564.0))
    found = equivalent_width(spectrum_of(level * (1 - absorption(6564.6, depth, 4.0)), 1.0), 6540.0, 6590.0)
    assert found.width == pytest.approx(depth * 4.0 * np.sqrt(2 * np.pi), rel=2e-3)
    assert found.continuum == pytest.approx((100 * (1 - slope * 24), 100 * (1 + slope * 26)), rel=1e-3)


def test_equivalent_width_does_not_depend_on_where_pixels_begin():
    flux = 1 - absorption(6564.6, 0.5, 4.0)
    widths = [equivalent_width(spectrum_of(flux, 0.01), 6540.0 + d, 6590.0 + d).width for d in np.linspace(0.0, 1.5, 7)]
    assert np.ptp(widths) < 0.002


def test_equivalent_widths_scatter_by_their_errors():
    rng = np.random.default_rng(20)
    level = np.linspace(80.0, 120.0, len(WAVELENGTH))
    sigma = np.linspace(2.0, 6.0, len(WAVELENGTH))
    truth = 0.6 * 4.0 * np.sqrt(2 * np.pi)
    flux = level * (1 - absorption(6564.6, 0.6, 4.0))
    pulls = []
    for _ in range(400):
        noisy = make_spectrum("spectra", WAVELENGTH, flux + sigma * rng.standard_normal(len(flux)), sigma**-2)
        found = equivalent_width(noisy, 6545.0, 6585.0)
        pulls.append((found.width - truth) / found.error)
    assert abs(np.mean(pulls)) < 0.2
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)  # three standard errors of 400


def test_equivalent_width_without_an_inverse_variance_takes_the_scatter():
    rng = np.random.default_rng(21)
    flux = 1 - absorption(6564.6, 0.6, 4.0) + 0.02 * rng.standard_normal(len(WAVELENGTH))
    bare = make_spectrum("spectra", WAVELENGTH, flux, np.full(len(flux), np.nan))
    assert bare.error is None
    found = equivalent_width(bare, 6545.0, 6585.0)
    given = equivalent_width(spectrum_of(flux, 0.02), 6545.0, 6585.0)
    assert found.width == pytest.approx(given.width, abs=1e-6)
    assert found.error == pytest.approx(given.error, rel=0.4)
    assert "scatter" in found.error_from


def test_masked_pixels_are_bridged_and_counted():
    flux, ivar = 1 - absorption(6564.6, 0.5, 6.0), np.full(len(WAVELENGTH), 1e4)
    masked = np.flatnonzero((WAVELENGTH > 6570) & (WAVELENGTH < 6574))
    spoilt = flux.copy()
    spoilt[masked], ivar[masked] = -1e6, 0.0
    found = equivalent_width(make_spectrum("spectra", WAVELENGTH, spoilt, ivar), 6540.0, 6590.0)
    assert found.n_masked == len(masked) > 1
    assert found.width == pytest.approx(0.5 * 6.0 * np.sqrt(2 * np.pi), rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (6550, 6550, "no observed pixel"), (2000, 2100, "no observed pixel"), (3600, 3800, "reaches beyond"),
        (6550.0, 6550.5, "fewer than two"), (3701, 3705, "beside"),
    ],
)  # fmt: skip
def test_a_range_that_cannot_be_measured_is_a_sentence(low, high, said):
    with pytest.raises(SurveyError, match=said):
        equivalent_width(spectrum_of(np.ones(len(WAVELENGTH)), 0.1), low, high)


def test_a_range_of_masked_pixels_and_a_negative_continuum_are_sentences():
    ivar = np.where((WAVELENGTH > 6550) & (WAVELENGTH < 6580), 0.0, 1.0)
    with pytest.raises(SurveyError, match="masked"):
        equivalent_width(make_spectrum("spectra", WAVELENGTH, np.ones(len(ivar)), ivar), 6551, 6579)
    with pytest.raises(SurveyError, match="not positive"):
        equivalent_width(spectrum_of(-np.ones(len(WAVELENGTH)), 0.1), 6551, 6579)


@pytest.mark.parametrize("signal_to_noise", [10, 50])
def test_the_continuum_runs_over_the_lines(signal_to_noise):
    rng = np.random.default_rng(22)
    level = 50 * (1 + 0.4 * np.sin(WAVELENGTH / 1500))
    lines = sum(absorption(line.air, 0.6, 5.0) for line in LINES)
    sigma = level / signal_to_noise
    flux = level * np.maximum(1 - lines, 0.2) + sigma * rng.standard_normal(len(level))
    found = continuum(make_spectrum("spectra", WAVELENGTH, flux, sigma**-2))
    ratio = found / level
    assert np.abs(np.median(ratio) - 1) < 0.6 / signal_to_noise  # less than a pixel's noise
    assert np.abs(ratio - 1).max() < 0.12


def test_no_continuum_where_there_is_too_little():
    assert np.isnan(continuum(make_spectrum("spectra", WAVELENGTH[:5], np.ones(5), np.ones(5)))).all()
    assert np.isnan(continuum(spectrum_of(-np.ones(len(WAVELENGTH)), 0.1))).all()
    assert continuum(spectrum_of(np.ones(len(WAVELENGTH)), 0.1)) == pytest.approx(1.0)


def test_smoothing_keeps_cubics_and_lets_no_masked_pixel_leak():
    x = np.linspace(-1, 1, 400)
    cubic = 1 + x - 2 * x**2 + 3 * x**3
    observed = np.ones(400, bool)
    assert smoothed(cubic, observed, 51) == pytest.approx(cubic, abs=1e-9)
    observed[200], spoilt = False, np.ones(400)
    spoilt[200] = 1e9
    found = smoothed(spoilt, observed, 51)
    assert np.isnan(found[200])
    assert found[observed] == pytest.approx(1.0)
    noise = np.random.default_rng(23).standard_normal(4000)
    assert np.std(smoothed(noise, np.ones(4000, bool), 51)) < 0.3 < np.std(gaussian_filter1d(noise, 1))


def test_what_makes_a_pixel_masked():
    flux, ivar = [1, 2, np.nan, 4, 5, 6], [1.0, 0.0, 1.0, np.nan, -1.0, np.inf]
    made = make_spectrum("spectra", [5000, 5001, 5002, 5003, 5004, 5005], flux, ivar)
    assert made.observed.tolist() == [True, False, False, False, False, False]
    assert made.n_masked == 5
    made = make_spectrum("spectra", [5001, np.nan, 5000], [1, 2, 3], [4, 4, 4])
    assert made.wavelength.tolist() == [5000, 5001]
    assert made.flux.tolist() == [3, 1]
    assert made.error.tolist() == [0.5, 0.5]
    assert "1 pixels have no wavelength" in made.notes[0]
