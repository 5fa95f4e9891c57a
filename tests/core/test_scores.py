"""Scores against numbers by hand."""

import numpy as np
import pytest

from m3core.classifier.scores import class_table, confusion, summary, wilson

TRUTH = np.array([0, 0, 0, 0, 1, 1])
GUESS = np.array([0, 0, 0, 1, 1, -1])


def test_confusion_and_summary_by_hand():
    assert confusion(TRUTH, GUESS, 3).tolist() == [[3, 1, 0], [0, 1, 0], [0, 0, 0]]
    found = summary(TRUTH, GUESS, 3)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx((0.75 + 0.5) / 2)
    assert found["macro_recall"] == pytest.approx((0.75 + 0.5) / 3)


def test_wilson_by_its_formula():
    """(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)."""
    n, p, z = 20, 0.9, 1.959964
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert wilson(18, 20) == pytest.approx([(middle + sign * half) / (1 + z**2 / n) for sign in (-1, 1)], rel=1e-6)
    assert np.isnan(wilson(0, 0)).all()


def test_a_class_nobody_was_taken_for_has_no_precision():
    table = class_table(TRUTH, GUESS, ("a", "b", "c")).set_index("class")
    assert table.loc["a", ["n", "n_predicted", "recall", "precision"]].tolist() == [4, 3, 0.75, 1.0]
    assert np.isnan(table.loc["c", ["recall", "precision", "recall_low", "precision_high"]].astype(float)).all()
