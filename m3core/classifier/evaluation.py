"""What a classifier's run says of the labelled sources of a survey: probabilities, scores, and what each modality is
worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.classifier.calibration import Calibration
from m3core.classifier.logits import Predictions, observed, predict_survey, scored_split, targets
from m3core.classifier.scores import summary, wilson
from m3core.errors import RunError
from m3core.files import sha256_file
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["CALIBRATION", "Evaluation", "calibrated", "calibration_of", "evaluate", "score_sentences", "subset_table"]

CALIBRATION = "calibration.json"
"""File of a classifier's run."""


@dataclass(frozen=True)
class Evaluation:
    """A classifier and the labelled sources that figures are of.

    Attributes:
        split: 'test', or 'validation' where the test split has no labelled source.
        classes: in the order of the probabilities.
        rows: (n,) rows of the survey: labelled with one of the classes, and with one of the modalities shown.
        truth: (n,) class indices.
        logits: (n, C); probabilities: (n, C), calibrated where the run is.
        n_left_out: labelled sources of the split that are not among them.
    """

    split: str
    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    truth: NDArray[np.int64]
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    n_left_out: int

    @property
    def guess(self) -> NDArray[np.int64]:
        """(n,) class of the largest probability."""
        return self.probabilities.argmax(axis=1)

    def cell(self, true: str, predicted: str) -> NDArray[np.int64]:
        """Rows of the survey in one cell of the confusion matrix, by the names of its classes."""
        mine = (self.truth == self.classes.index(true)) & (self.guess == self.classes.index(predicted))
        return self.rows[mine]


def calibration_of(run: Run, classes: tuple[str, ...]) -> Calibration:
    """The calibration of a run; one that changes nothing, and says why, where there is none of its checkpoint.

    Raises:
        RunError: calibration.json is malformed.
    """
    if not (run.path / CALIBRATION).is_file():
        return Calibration(classes, "none", f"run {run.name} has no {CALIBRATION}: resume it if it was stopped")
    found = Calibration.read(run.path / CALIBRATION)
    if found.weights != sha256_file(run.checkpoint / "model.safetensors"):
        return Calibration(classes, "none", f"{CALIBRATION} is of an older checkpoint: resume run {run.name}")
    return found


def calibrated(
    calibration: Calibration,
    survey: Survey,
    rows: NDArray[np.int64],
    names: Sequence[str],
    logits: NDArray[np.floating],
) -> NDArray[np.float64]:
    """Probabilities of sources, each by the calibration for those of the modalities that it has.

    Args:
        rows: (n,) rows of the survey. names: modalities that the logits are of. logits: (n, C).
    """
    probabilities = calibration.of(names).probabilities(logits)
    seen, which = np.unique(observed(survey, names)[:, rows], axis=1, return_inverse=True)
    for number, flags in enumerate(seen.T):
        mine = which.ravel() == number
        subset = [name for name, flag in zip(names, flags, strict=True) if flag]
        probabilities[mine] = calibration.of(subset).probabilities(logits[mine])
    return probabilities


def evaluate(run: Run, survey: Survey, names: Sequence[str] | None = None) -> Evaluation:
    """Classify the labelled sources that figures are of.

    Args:
        names: modalities to show the classifier; None: all of them.

    Raises:
        RunError, CheckpointError, ConfigError: as m3core.classifier.logits; RunError: no labelled source to score.
    """
    return _of_subset(run, survey, predict_survey(run, survey), names)


def _of_subset(run: Run, survey: Survey, predictions: Predictions, names: Sequence[str] | None) -> Evaluation:
    split = scored_split(survey)
    rows = survey.rows(split)
    n_labelled = int((survey.labels[rows] >= 0).sum())
    of = targets(survey, predictions.classes)
    used = predictions.subset(names or predictions.names)
    logits = predictions.of(used)
    rows = rows[(of[rows] >= 0) & np.isfinite(logits[rows]).all(axis=1)]
    if not len(rows):
        raise RunError(
            f"survey {survey.path.name} has no labelled source of the classes {', '.join(predictions.classes)} in its "
            "test or validation split: nothing to score."
        )
    calibration = calibration_of(run, predictions.classes)
    return Evaluation(
        split, predictions.classes, rows, of[rows], logits[rows],
        calibrated(calibration, survey, rows, used, logits[rows]), n_labelled - len(rows),
    )  # fmt: skip


def score_sentences(run: Run, survey: Survey) -> list[str]:
    """Accuracies and calibration of a classifier on the survey it was trained on, a sentence each."""
    sentences = []
    try:
        found = evaluate(run, survey)
    except RunError as fault:
        sentences.append(f"no scores: {fault}")
    else:
        scores = summary(found.truth, found.guess, len(found.classes))
        low, high = wilson(int((found.guess == found.truth).sum()), len(found.truth))
        majority = np.bincount(found.truth).max() / len(found.truth)
        chosen = ", which also chose the epoch" if found.split == "validation" else ""
        sentences.append(
            f"accuracy {scores['accuracy']:.1%} ({low:.1%} to {high:.1%}), balanced {scores['balanced_accuracy']:.1%}, "
            f"macro recall {scores['macro_recall']:.1%} ({len(found.truth)} sources of the {found.split} split"
            f"{chosen}; the commonest class alone gives {majority:.1%})"
        )
        if found.n_left_out:
            sentences.append(
                f"{found.n_left_out} labelled sources of that split are not scored: none of the classifier's "
                "modalities, or a class it does not know"
            )
    calibration = calibration_of(run, predict_survey(run, survey).classes)
    if not calibration.is_fitted:
        return [*sentences, calibration.reason]
    before, after = (calibration.figures[when] for when in ("before", "after"))
    return [
        *sentences,
        f"calibration: {calibration.reason}; expected calibration error {before['ece']:.3f} before, {after['ece']:.3f} "
        f"after, log loss {before['log_loss']:.3f} before, {after['log_loss']:.3f} after (cross-fitted)",
    ]


def subset_table(run: Run, survey: Survey) -> pd.DataFrame:
    """How good the classifier is with each mixture of its modalities, all others withheld.

    Returns:
        One row a subset, all modalities first: modalities (joined by '+'), n (labelled sources that have one of them;
        only they are scored), n_without (labelled sources that have none), accuracy with its 95 % Wilson interval
        (accuracy_low, accuracy_high), balanced_accuracy, macro_recall; NaN where n is 0. Of more than six modalities
        only all, all but one, and single ones.
    """
    predictions = predict_survey(run, survey)
    rows = []
    for subset in predictions.subsets:
        row: dict[str, object] = {"modalities": "+".join(subset)}
        try:
            found = _of_subset(run, survey, predictions, subset)
        except RunError:
            rows.append(row | {"n": 0})
            continue
        low, high = wilson(int((found.guess == found.truth).sum()), len(found.truth))
        scores = summary(found.truth, found.guess, len(found.classes))
        row |= {"n": len(found.truth), "n_without": found.n_left_out, "accuracy": scores["accuracy"]}
        rows.append(row | {"accuracy_low": low, "accuracy_high": high} | scores)
    columns = ["modalities", "n", "n_without", "accuracy", "accuracy_low", "accuracy_high"]
    columns += ["balanced_accuracy", "macro_recall"]
    return pd.DataFrame(rows, columns=columns)
