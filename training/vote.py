"""Boosted trees that vote beside the network: taught the same, on what pre-trained encoders give.

A network is behind trees where a few numbers decide (a period, a colour), ahead where the shape of a curve does;
they err on different stars (docs/accuracy.md). How much of the answer is theirs the validation split says.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from m3core.classifier.calibration import softmax
from m3core.classifier.logits import class_logits, observed
from m3core.model.clip import Classifier
from m3core.model.config import TreesConfig
from m3core.nn.boosted_trees import BoostedTrees
from m3core.survey import Survey
from training.classification import Classification
from training.labels import draw
from training.seen import seen_by
from training.setup import Rows
from training.trees import lightgbm

__all__ = ["with_trees"]

MOST_SOURCES = 20_000
"""Sources that trees are fitted to: a few minutes of one core."""

LEAST_TAUGHT = 0.02
"""Smaller probabilities of a class are not taught: a source would stand in the table once for every class."""

LEAST = 1e-6
"""A probability is taken to be this at least: one star that both are wrong of must not decide."""

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def with_trees(
    model: Classifier, frozen: Classifier, survey: Survey, targets: NDArray[np.float32], rows: Rows,
    *, most: float, seed: int,
) -> tuple[Classifier, str]:  # fmt: skip
    """A trained classifier with trees beside it, or alone where the validation split finds them of no use.

    Args:
        frozen: the classifier as it was before its training: its encoders are what the trees read.
        targets: (N, C) class probabilities, of which only those at `rows` are read: what the network was taught, and
            the labels of the validation split.
        rows: sources of the training split, and labelled ones of the validation split.
        most: of the answer that can be the trees' share, 0 to 1.
        seed: of the trees, and of the sources drawn where there are more than 20,000.

    Returns:
        The classifier, and a sentence with the numbers.
    """
    n_classes = len(model.config.classes)
    taught = fitted = rows.train
    if len(taught) > MOST_SOURCES:
        few, likeliest = MOST_SOURCES / len(taught), targets[taught].argmax(axis=1)
        drawn = taught[draw(survey.source_ids[taught], likeliest, share=few, seed=seed, cap=False)]
        fitted = np.union1d(drawn, taught[targets[taught].argmax(axis=0)])  # the surest of each class
    seen = seen_by(frozen.backbone, survey, frozen.config.names)
    fit = lightgbm(seed).set_params(objective="multiclass", num_class=n_classes)
    # a source that may be of two classes stands for both, with their probabilities as weights; LightGBM counts the
    # classes that it meets, so each has its surest source
    is_taught = targets[fitted] > LEAST_TAUGHT
    is_taught[targets[fitted].argmax(axis=0), np.arange(n_classes)] = True
    places, classes = np.nonzero(is_taught)
    fit.fit(seen.numbers[fitted[places]], classes, sample_weight=targets[fitted[places], classes])
    trees = as_tensors(fit.booster_, n_inputs=seen.numbers.shape[1], n_classes=n_classes)

    names = model.config.names
    judged = rows.validation[observed(survey, names)[:, rows.validation].all(axis=0)]
    share, by = most, f"the setting, since fewer than {Classification.fewest_judged} validation labels judge"
    if len(judged) >= Classification.fewest_judged:
        network = softmax(class_logits(model, survey, judged, [names])[0])
        said = softmax(trees(torch.from_numpy(seen.numbers[judged])).numpy())
        own = np.arange(len(judged)), targets[judged].argmax(axis=1)
        share, by = best_share(network[own], said[own], most), f"the log loss of {len(judged)} validation labels"
    sentence = f"trees fitted to {len(fitted)} of {len(taught)} sources have {share:.2f} of the answer, by {by}"
    if not share:
        return model, sentence
    n_trees, n_leaves = trees.value.shape
    asked = TreesConfig(
        numbers=seen.inputs, n_components=len(seen.reading.axes), n_trees=n_trees, n_leaves=n_leaves, share=share
    )
    found = Classifier(model.config.model_copy(update={"trees": asked}))
    found.load_state_dict(model.state_dict(), strict=False)
    assert found.trees is not None
    found.trees.reading, found.trees.trees = seen.reading, trees
    return found.eval(), sentence


def best_share(network: Array, trees: Array, most: float) -> float:
    """The s in 0 to `most`, to two decimals, with the least log loss of (1 - s) * network + s * trees.

    Args:
        network, trees: (n,) probability that each gives the true class.
    """
    shares = np.arange(round(100 * most) + 1) / 100
    mixed = network + shares[:, None] * (trees - network)
    return float(shares[np.log(np.maximum(mixed, LEAST)).sum(axis=1).argmax()])


def as_tensors(booster: Any, *, n_inputs: int, n_classes: int) -> BoostedTrees:
    """The trees of a LightGBM model of several classes."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    n_leaves = max(2, *(_n_leaves(tree) for tree in trees))
    found = BoostedTrees(n_inputs=n_inputs, n_classes=n_classes, n_trees=len(trees), n_leaves=n_leaves)
    for number, tree in enumerate(trees):
        _fill(found, number, tree)
    return found


def _n_leaves(node: dict[str, Any]) -> int:
    return 1 if "leaf_value" in node else _n_leaves(node["left_child"]) + _n_leaves(node["right_child"])


def _fill(trees: BoostedTrees, number: int, node: dict[str, Any]) -> int:
    """Write a node and what is below it; its place as BoostedTrees counts. A tree of one leaf has it on both sides."""
    if "leaf_value" in node:
        leaf = node.get("leaf_index", 0)
        trees.value[number, leaf] = node["leaf_value"]
        return -1 - int(leaf)
    place = int(node["split_index"])
    assert (node["decision_type"], node["missing_type"]) == ("<=", "None"), "every input is a number"
    trees.feature[number, place] = node["split_feature"]
    trees.threshold[number, place] = node["threshold"]
    trees.left[number, place] = _fill(trees, number, node["left_child"])
    trees.right[number, place] = _fill(trees, number, node["right_child"])
    return place
