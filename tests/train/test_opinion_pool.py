"""Several classifiers made one: who is believed, what a bias is for, and that nothing is ruled out."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from training.opinion_pool import fit_pool


@pytest.fixture
def truth():
    return np.random.default_rng(0).choice(3, 600, p=[0.6, 0.3, 0.1])


def opinion(truth, how_sure, noise):
    """(n, 3) probabilities that lean towards the truth; `noise` turns some of them away from it."""
    rng = np.random.default_rng(int(10 * noise))
    return softmax(how_sure * (np.eye(3)[truth] + noise * rng.normal(size=(len(truth), 3))), axis=1)


def log_loss(probabilities, truth):
    return -np.log(probabilities[np.arange(len(truth)), truth]).mean()


def test_who_knows_more_is_believed_more_and_the_pool_is_ahead_of_each(truth):
    said = np.stack([opinion(truth, 3, 0.4), opinion(truth, 3, 1.0), opinion(np.roll(truth, 1), 3, 0.5)])
    pool = fit_pool(said, truth)
    better, worse, useless = pool.weights
    assert better > worse > useless
    assert useless < 0.05
    losses = [log_loss(one, truth) for one in said]
    assert log_loss(pool.probabilities(said), truth) < min(losses)
    assert log_loss(pool.probabilities(said), truth) < log_loss(said.mean(axis=0), truth)


def test_the_fit_is_the_most_probable_one(truth):
    """No small step from it is better: the formula of the docstring, computed here without its gradient."""
    said = np.stack([opinion(truth, 2, 0.6), opinion(truth, 4, 0.9)])
    pool = fit_pool(said, truth)

    def loss(weights, biases):
        pooled = log_softmax(np.tensordot(weights, np.log(np.maximum(said, 1e-4)), 1) + biases, axis=1)
        prior = ((weights - 0.5) ** 2).sum() / 2 + (biases**2).sum() / 2
        return -pooled[np.arange(len(truth)), truth].sum() + prior

    best = loss(pool.weights, pool.biases)
    for step in (0.02, -0.02):
        for one in range(2):
            assert loss(pool.weights + step * np.eye(2)[one], pool.biases) > best
        for one in range(3):
            assert loss(pool.weights, pool.biases + step * np.eye(3)[one]) > best


def test_a_class_that_is_named_too_seldom_gets_a_bias(truth):
    shy = opinion(truth, 4, 0.5) * [1, 1, 0.1]
    shy /= shy.sum(axis=1, keepdims=True)
    pool = fit_pool(shy[None], truth)
    assert pool.biases.argmax() == 2
    rare = truth == 2
    assert (pool.probabilities(shy[None])[rare].argmax(axis=1) == 2).mean() > (shy[rare].argmax(axis=1) == 2).mean()


def test_one_that_has_never_met_a_class_does_not_rule_it_out(truth):
    knows = opinion(truth, 4, 0.3)
    blind = knows * [1, 1, 0]
    blind /= blind.sum(axis=1, keepdims=True)
    pool = fit_pool(np.stack([knows, blind]), truth)
    found = pool.probabilities(np.stack([knows, blind]))
    assert (found > 0).all()
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == truth).mean() > 0.9
