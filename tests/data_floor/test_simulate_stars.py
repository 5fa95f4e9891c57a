"""The stars of the simulation against what is known of them."""

import numpy as np
import pytest

from data.simulate.binaries import Orbit, draw_contact, draw_detached, draw_near_contact
from data.simulate.catalogue import auxiliaries
from data.simulate.lines import GRID
from data.simulate.long_period import draw_mira, draw_rotational, draw_semiregular
from data.simulate.observing import ZERO_POINT, LightCurve, draw_epochs, observe
from data.simulate.place import declination, draw_place
from data.simulate.population import ALIASED_CLASSES, ALIASES, ODDITIES
from data.simulate.pulsators import draw_delta_scuti, draw_hads, draw_rrab, draw_rrc
from data.simulate.relations import absolute_mags, kepler_period, roche_radius
from data.simulate.source import DRAW, simulate_source
from data.simulate.spectrum import WAVELENGTH, observe_spectrum, rest_spectrum
from data.simulate.star import Star, UnlikelyStar


def drawn(draw, n=60, seed=0):
    stars, rng = [], np.random.default_rng(seed)
    while len(stars) < n:
        try:
            stars.append(draw(rng))
        except UnlikelyStar:
            continue
    return stars


def cycle(star, n=400):
    time = 2_457_000.0 + np.linspace(0, star.period, n, endpoint=False)
    return star.signal(time)


def test_roche_and_kepler_are_the_published_numbers():
    assert roche_radius(1.0) == pytest.approx(0.379, abs=0.001)  # Eggleton 1983, table 1
    assert roche_radius(10.0) == pytest.approx(0.5803, abs=0.005)
    assert kepler_period(215.03, 1.0) == pytest.approx(365.25, rel=0.002)  # the Earth's


def test_colours_of_the_sun():
    mags = absolute_mags(4.81, 5772, giant=False, carbon=False, dust=0.0)
    assert mags["BP"] - mags["RP"] == pytest.approx(0.82, abs=0.02)  # Casagrande & VandenBerg 2018
    assert mags["G"] == pytest.approx(4.67, abs=0.03)
    assert mags["V"] - mags["K"] == pytest.approx(1.5, abs=0.1)


def test_a_total_eclipse_leaves_the_light_of_the_star_in_front():
    orbit = Orbit(period=2.0, zero=0.0, radii=(0.1, 0.2), lights=(0.4, 0.6), inclination=np.pi / 2)
    assert orbit.light(np.array([0.0]))[0] == pytest.approx(0.6, abs=1e-6)
    assert orbit.light(np.array([0.25]))[0] == pytest.approx(1.0)
    annular = 1 - 0.6 * sum(
        share * min(1.0, (0.1 / (0.2 * size)) ** 2) for size, share in ((1, 0.45), (0.8, 0.33), (0.5, 0.22))
    )
    assert orbit.light(np.array([0.5]))[0] == pytest.approx(annular, abs=1e-6)


def test_an_eccentric_orbit_moves_the_second_minimum():
    orbit = Orbit(
        period=5.0,
        zero=0.0,
        radii=(0.1, 0.1),
        lights=(0.6, 0.4),
        inclination=np.pi / 2,
        eccentricity=0.3,
        periastron=0.0,
    )
    phase = np.linspace(0, 1, 4000, endpoint=False)
    light = orbit.light(phase)
    assert phase[np.argmin(light)] == pytest.approx(0.0, abs=0.02) or phase[np.argmin(light)] > 0.98
    second = phase[(phase > 0.2) & (phase < 0.8)][np.argmin(light[(phase > 0.2) & (phase < 0.8)])]
    assert abs(second - 0.5) == pytest.approx(2 * 0.3 / np.pi, abs=0.03)  # 2 e cos(omega) / pi, to first order


def test_contact_binaries_are_on_their_period_luminosity_relation():
    stars = drawn(draw_contact, 300)
    period = np.log10([star.period for star in stars])
    mags = np.array([star.abs_v for star in stars])
    assert np.corrcoef(period, mags)[0, 1] < -0.6
    near = np.abs(period - np.log10(0.4)) < 0.04
    assert np.median(mags[near]) == pytest.approx(3.4, abs=0.7)  # Chen et al. 2018, -9.15 log P - 0.23


@pytest.mark.parametrize(
    ("draw", "shortest", "longest", "smallest", "largest"),
    [
        (draw_contact, 0.2, 1.0, 0.1, 1.6),
        (draw_near_contact, 0.3, 6.0, 0.15, 2.0),
        (draw_detached, 0.45, 60, 0.12, 2.0),
        (draw_rrab, 0.38, 0.9, 0.2, 1.6),
        (draw_rrc, 0.2, 0.45, 0.2, 0.7),
        (draw_hads, 0.04, 0.2, 0.28, 0.95),
        (draw_delta_scuti, 0.03, 0.26, 0.03, 0.45),
        (draw_mira, 90, 630, 2.0, 7.0),
        (draw_semiregular, 15, 460, 0.05, 3.5),
        (draw_rotational, 0.3, 120, 0.02, 0.9),
    ],
)
def test_periods_and_amplitudes_are_those_of_the_class(draw, shortest, longest, smallest, largest):
    for star in drawn(draw):
        assert shortest <= star.period <= longest
        assert smallest < np.ptp(cycle(star)) < largest
        assert np.isfinite([star.abs_v, star.temperature, star.metallicity]).all()


