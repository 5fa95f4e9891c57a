"""Pseudo-labels: what classifiers on what a pre-trained model gives say of every source.

A network fine-tuned on few labels learns their errors; classifiers of another kind, on features that needed no labels,
do so less, and what they say of the sources without a label is worth training on (self-training: Yarowsky 1995; Lee
2013). A logistic regression reads the frozen features of each modality; boosted trees read their principal components
and the numbers that the encoders are given beside curves and spectra (properties, catalogue columns). Which of them
is to be believed differs from survey to survey, so their say is weighed by what they are worth on labels that they have
not seen (training.opinion_pool; docs/accuracy.md). A network of one modality is taught by all of them: what spectra
say of the sources of the training split is worth learning for a network that will be shown their light curves alone
(learning with privileged information: Vapnik & Vashist 2009; cross-modal distillation: Gupta et al. 2016).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m3core.survey import Survey
from training.labels import draw
from training.opinion_pool import fit_pool
from training.seen import Seen
from training.trees import lightgbm

__all__ = ["Lesson", "taught"]

FOLDS = 5

MOST_LABELS = 3000
"""Labels that the classifiers are fitted on: their time grows with the number, what more of them add shrinks."""

STRENGTH = 0.1
"""C of the logistic regressions, on standardised features; a third and three times of it do as well."""

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
    seen: Seen, survey: Survey, classes: Indices, labelled: Indices, unlabelled: Indices,
    *, n_classes: int, share: float, seed: int,
) -> Lesson:  # fmt: skip
    """Labels, and pseudo-labels of the sources without one.

    What is said of a source are the pooled probabilities of the classifiers. The target of a labelled source is
    (1 - share) * label + share * what is said of it by classifiers that have not seen it (five-fold), which tempers
    wrong labels; a class of fewer than ten labels keeps its own.

    Args:
        seen: what the pre-trained encoders give of the survey; the classifiers read each modality of it.
        classes: (N,) class index of every source, of which only those at `labelled` are read.
        labelled, unlabelled: rows of the training split.
        share: of what is said in the target of a labelled source, 0 to 1.
        seed: of the folds and the trees.
    """
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
    experts = _experts(seen, survey, classes, n_classes, seed)
    said, weights = _pooled(list(experts.values()), classes, fitted, rows, seed)
    worth = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(experts, weights, strict=True))
    sentences.append(f"weights of the classifiers behind them: {worth}")
    of_it = np.where(counts[classes[labelled]] >= 2 * FOLDS, share, 0.0)[:, None]
    targets = np.concatenate([(1 - of_it) * own + of_it * said[: len(labelled)], said[len(labelled) :]])
    order = np.argsort(rows)
    return Lesson(rows[order], targets[order].astype(np.float32), tuple(sentences))


Expert = Callable[[Indices, Indices], Array]
"""(rows to fit to, rows to judge) -> (n, C) probabilities."""


def _experts(seen: Seen, survey: Survey, classes: Indices, n_classes: int, seed: int) -> dict[str, Expert]:
    """Logistic regressions by the name of their modality, which of a source without it say each class's share, and
    trees."""
    from sklearn.linear_model import LogisticRegression

    def told(model: Any, inputs: Array, rows: Indices) -> Array:
        found = np.zeros((len(rows), n_classes))
        found[:, model.classes_] = model.predict_proba(inputs[rows])
        return found

    def trees(known: Indices, rows: Indices) -> Array:
        return told(lightgbm(seed).fit(seen.numbers[known], classes[known]), seen.numbers, rows)

    def regression(name: str) -> Expert:
        features, present = seen.features[name], survey.present(name)

        def expert(known: Indices, rows: Indices) -> Array:
            found = np.tile(np.bincount(classes[known], minlength=n_classes) / len(known), (len(rows), 1))
            known, told_of = known[present[known]], present[rows]
            if told_of.any() and len(np.unique(classes[known])) > 1:
                model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(features[known], classes[known])
                found[told_of] = told(model, features, rows[told_of])
            return found

        return expert

    return {**{name: regression(name) for name in seen.features}, "trees": trees}


def _pooled(
    experts: Sequence[Expert], classes: Indices, fitted: Indices, asked: Indices, seed: int
) -> tuple[Array, Array]:
    """(len(asked), C), of the sources at `fitted` from classifiers that have not seen them; the experts' weights.

    Args:
        asked: with all of `fitted` in it, in the same order.
    """
    folds = _folds(classes[fitted], seed)
    unseen = np.stack([_out_of_sample(expert, fitted, folds) for expert in experts])
    pool = fit_pool(unseen, classes[fitted])
    pooled = pool.probabilities(np.stack([expert(fitted, asked) for expert in experts]))
    pooled[np.isin(asked, fitted)] = pool.probabilities(unseen)
    return pooled, pool.weights


def _out_of_sample(expert: Expert, fitted: Indices, folds: Indices) -> Array:
    """(len(fitted), C), each fold by a fit to the others."""
    parts = [(folds == fold, expert(fitted[folds != fold], fitted[folds == fold])) for fold in np.unique(folds)]
    found = np.zeros((len(fitted), parts[0][1].shape[1]))
    for held, values in parts:
        found[held] = values
    return found


def _folds(classes: Indices, seed: int) -> Indices:
    """(n,) 0 to 4: each class is dealt out evenly, in an order drawn from the seed; never more than all of a class but
    one where it has two."""
    folds = np.zeros(len(classes), np.int64)
    rng = np.random.default_rng(seed)
    for index in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == index))
        folds[members] = np.arange(len(members)) % FOLDS
    return folds
