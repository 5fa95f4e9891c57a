"""Classes read out of frozen embeddings: the class centre, the nearest neighbour, a logistic regression.

Embeddings are (N, D) L2-normalised, NaN rows absent; labels are class indices. A source without an embedding gets -1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from m3core.embeddings.neighbors import nearest

__all__ = ["READOUTS", "class_centres", "nearest_centre", "nearest_neighbour", "regression"]

Vectors = NDArray[np.float32]
Classes = NDArray[np.int64]

STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
"""C of the logistic regression: the larger the freer. The validation split chooses."""

FEWEST_JUDGED = 20
"""Labelled validation sources under which the second of `STRENGTHS` is taken unjudged."""


def class_centres(vectors: Vectors, truth: Classes, n_classes: int) -> Vectors:
    """(C, D): mean of each class's embeddings, L2-normalised; NaN for a class without any (arXiv 2411.08842)."""
    centres = np.full((n_classes, vectors.shape[1]), np.nan, np.float32)
    for index in np.unique(truth):
        mean = vectors[truth == index].mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(mean)
        if length > 0:
            centres[index] = mean / length
    return centres


def nearest_centre(
    vectors: Vectors, truth: Classes, train: Classes, validation: Classes, n_classes: int
) -> NDArray[np.int64]:
    """(N,) class whose centre among the sources at `train` is nearest by cosine; `validation` is not used."""
    train = _known(vectors, train)
    return nearest(vectors, class_centres(vectors[train], truth[train], n_classes), 1)[0][:, 0]


def nearest_neighbour(
    vectors: Vectors, truth: Classes, train: Classes, validation: Classes, n_classes: int
) -> NDArray[np.int64]:
    """(N,) class of the source at `train` that is nearest by cosine; `validation` is not used."""
    train = _known(vectors, train)
    found = nearest(vectors, vectors[train], 1)[0][:, 0]
    return np.where(found >= 0, truth[train][found], -1)


def regression(
    vectors: Vectors, truth: Classes, train: Classes, validation: Classes, n_classes: int
) -> NDArray[np.int64]:
    """(N,) class by a logistic regression on the embeddings at `train`, its strength by log loss at `validation`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    train, validation = _known(vectors, train), _known(vectors, validation)
    validation = validation[np.isin(truth[validation], truth[train])]
    fitted = []
    for strength in STRENGTHS if len(validation) >= FEWEST_JUDGED else STRENGTHS[1:2]:
        model = LogisticRegression(C=strength, max_iter=2000).fit(vectors[train].astype(np.float64), truth[train])
        loss = 0.0
        if len(validation) >= FEWEST_JUDGED:
            probabilities = model.predict_proba(vectors[validation].astype(np.float64))
            loss = log_loss(truth[validation], probabilities, labels=model.classes_)
        fitted.append((loss, model))
    best = min(fitted, key=lambda one: one[0])[1]
    guess = np.full(len(vectors), -1, np.int64)
    known = _known(vectors, np.arange(len(vectors)))
    guess[known] = best.predict(vectors[known].astype(np.float64))
    return guess


def _known(vectors: Vectors, rows: Classes) -> Classes:
    return rows[np.isfinite(vectors[rows]).all(axis=1)]


Readout = Callable[[Vectors, Classes, Classes, Classes, int], NDArray[np.int64]]
"""(vectors (N, D), class of every source (N,) of which only those at train and validation are read, rows of train,
rows of validation, number of classes) -> class of every source (N,)."""

READOUTS: dict[str, Readout] = {
    "centre": nearest_centre,
    "neighbour": nearest_neighbour,
    "regression": regression,
}
