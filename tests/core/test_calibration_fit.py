"""Probabilities that mean what they say: what is fitted is what was put in, and the error is the sum by hand."""

import json

import numpy as np
import pytest

from m3core.classifier.calibration import Calibration, expected_calibration_error, fit_calibration, softmax
from m3core.errors import RunError

CLASSES = ("a", "b", "c")


def drawn(n, *, temperature=1.0, biases=(0.0, 0.0, 0.0), seed=0):
    """Logits, and classes drawn from softmax(logits / temperature + biases)."""
    rng = np.random.default_rng(seed)
    logits = 4 * rng.standard_normal((n, 3))
    probabilities = softmax(logits / temperature + np.array(biases))
    return logits, (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)


def test_the_error_by_hand():
    """Two bins: 0.6 on average of which a half is right, 0.95 of which all are."""
    probabilities = np.array([[0.5, 0.5], [0.7, 0.3], [0.9, 0.1], [1.0, 0.0]])
    truth = np.array([0, 1, 0, 0])
    assert expected_calibration_error(probabilities, truth, bins=2) == pytest.approx((0.1 + 0.05) / 2)
    assert expected_calibration_error(np.eye(2)[truth], truth) == 0


def test_a_temperature_is_found_again():
    logits, truth = drawn(4000, temperature=2.5)
    found = fit_calibration(logits, truth, CLASSES)
    assert found.temperature == pytest.approx(2.5, rel=0.08)
    before, after = (found.figures[when] for when in ("before", "after"))
    assert before["ece"] > 0.08 > 0.03 > after["ece"]
    assert after["log_loss"] < before["log_loss"]
    assert found.shares == pytest.approx(np.bincount(truth) / len(truth), abs=0.02)
    assert np.mean(found.right) == pytest.approx(np.mean(found.confidence), abs=0.02)


def test_biases_are_found_again():
    biases = np.array([1.5, -1.0, 0.0])
    logits, truth = drawn(6000, biases=biases)
    found = fit_calibration(logits, truth, CLASSES)
    assert found.method == "temperature and class biases"
    assert np.array(found.biases) - np.mean(found.biases) == pytest.approx(biases - biases.mean(), abs=0.15)


def test_a_faultless_classifier_keeps_finite_probabilities():
    truth = np.arange(60) % 3
    found = fit_calibration(20 * np.eye(3)[truth], truth, CLASSES)
    probabilities = found.probabilities(20 * np.eye(3)[truth])
    assert np.isfinite(probabilities).all()
    assert 0.9 < probabilities.max() < 1


def test_logits_without_information_get_the_class_shares():
    truth = np.repeat([0, 1, 2], [70, 20, 10])
    found = fit_calibration(np.zeros((100, 3)), truth, CLASSES)
    assert found.probabilities(np.zeros((1, 3)))[0] == pytest.approx([0.7, 0.2, 0.1], abs=0.03)


@pytest.mark.parametrize(("n", "classes"), [(19, 3), (0, 3), (60, 1)])
def test_too_few_labels_change_nothing_and_say_so(n, classes):
    logits = np.random.default_rng(0).standard_normal((n, 3))
    found = fit_calibration(logits, np.arange(n) % classes, CLASSES)
    assert not found.is_fitted
    assert f"{n} labelled sources" in found.reason
    assert found.probabilities(logits) == pytest.approx(softmax(logits)) if n else True


def test_a_source_without_modalities_has_no_probabilities():
    logits, truth = drawn(100)
    logits[0] = np.nan
    found = fit_calibration(logits[1:], truth[1:], CLASSES).probabilities(logits)
    assert np.isnan(found[0]).all()
    assert found[1:].sum(axis=1) == pytest.approx(1)


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    found = fit_calibration(*drawn(100), CLASSES, "hash")
    found.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == found
    content = json.loads((tmp_path / "calibration.json").read_text())
    (tmp_path / "calibration.json").write_text(json.dumps({**content, "shares": None}))
    with pytest.raises(RunError, match="malformed"):
        Calibration.read(tmp_path / "calibration.json")
