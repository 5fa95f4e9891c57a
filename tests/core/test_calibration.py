"""Calibration, scores and class shares, on logits whose true probabilities are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, recall_score

from m3core.classifier.calibration import (
    FEWEST,
    Calibration,
    expected_calibration_error,
    fit_calibration,
    reliability,
    softmax,
)
from m3core.classifier.logits import standard_subsets
from m3core.classifier.prior_shift import estimate_shares, with_shares
from m3core.classifier.scores import class_table, confusion, summary, wilson
from m3core.figures.classifier import class_figure, confusion_figure, reliability_figure
from training.labels import PUBLISHED_CAPS, PUBLISHED_COUNTS, cap_of, draw

CLASSES = ("EA", "EW", "RRAB")


def sample(n, seed, shares=(0.5, 0.3, 0.2), spread=1.0):
    """Classes, and logits whose softmax is the true probability of each class."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=shares)
    centres = 2.0 * np.eye(3)
    x = centres[truth] + spread * rng.standard_normal((n, 3))
    return truth, x @ centres.T / spread**2 + np.log(shares)


def test_an_over_confident_classifier_is_calibrated():
    truth, logits = sample(3000, 1)
    fitted = fit_calibration(4 * logits[:1500], truth[:1500], CLASSES)
    assert fitted.temperature == pytest.approx(4, rel=0.1)
    before = expected_calibration_error(softmax(4 * logits[1500:]), truth[1500:])
    after = expected_calibration_error(fitted.probabilities(4 * logits[1500:]), truth[1500:])
    assert before > 0.04
    assert after < 0.025
    assert fitted.figures["after"]["ece"] < fitted.figures["before"]["ece"]


def test_biases_are_taken_where_they_help():
    truth, logits = sample(3000, 2)
    assert fit_calibration(logits + np.array([3.0, 0.0, 0.0]), truth, CLASSES).method == "temperature and class biases"
    assert fit_calibration(logits, truth, CLASSES).temperature == pytest.approx(1, rel=0.1)


def test_too_few_sources_and_perfect_guesses():
    truth, logits = sample(FEWEST - 1, 3)
    fitted = fit_calibration(logits, truth, CLASSES)
    assert not fitted.is_fitted
    assert "not calibrated" in fitted.reason
    np.testing.assert_array_equal(fitted.probabilities(logits), softmax(logits))
    truth = np.arange(60) % 3
    sure = fit_calibration(5 * np.eye(3)[truth], truth, CLASSES)
    assert 0.05 < sure.temperature < 5


def test_calibration_survives_its_file(tmp_path):
    truth, logits = sample(100, 4)
    main, part = fit_calibration(logits, truth, CLASSES, "hash"), fit_calibration(3 * logits, truth, CLASSES)
    written = main.with_subset(("g",), part)
    written.write(tmp_path / "calibration.json")
    read = Calibration.read(tmp_path / "calibration.json")
    assert read == written
    assert read.of(("g",)).temperature == part.temperature
    assert read.of(("g", "r")).temperature == main.temperature


def test_bins_have_equal_numbers_and_the_error_is_by_hand():
    probabilities = np.array([[0.6, 0.4], [0.7, 0.3], [0.8, 0.2], [0.9, 0.1]])
    truth = np.array([1, 0, 0, 0])
    assert reliability(probabilities, truth, 2)["n"] == [2, 2]
    assert expected_calibration_error(probabilities, truth, 2) == pytest.approx((0.15 + 0.15) / 2)


@given(st.integers(0, 2**31), st.sampled_from([(0.1, 0.2, 0.7), (0.8, 0.1, 0.1), (0.34, 0.33, 0.33)]))
def test_em_recovers_other_class_shares(seed, shares):
    trained = np.array([0.5, 0.3, 0.2])
    truth, logits = sample(20_000, seed, shares, spread=1.2)
    probabilities = with_shares(softmax(logits), np.array(shares), trained)  # what a classifier of other shares says
    found = estimate_shares(probabilities, trained)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, shares, atol=0.025)
    better = with_shares(probabilities, trained, found)
    assert (better.argmax(1) == truth).mean() >= (probabilities.argmax(1) == truth).mean() - 0.002


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(5)
    truth, guess = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    found = summary(truth, guess, 3)
    np.testing.assert_array_equal(confusion(truth, guess, 3), confusion_matrix(truth, guess))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, guess))
    assert found["macro_recall"] == pytest.approx(recall_score(truth, guess, average="macro"))
    assert summary(truth, guess, 4)["macro_recall"] == pytest.approx(0.75 * found["macro_recall"])
    table = class_table(truth, guess, [*CLASSES, "none"])
    assert (table["recall_low"][:3] < table["recall"][:3]).all()
    assert table.iloc[3][["recall", "precision", "recall_low"]].isna().all()
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Wilson 1927's formula by hand


def test_figures_carry_their_cells():
    truth, logits = sample(100, 6)
    figure = confusion_figure(confusion(truth, logits.argmax(1), 3), ["EA", "<b>EW</b>", "RRAB"])
    assert list(figure.data[1].customdata[1]) == ["EA", "<b>EW</b>"]
    assert "<b>EW" not in str(figure.data[1].hovertext)
    assert len(class_figure(class_table(truth, logits.argmax(1), CLASSES)).data) == 2
    assert len(reliability_figure(fit_calibration(logits, truth, CLASSES).figures).data) == 3


def test_subsets_of_few_and_of_many_modalities():
    assert standard_subsets(("g", "r")) == [("g", "r"), ("g",), ("r",)]
    assert len(standard_subsets("abcdef")) == 63
    assert len(standard_subsets("abcdefgh")) == 1 + 8 + 8


def test_the_published_caps_on_the_published_counts():
    assert {share: cap_of(PUBLISHED_COUNTS, share) for share in PUBLISHED_CAPS} == PUBLISHED_CAPS
    assert cap_of([100, 10], 1.0) == 100


@pytest.mark.parametrize("cap", [False, True])
def test_shares_of_labels_are_nested_and_do_not_depend_on_the_order(cap):
    classes = np.repeat([0, 1, 2], [200, 70, 6])
    ids = [f"s{i}" for i in range(len(classes))]
    drawn = {share: draw(ids, classes, share=share, seed=7, cap=cap) for share in (0.1, 0.25, 0.5, 1.0)}
    for small, large in ((0.1, 0.25), (0.25, 0.5), (0.5, 1.0)):
        assert (drawn[large] | ~drawn[small]).all()
    assert drawn[1.0].all()
    counts = np.bincount(classes[drawn[0.1]])
    assert list(counts) == ([10, 10, 6] if cap else [20, 7, 1])
    order = np.random.default_rng(0).permutation(len(ids))
    again = draw([ids[i] for i in order], classes[order], share=0.1, seed=7, cap=cap)
    np.testing.assert_array_equal(again, drawn[0.1][order])
    assert (draw(ids, classes, share=0.1, seed=8, cap=cap) != drawn[0.1]).any()
