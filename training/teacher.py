"""Pseudo-labels: what two classifiers on what a pre-trained model gives say of every source.

A network fine-tuned on few labels learns their errors; classifiers of another kind, on features that needed no labels,
do so less, and what they say of the sources without a label is worth training on (self-training: Yarowsky 1995; Lee
2013). One is a support vector machine on the frozen features, the other boosted trees on their principal components
and on the numbers that the encoders are given beside curves and spectra (properties, catalogue columns). The first is
the better one where classes lie close in the features, the second where a few numbers decide; their mean is near
the better in either case (docs/accuracy.md).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.model.clip import Classifier
from m3core.survey import Survey
from training.labels import draw
from training.seen import Seen, seen_by
from training.trees import lightgbm

__all__ = ["Lesson", "taught"]

FOLDS = 5

MOST_LABELS = 3000
"""Labels that the classifiers are fitted on: their time grows with the number, what more of them add shrinks."""

STRENGTH, WIDTH = 5.0, 0.2
"""C of the machine, and gamma of its kernel times the number of features (scikit-learn's default is 1)."""

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Lesson:
    """What a classifier is trained on.

    Attributes:
        rows: (n,) sources of the training split.
        targets: (n, C) class probabilities to be learnt of them.
        sentences: what was done, with its numbers.
    """

    rows: Indices
    targets: NDArray[np.float32]
    sentences: tuple[str, ...]


def taught(
    model: Classifier, survey: Survey, classes: Indices, labelled: Indices, unlabelled: Indices,
    *, share: float, seed: int,
) -> Lesson:  # fmt: skip
    """Labels, and pseudo-labels of the sources without one.

    What is said of a source is the mean of the probabilities of machine and trees; the machine's decision values become
    probabilities by a logistic regression on its out-of-sample values (five-fold; Platt 1999, for several classes). The
    target of a labelled source is (1 - share) * label + share * what is said of it by classifiers that have not seen
    it, which tempers wrong labels; a class of fewer than ten labels keeps its own.

    Args:
        model: over the pre-trained encoders.
        classes: (N,) class index of every source, of which only those at `labelled` are read.
        labelled, unlabelled: rows of the training split, with one of the modalities.
        share: of what is said in the target of a labelled source, 0 to 1.
        seed: of the folds and the trees.
    """
    n_classes = len(model.config.classes)
    own = np.eye(n_classes, dtype=np.float32)[classes[labelled]]
    counts = np.bincount(classes[labelled], minlength=n_classes)
    if (counts > 1).sum() < 2:
        return Lesson(labelled, own, ("no pseudo-labels: they need two classes of two labels or more",))
    sentences = [f"{len(unlabelled)} sources of the training split without a label are trained on by pseudo-labels"]
    fitted = labelled
    if len(labelled) > MOST_LABELS:
        few = MOST_LABELS / len(labelled)
        fitted = labelled[draw(survey.source_ids[labelled], classes[labelled], share=few, seed=seed, cap=False)]
        sentences.append(f"they rest on {len(fitted)} of the {len(labelled)} labels, the same share of each class")
    rows = np.concatenate([labelled, unlabelled])
    said = _probabilities(seen_by(model, survey), classes, fitted, rows, n_classes, seed)
    of_it = np.where(counts[classes[labelled]] >= 2 * FOLDS, share, 0.0)[:, None]
    targets = np.concatenate([(1 - of_it) * own + of_it * said[: len(labelled)], said[len(labelled) :]])
    order = np.argsort(rows)
    return Lesson(rows[order], targets[order].astype(np.float32), tuple(sentences))


Fit = Callable[[Indices, Indices], Array]
"""(rows to fit to, rows to judge) -> (n, C)."""


def _probabilities(seen: Seen, classes: Indices, fitted: Indices, asked: Indices, n_classes: int, seed: int) -> Array:
    """(len(asked), C); of the sources at `fitted` from classifiers that have not seen them."""
    from sklearn.linear_model import LogisticRegression

    folds = _folds(classes[fitted], seed)

    def machine(known: Indices, rows: Indices) -> Array:
        return _decisions(seen.features, classes, known, rows, n_classes)

    def trees(known: Indices, rows: Indices) -> Array:
        model = lightgbm(seed).fit(seen.numbers[known], classes[known])
        found = np.zeros((len(rows), n_classes))
        found[:, model.classes_] = model.predict_proba(seen.numbers[rows])
        return found

    values, unseen = _out_of_sample(machine, fitted, asked, folds)
    platt = LogisticRegression(max_iter=1000).fit(unseen, classes[fitted])
    by_machine = np.zeros((len(asked), n_classes))
    by_machine[:, platt.classes_] = platt.predict_proba(values)
    return (by_machine + _out_of_sample(trees, fitted, asked, folds)[0]) / 2


def _out_of_sample(fit: Fit, fitted: Indices, asked: Indices, folds: Indices) -> tuple[Array, Array]:
    """(len(asked), C) by a fit to all of `fitted`, for those among them by the fit that left out their fold; and the
    latter alone, (len(fitted), C)."""
    values = fit(fitted, asked)
    unseen = np.zeros((len(fitted), values.shape[1]))
    for fold in range(FOLDS):
        held = folds == fold
        if held.any():
            unseen[held] = fit(fitted[~held], fitted[held])
    place = {row: number for number, row in enumerate(fitted)}
    own = np.array([place.get(row, -1) for row in asked])
    values[own >= 0] = unseen[own[own >= 0]]
    return values, unseen


def _folds(classes: Indices, seed: int) -> Indices:
    """(n,) 0 to 4: each class is dealt out evenly, in an order drawn from the seed; never more than all of a class but
    one where it has two."""
    folds = np.zeros(len(classes), np.int64)
    rng = np.random.default_rng(seed)
    for index in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == index))
        folds[members] = np.arange(len(members)) % FOLDS
    return folds


def _decisions(features: Array, classes: Indices, fitted: Indices, asked: Indices, n_classes: int) -> Array:
    """(len(asked), C) decision values, one class against the rest; 1 below the least where a class was not fitted."""
    from sklearn.svm import SVC

    machine = SVC(C=STRENGTH, gamma=WIDTH / features.shape[1]).fit(features[fitted], classes[fitted])
    found = machine.decision_function(features[asked])
    if found.ndim == 1:
        found = np.stack([-found, found], axis=1)
    values = np.full((len(asked), n_classes), found.min(axis=1, keepdims=True) - 1.0)
    values[:, machine.classes_] = found
    return values
