"""Class shares of another survey, from probabilities alone."""

import numpy as np
import pytest

from m3core.classifier.calibration import softmax
from m3core.classifier.prior_shift import estimate_shares, with_shares

ASSUMED = np.array([0.5, 0.5])


def posterior(x, share):
    """Exact p(class | x) of two Gaussians at -1 and 1 with these shares."""
    return softmax(np.stack([-((x + 1) ** 2) / 2, -((x - 1) ** 2) / 2], axis=1) + np.log(share))


def test_shares_of_another_survey_are_found():
    rng = np.random.default_rng(1)
    truth = rng.random(8000) < 0.1
    x = np.where(truth, 1.0, -1.0) + rng.standard_normal(8000)
    shares = estimate_shares(posterior(x, ASSUMED), ASSUMED)
    assert shares == pytest.approx([0.9, 0.1], abs=0.015)
    corrected = with_shares(posterior(x, ASSUMED), ASSUMED, np.array([0.9, 0.1]))
    assert corrected == pytest.approx(posterior(x, np.array([0.9, 0.1])))
    accuracies = [np.mean(found.argmax(axis=1) == truth) for found in (posterior(x, ASSUMED), corrected)]
    assert accuracies[1] > accuracies[0] + 0.03


def test_the_same_shares_change_nothing():
    found = posterior(np.linspace(-3, 3, 50), ASSUMED)
    assert with_shares(found, ASSUMED, ASSUMED) == pytest.approx(found)


def test_sources_without_probabilities_take_no_part():
    x = np.random.default_rng(0).standard_normal(200) + 1
    found = posterior(x, ASSUMED)
    blind = np.vstack([found, np.full((5, 2), np.nan)])
    assert estimate_shares(blind, ASSUMED) == pytest.approx(estimate_shares(found, ASSUMED))
    assert np.isnan(with_shares(blind, ASSUMED, np.array([0.2, 0.8]))[-5:]).all()
    assert estimate_shares(blind[-5:], ASSUMED) == pytest.approx(ASSUMED)


def test_a_class_that_was_assumed_absent_stays_absent():
    found = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert estimate_shares(found, np.array([1.0, 0.0])) == pytest.approx([1.0, 0.0])
