"""Pseudo-labels: what a support vector machine on frozen pre-trained features says of every source.

A network fine-tuned on few labels learns their errors; a wide-margin classifier on features that needed no labels does
so less, and what it says of the sources without a label is worth training on (self-training: Yarowsky 1995; Lee 2013).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from m3core.batch import make_batch
from m3core.model import Classifier
from m3core.survey import Survey
from training.labels import draw

__all__ = ["Lesson", "frozen_features", "taught"]

BATCH_SIZE = 256

FOLDS = 5

MOST_LABELS = 3000
"""Labels that the machine is fitted on: its time grows with their number squared, what they add shrinks."""

STRENGTH, WIDTH = 5.0, 0.2
"""C of the machine, and gamma of its kernel times the number of features (scikit-learn's default is 1)."""

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def frozen_features(model: Classifier, survey: Survey) -> Array:
    """(N, K) what the encoders give before any projection, standardised over the training split; 0 where absent."""
    names, train = model.config.names, survey.rows("train")
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    found = {name: np.zeros((len(survey), width)) for name, width in model.backbone.widths.items()}
    with torch.inference_mode():
        for start in range(0, len(survey), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(survey)))
            batch = make_batch(survey, rows, model.config.modalities).to(device)
            for name, features in model.backbone.features(batch.inputs).items():
                found[name][rows] = features.cpu().numpy()
    model.train(was_training)
    parts = []
    for name in names:
        present = survey.present(name)
        known = found[name][train[present[train]]]
        if len(known):
            spread = known.std(axis=0)
            scaled = (found[name] - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
            parts.append(np.where(present[:, None], scaled, 0.0))
    return np.concatenate(parts, axis=1)


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

    The machine's decision values become probabilities by a logistic regression on its out-of-sample values (five-fold;
    Platt 1999, for several classes). The target of a labelled source is (1 - share) * label + share * what a machine
    that has not seen it says of it, which tempers wrong labels; a class of fewer than ten labels keeps its own.

    Args:
        model: over the pre-trained encoders.
        classes: (N,) class index of every source, of which only those at `labelled` are read.
        labelled, unlabelled: rows of the training split, with one of the modalities.
        share: of the machine in the target of a labelled source, 0 to 1.
        seed: of the folds.
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
    said = _probabilities(frozen_features(model, survey), classes, fitted, rows, n_classes, seed)
    of_it = np.where(counts[classes[labelled]] >= 2 * FOLDS, share, 0.0)[:, None]
    targets = np.concatenate([(1 - of_it) * own + of_it * said[: len(labelled)], said[len(labelled) :]])
    order = np.argsort(rows)
    return Lesson(rows[order], targets[order].astype(np.float32), tuple(sentences))


def _probabilities(
    features: Array, classes: Indices, fitted: Indices, asked: Indices, n_classes: int, seed: int
) -> Array:
    """(len(asked), C); of the sources at `fitted` from a machine that has not seen them."""
    from sklearn.linear_model import LogisticRegression

    values = _decisions(features, classes, fitted, asked, n_classes)
    folds = _folds(classes[fitted], seed)
    unseen = np.zeros((len(fitted), n_classes))
    for fold in range(FOLDS):
        held = folds == fold
        if held.any():
            unseen[held] = _decisions(features, classes, fitted[~held], fitted[held], n_classes)
    platt = LogisticRegression(max_iter=1000).fit(unseen, classes[fitted])
    place = {row: number for number, row in enumerate(fitted)}
    own = np.array([place.get(row, -1) for row in asked])
    values[own >= 0] = unseen[own[own >= 0]]
    probabilities = np.zeros((len(asked), n_classes))
    probabilities[:, platt.classes_] = platt.predict_proba(values)
    return probabilities


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
