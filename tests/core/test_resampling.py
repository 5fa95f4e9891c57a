"""Intervals and tests over repeats, against numbers worked out by hand."""

from itertools import product

import numpy as np
import pytest

from m3core.experiment.resampling import Repeat, Repeats, paired_difference, paired_t_test


def repeat(truth, guess, n_classes=2):
    return Repeat(np.array(truth), np.array(guess), n_classes)


def resampled(repeats, metric, draws=2000):
    return Repeats(tuple(repeats), draws).drawn[metric]


def interval(repeats, metric):
    return Repeats(tuple(repeats)).interval(metric)


def test_two_stars_have_three_outcomes():
    """Of two stars, one right, a bootstrap draws accuracy 0, 1/2, 1 with chance 1/4, 1/2, 1/4."""
    drawn = resampled([repeat([0, 1], [0, 0])], "accuracy", draws=20_000)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0.0, 0.5, 1.0]
    np.testing.assert_allclose(counts / len(drawn), [0.25, 0.5, 0.25], atol=0.015)


def test_every_possible_draw_of_four_stars():
    """Balanced accuracy over all 4^4 draws, a class without a star left out, against the sampled distribution."""
    one = repeat([0, 0, 0, 1], [0, 0, 1, 1])
    exact = []
    for rows in product(range(4), repeat=4):
        truth, right = one.truth[list(rows)], (one.truth == one.guess)[list(rows)]
        exact.append(np.mean([right[truth == index].mean() for index in np.unique(truth)]))
    drawn = resampled([one], "balanced_accuracy", draws=20_000)
    assert np.mean(drawn) == pytest.approx(np.mean(exact), abs=0.01)
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), np.quantile(exact, [0.1, 0.5, 0.9]), atol=0.01)


def test_an_interval_is_that_of_the_normal_for_many_stars():
    rng = np.random.default_rng(1)
    truth = np.zeros(1600, int)
    one = Repeat(truth, (rng.random(1600) < 0.2).astype(int), 2)
    found = interval([one], "accuracy")
    half = 1.96 * np.sqrt(found.value * (1 - found.value) / 1600)
    assert found.low == pytest.approx(found.value - half, abs=0.003)
    assert found.high == pytest.approx(found.value + half, abs=0.003)


def test_repeats_are_drawn_too():
    """Two repeats without doubt in themselves, 0 and 1: the mean is 0, 1/2 or 1."""
    values, counts = np.unique(resampled([repeat([0], [1]), repeat([0], [0])], "accuracy"), return_counts=True)
    assert values.tolist() == [0.0, 0.5, 1.0]
    assert counts[1] / counts.sum() == pytest.approx(0.5, abs=0.05)


def test_a_repeat_that_is_drawn_twice_brings_other_stars_each_time():
    """Two repeats alike, each of two stars, one right: the mean of two draws of variance 1/8 has variance 1/16.

    If both places of a draw brought the same stars where they bring the same repeat, it would be 3/32.
    """
    one = repeat([0, 1], [0, 0])
    assert np.var(resampled([one, one], "accuracy", draws=20_000)) == pytest.approx(1 / 16, rel=0.05)


def test_a_pair_is_drawn_together():
    """The second is wrong where the first is, and on one star more: the difference never falls below 0."""
    truth = np.zeros(50, int)
    first, second = np.zeros(50, int), np.zeros(50, int)
    first[:10], second[:11] = 1, 1
    found = paired_difference(Repeats((Repeat(truth, first, 2),)), Repeats((Repeat(truth, second, 2),)), "accuracy")
    assert found.value == pytest.approx(0.02)
    assert (found.low, found.high) == (0.0, pytest.approx(0.06))  # Poisson(1): 0 to 3 of 50
    same = paired_difference(Repeats((Repeat(truth, first, 2),)), Repeats((Repeat(truth, first, 2),)), "accuracy")
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_the_t_test_by_hand():
    """d = 1, 2, 3: mean 2, std 1, t = 2 sqrt(3) with 2 degrees; p = 1 - t / sqrt(t^2 + 2) in closed form."""
    t = 2 * np.sqrt(3)
    assert paired_t_test([2, 4, 6], [1, 2, 3]) == pytest.approx(1 - t / np.sqrt(t**2 + 2))
    assert np.isnan(paired_t_test([1], [0]))
    assert np.isnan(paired_t_test([1, 2], [0, 1]))  # alike in every seed: no spread to measure by


def test_macro_recall_counts_a_class_without_a_star_as_nothing():
    one = repeat([0, 0, 1, 1], [0, 0, 1, 1], n_classes=4)
    found = interval([one], "macro_recall")
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