def test_rr_lyrae_ab_rise_faster_than_they_fall_and_c_do_not():
    def rise(star):
        curve = cycle(star)
        brightest, faintest = np.argmin(curve), np.argmax(curve)
        return ((brightest - faintest) % len(curve)) / len(curve)

    assert np.median([rise(star) for star in drawn(draw_rrab)]) < 0.25
    assert 0.35 < np.median([rise(star) for star in drawn(draw_rrc)]) < 0.55


def test_what_is_observed_follows_from_one_star():
    """Metallicity, distance and reddening agree between the modalities."""
    source = simulate_source(np.random.default_rng(4), "RRAB")
    place, columns = source.place, source.columns
    mean = -2.5 * np.log10(np.median(source.curve["flux"]) / ZERO_POINT)
    assert columns["mean_vmag"] == pytest.approx(mean, abs=0.25)
    assert columns["parallax"] == pytest.approx(1000 / place.distance, abs=6 * columns["parallax_error"] + 0.03)
    absolute = place.mags["V"] - 5 * np.log10(place.distance) + 5 - place.extinction
    assert absolute == pytest.approx(source.star.abs_v, abs=0.1)


def test_spectra_are_shifted_by_the_radial_velocity():
    star = Star(kind="x", period=1.0, temperature=8500.0, abs_v=1.0, signal=np.zeros_like)
    centres = []
    for velocity in (-200.0, 200.0):
        rng = np.random.default_rng(1)
        place = draw_place(star, rng)
        object.__setattr__(place, "radial_velocity", velocity)
        place.mags["G"] = 9.0
        flux = observe_spectrum(star, place, rng, light=False)["flux"].astype(float)
        line = np.abs(WAVELENGTH - 6564.6) < 40
        depth = np.max(flux[line]) - flux[line]
        centres.append(np.average(WAVELENGTH[line], weights=depth**2))
    assert (centres[1] - centres[0]) / 6564.6 * 299_792 == pytest.approx(400, abs=40)


def test_composition_shows_in_the_spectrum():
    cool = {"kind": "x", "period": 1.0, "temperature": 3200.0, "abs_v": 0.0, "signal": np.zeros_like, "giant": True}
    oxygen, carbon = rest_spectrum(Star(**cool)), rest_spectrum(Star(**cool, carbon=True))

    def step(flux, head):  # blue side of a head over its red side
        return np.median(flux[np.abs(GRID - head + 25) < 12]) / np.median(flux[np.abs(GRID - head - 25) < 12])

    assert step(oxygen, 7056) > 1.5  # TiO fades to the red
    assert step(carbon, 5637) < 0.7  # Swan bands fade to the blue
    assert step(carbon, 7056) < 1.3


def test_seasons_and_nights():
    time = draw_epochs(np.random.default_rng(3), light=False)
    gaps = np.diff(time)
    assert (gaps > 60).sum() >= 2  # the star is behind the Sun
    fraction = np.mod(time, 1.0)
    assert (fraction > 0.5).mean() > 0.9 or (fraction < 0.2).mean() > 0.02  # night at two American sites


def test_errors_grow_with_magnitude_and_a_few_epochs_are_off():
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(2_457_000, 2_458_000, 20_000))
    bright, faint = (observe(np.zeros_like, mag, time, rng) for mag in (12.0, 16.0))
    assert np.median(faint.error / faint.flux) > 4 * np.median(bright.error / bright.flux)
    off = np.abs(bright.flux - np.median(bright.flux)) / bright.error
    assert 0.001 < (off > 5).mean() < 0.01


def test_string_length_of_order_and_of_noise():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 500, 400))
    flux = 10 ** (-0.4 * 0.3 * np.sin(2 * np.pi * time / 0.77))
    ordered, noise = (LightCurve(time, values, 0.01 * flux) for values in (flux, rng.permutation(flux)))
    assert auxiliaries(ordered, 0.77)["lksl_statistic"] < 0.01
    assert auxiliaries(ordered, 0.77)["rfr_score"] > 0.99
    assert auxiliaries(noise, 0.77)["lksl_statistic"] == pytest.approx(1.0, abs=0.15)
    assert auxiliaries(ordered, 0.77)["amplitude"] == pytest.approx(0.6, abs=0.01)


def test_declination_is_astropys():
    from astropy.coordinates import SkyCoord

    for longitude, latitude in ((0.0, 0.0), (123.0, 40.0), (300.0, -70.0)):
        expected = SkyCoord(l=longitude, b=latitude, unit="deg", frame="galactic").icrs.dec.deg
        assert declination(np.radians(longitude), np.radians(latitude)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("light", [True, False])
def test_every_class_can_be_drawn_and_carry_what_is_planted(light):
    asked = [(kind, {}) for kind in DRAW]
    asked += [(kind, {"oddity": oddity}) for oddity, (_, kinds) in ODDITIES.items() for kind in kinds]
    asked += [(kind, {"alias": alias}) for alias in ALIASES[1:] for kind in ALIASED_CLASSES]
    for kind, planted in asked:
        source = simulate_source(np.random.default_rng(1), kind, light=light, **planted)
        assert source.star.kind == kind
        assert np.isfinite(list(source.constants.values())).all()
