"""Fast sums of many trials: the numbers of one fit after the other."""

import numpy as np
import pytest

from m3core.periods.harmonic_fit import share_explained, weighted_bands
from m3core.periods.trials import share_near, shares_by_harmonics, turns


@pytest.fixture(scope="module")
def bands():
    """Two bands; the second carries three harmonics only."""
    rng = np.random.default_rng(4)
    found = []
    for n in (150, 20):
        time = 2_455_000 + np.sort(rng.uniform(0, 900, n))
        value = (
            np.cos(2 * np.pi * time / 0.6123) + 0.4 * np.sin(4 * np.pi * time / 0.6123) + 0.1 * rng.standard_normal(n)
        )
        found.append((time, value, rng.uniform(0.05, 0.2, n)))
    return weighted_bands(found)


def test_turns_are_exponentials():
    frequencies, time = np.array([0.0, 1e-4, 0.3, 17.0, 60.0]), np.linspace(0, 3000, 500)
    cycles = np.mod(np.multiply.outer(frequencies, time), 1.0)
    np.testing.assert_allclose(turns(frequencies, time), np.exp(2j * np.pi * cycles), rtol=0, atol=1e-14)


@pytest.mark.parametrize("harmonics", [1, 4])
def test_steps_about_frequencies(bands, harmonics):
    frequencies, step = np.array([0.001, 1 / 0.6123, 2 / 0.6123, 3.7]), 0.04 / 900
    trials = frequencies[:, None] + step * np.arange(-3, 4)
    one_by_one = share_explained(bands, trials.ravel(), harmonics).reshape(trials.shape)
    np.testing.assert_allclose(share_near(bands, frequencies, step, 3, harmonics), one_by_one, rtol=0, atol=1e-9)


def test_all_numbers_of_harmonics_from_one_factor(bands):
    frequencies = np.array([1 / 0.6123, 0.5 / 0.6123, 3.7])
    one_by_one = np.stack([share_explained(bands, frequencies, h) for h in range(1, 13)], axis=1)
    np.testing.assert_allclose(shares_by_harmonics(bands, frequencies, 12), one_by_one, rtol=0, atol=1e-9)
