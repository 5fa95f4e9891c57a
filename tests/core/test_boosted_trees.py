"""Trees as tensors: the answers of the library that fitted them, and tensors from a file that are none."""

import numpy as np
import pytest
import torch

from m3core.nn.boosted_trees import BoostedTrees
from training.trees import lightgbm
from training.vote import as_tensors


def fitted(n_classes, n=300):
    rng = np.random.default_rng(n_classes)
    inputs = rng.normal(size=(n, 12))
    inputs[:, 3] = rng.integers(0, 2, n)  # a flag
    told = 2 * inputs[:, 0] + 3 * inputs[:, 3] + rng.normal(size=n)
    classes = np.digitize(told, np.quantile(told, np.arange(1, n_classes) / n_classes))
    model = lightgbm(1).set_params(n_estimators=40, objective="multiclass", num_class=n_classes)
    return model.fit(inputs[:200], classes[:200]), inputs


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_answers_are_those_of_lightgbm(n_classes):
    model, inputs = fitted(n_classes)
    trees = as_tensors(model.booster_, n_inputs=12, n_classes=n_classes)
    found = trees(torch.from_numpy(inputs)).softmax(dim=1).numpy()
    assert found == pytest.approx(model.predict_proba(inputs), abs=1e-12)
    assert found.argmax(axis=1).max() == n_classes - 1


def test_trees_that_learn_nothing_say_the_shares_of_the_classes():
    inputs, classes = np.ones((60, 2)), np.repeat([0, 0, 1], 20)
    model = lightgbm(0).set_params(n_estimators=5, objective="multiclass", num_class=2).fit(inputs, classes)
    trees = as_tensors(model.booster_, n_inputs=2, n_classes=2)
    assert trees.fault() is None
    found = trees(torch.ones((1, 2), dtype=torch.float64)).softmax(dim=1)[0]
    assert found.tolist() == pytest.approx(model.predict_proba(np.ones((1, 2)))[0].tolist(), abs=1e-12)
    assert found.tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("feature", 12, "input"),
        ("feature", -1, "input"),
        ("left", 0, "node"),
        ("right", 99, "node"),
        ("left", -99, "node"),
    ],
)
def test_tensors_that_are_no_trees_are_told(name, value, said):
    model, _ = fitted(3)
    trees = as_tensors(model.booster_, n_inputs=12, n_classes=3)
    assert trees.fault() is None
    getattr(trees, name)[1, 2] = value
    assert said in trees.fault()


def test_fresh_trees_are_leaves_alone():
    trees = BoostedTrees(n_inputs=3, n_classes=2, n_trees=4, n_leaves=5)
    assert trees.fault() is None
    assert trees(torch.zeros((2, 3), dtype=torch.float64)).tolist() == [[0, 0], [0, 0]]
