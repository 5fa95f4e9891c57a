"""Period checks: stars with a known period, listed right and wrong; binaries at half their orbit; noise; a survey."""

import numpy as np
import pytest

from m3core.periods.check import HELD, check_period, string_length
from m3core.periods.survey_check import check_survey
from tests.conftest import make_survey

SPAN = 900.0


def nights(rng, n=200):
    """Times of a ground-based survey: near one hour of the night."""
    return np.sort(rng.choice(int(SPAN), n, replace=False) + 0.3 + 0.05 * rng.standard_normal(n))


def pulsation(phase):
    """A saw-tooth in magnitudes: a fast rise, a slow fall."""
    return 0.4 * np.sum([np.sin(2 * np.pi * k * phase) / k for k in (1, 2, 3, 4)], axis=0)


def eclipses(phase, second=1.0):
    """A detached binary over one orbit, the second minimum so deep in units of the first."""
    folded = np.minimum(phase % 1, 1 - phase % 1)
    return np.exp(-((folded / 0.04) ** 2)) + second * np.exp(-(((folded - 0.5) / 0.04) ** 2))


def star(shape, period, seed=1, noise=0.03, n=200, bands=2):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(bands):
        time = nights(rng, n)
        value = 15 + number + (1 - 0.2 * number) * shape(time / period) + noise * rng.standard_normal(n)
        found.append((time, value, np.full(n, noise)))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("listed", "alias"),
    [
        (lambda p: p, HELD), (lambda p: 2 * p, "P/2"), (lambda p: 3 * p, "P/3"), (lambda p: 7 * p, "P/7"),
        (lambda p: p / 2, "2P"), (lambda p: p / 3, "3P"), (lambda p: 1 / (1 / p + 1), "1d"),
        (lambda p: 1 / (1 / p - 1), "1d"),
    ],
)  # fmt: skip
def test_a_pulsating_star(listed, alias, seed):
    period = np.random.default_rng(seed).uniform(0.45, 0.65)
    for bands, value in ((star(pulsation, period, seed), "mag"), (_as_flux(star(pulsation, period, seed)), "flux")):
        found = check_period(bands, listed(period), value=value)
        assert found.best == alias
        best = found.of(found.best)
        assert abs(best.period - period) < 6 * best.error + 1e-3 / SPAN * period**2
        assert best.error < 1e-4
        assert found.shape is None or not found.shape.is_single_and_even
        assert string_length(bands, best.period) < 0.5 * string_length(bands, 1.137 * period)


def _as_flux(bands):
    return [(time, 10 ** (-0.4 * (mag - 15)), 0.03 * 10 ** (-0.4 * (mag - 15))) for time, mag, _ in bands]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_half_the_orbit_of_a_binary_is_told_by_its_shape(seed):
    equal, unequal = (lambda phase: eclipses(phase, 1.0)), (lambda phase: eclipses(phase, 0.5))
    orbit = 2.31
    found = check_period(star(equal, orbit, seed, n=400), orbit)
    assert (found.best, found.shape.is_eclipse) == ("P/2", True)
    assert check_period(star(unequal, orbit, seed, n=400), orbit).best == HELD
    found = check_period(star(unequal, orbit, seed, n=400), 2 * orbit)
    assert (found.best, found.shape.is_eclipse) == ("P/2", False), "two minima: that is a whole orbit"
    assert check_period(star(unequal, orbit, seed, n=400), orbit / 2).best == "2P"


def test_another_period_comes_from_a_search_and_noise_proves_nothing():
    bands = star(pulsation, 0.5712)
    assert check_period(bands, 0.8123).best == HELD, "nothing better among its relatives"
    found = check_period(bands, 0.8123, searched=0.5712)
    assert found.best == "other"
    assert found.of("other").period == pytest.approx(0.5712, abs=1e-4)
    for seed in range(20):
        noise = star(lambda phase: 0 * phase, 0.5, seed)
        assert check_period(noise, 0.6, searched=0.4321).best == HELD


def test_what_cannot_be_judged():
    bands = star(pulsation, 0.5)
    few = [tuple(column[:8] for column in band) for band in bands]
    for given, period in ((few, 0.5), ([], 0.5), (bands, float("nan")), (bands, 0.0), (bands, -1.0)):
        assert check_period(given, period) is None
    flat = [(time, np.full_like(time, 15.0), error) for time, _, error in bands]
    assert check_period(flat, 0.5) is None
    assert np.isnan(string_length(flat, 0.5))


def test_a_survey(tmp_path):
    survey = make_survey(tmp_path / "survey", n=60)
    rows = np.arange(60)
    is_short = survey.labels == survey.classes.index("RRAB")
    right = check_survey(survey, rows)
    assert list(right["source_id"]) == list(survey.source_ids)
    assert (right["period_alias"] != "").mean() <= 0.02
    chosen = is_short & (rows % 10 == 3)
    survey.sources["period"] = survey.sources["period"] * np.where(chosen, 2.0, 1.0)
    wrong = check_survey(survey, rows)
    assert (wrong["period_alias"][chosen] == "P/2").all()
    assert (wrong["period_alias"][~chosen] == right["period_alias"][~chosen]).all()
    best = wrong["period_alias"] == "P/2"
    assert np.abs(2 * wrong["period_best"] / wrong["period"] - 1)[best].max() < 1e-3


def test_a_class_that_lists_orbits(tmp_path):
    """Where sinusoids of a whole class peak at P/2, they are taken for contact binaries."""
    survey = make_survey(tmp_path / "survey", n=60)
    is_short = survey.labels == survey.classes.index("RRAB")
    survey.sources["period"] = survey.sources["period"] * np.where(is_short, 2.0, 1.0)
    table = check_survey(survey, np.arange(60))
    assert table["is_half_orbit"][is_short].mean() > 0.8
    assert (table["period_alias"] != "").mean() < 0.1
    survey.__dict__["labels"] = np.where(np.arange(60) == 1, survey.classes.index("SR"), survey.labels)
    assert check_survey(survey, np.arange(60))["period_alias"][1] == "P/2"
    suggested = np.full(60, survey.classes.index("RRAB"))
    assert check_survey(survey, np.arange(60), suggested=suggested)["period_alias"][1] == ""
