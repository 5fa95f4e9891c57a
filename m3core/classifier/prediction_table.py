"""Predictions of a survey as a table: a class, its probabilities, and what they rest on."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.classifier.calibration import FEWEST, Calibration
from m3core.classifier.evaluation import calibrated, calibration_of
from m3core.classifier.logits import Progress, load_classifier, observed, survey_logits
from m3core.classifier.prior_shift import estimate_shares, with_shares
from m3core.classifier.scores import wilson
from m3core.errors import ConfigError
from m3core.files import replaced_file
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["UNKNOWN", "check_file", "csv_text", "prediction_table", "unknown_sentence", "write_table"]

UNKNOWN = "unknown"


def prediction_table(
    run: Run,
    survey: Survey,
    *,
    names: Sequence[str] | None = None,
    unknown_below: float | None = None,
    prior_shift: bool = False,
    progress: Progress = lambda done: None,
) -> tuple[pd.DataFrame, list[str]]:
    """Classify every source of every split.

    Args:
        names: modalities to use, the others withheld; None: all that the classifier reads.
        unknown_below: call a source unknown where its largest probability is under this.
        prior_shift: correct for class shares that differ from those of the training (m3core.classifier.prior_shift).

    Returns:
        A row a source, in the survey's order: source_id; predicted (a class, 'unknown', or '' where the source has
        none of the modalities); p_<class> in the classifier's order (empty there too); modalities, those that the
        prediction rests on, joined by '+'. And what to say of it, a sentence each.

    Raises:
        RunError, CheckpointError: no classifier, or a survey that does not fit it. ConfigError: an unknown modality,
            an impossible threshold.
    """
    classes = load_classifier(run).config.classes  # what cannot be answered is refused before an hour of work
    if unknown_below is not None:
        _check_threshold(unknown_below, classes)
    calibration = calibration_of(run, classes)
    if prior_shift and not calibration.shares:
        raise ConfigError(
            f"--prior-shift needs calibrated probabilities, and run {run.name} has none ({calibration.reason})."
        )
    classes, used, logits = survey_logits(run, survey, names, progress)
    probabilities = calibrated(calibration, survey, np.arange(len(survey)), used, logits)
    sentences = [f"{'calibrated' if calibration.is_fitted else 'not calibrated'}: {calibration.reason}."]
    if prior_shift:
        probabilities, said = _shifted(probabilities, calibration)
        sentences += said
    answered = np.isfinite(probabilities).all(axis=1)
    predicted = np.full(len(survey), "", object)
    predicted[answered] = np.array(classes, object)[probabilities[answered].argmax(axis=1)]
    if unknown_below is not None:
        rejected = answered & (probabilities.max(axis=1) < unknown_below)
        predicted[rejected] = UNKNOWN
        sentences.append(f"{int(rejected.sum()):,} of {int(answered.sum()):,} sources are {UNKNOWN}.")
        sentences.append(unknown_sentence(calibration, unknown_below))
    if not answered.all():
        sentences.append(
            f"{int((~answered).sum())} sources have none of the modalities {', '.join(used)}: they are not classified."
        )
    seen = observed(survey, used)
    table = pd.DataFrame({"source_id": survey.source_ids, "predicted": predicted})
    for index, name in enumerate(classes):
        table[f"p_{name}"] = probabilities[:, index]
    table["modalities"] = ["+".join(np.array(used, object)[flags]) for flags in seen.T]
    if n_partly := int((answered & ~seen.all(axis=0)).sum()):
        sentences.append(f"{n_partly} of {int(answered.sum())} predictions rest on some of {', '.join(used)} alone.")
    return table, sentences


def _check_threshold(threshold: float, classes: Sequence[str]) -> None:
    if not 0 < threshold <= 1:
        raise ConfigError(f"--unknown-below {threshold:g}: a probability is above 0 and at most 1.")
    if UNKNOWN in classes:
        raise ConfigError(f"a class of the classifier is called {UNKNOWN!r}: --unknown-below cannot be told from it.")


MUCH = 3.0
"""A share that changes more than so many times is doubted where few sources of the class were seen in the fit."""


def _shifted(probabilities: NDArray[np.float64], calibration: Calibration) -> tuple[NDArray[np.float64], list[str]]:
    """The probabilities under the survey's own class shares, and sentences with these and with what is doubtful."""
    assumed = np.array(calibration.shares)
    shares = estimate_shares(probabilities, assumed)
    classes = list(zip(calibration.classes, shares, assumed, strict=True))
    listed = ", ".join(f"{name} {share:.1%} ({before:.1%})" for name, share, before in classes)
    sentences = [f"class shares by EM (in brackets what was assumed): {listed}."]
    doubted = [
        f"{name} ({before:.1%} to {share:.1%}, about {before * calibration.n:.0f} sources)"
        for name, share, before in classes
        if before * calibration.n < FEWEST and not before / MUCH <= share <= before * MUCH
    ]
    if doubted:
        sentences.append(
            f"doubtful: {', '.join(doubted)} changed more than {MUCH:g} times, and the calibration saw fewer than "
            f"{FEWEST} sources of each, too few to tell a rare class from errors: compare with the table without this "
            "correction."
        )
    return with_shares(probabilities, assumed, shares), sentences


def unknown_sentence(calibration: Calibration, threshold: float) -> str:
    """What a threshold costs and gains on the validation split, by the cross-fitted probabilities."""
    if not calibration.is_fitted:
        return "how many right ones the threshold rejects is not known: there is no labelled validation split."
    confidence, right = np.array(calibration.confidence), np.array(calibration.right, bool)
    kept = confidence >= threshold
    low, high = wilson(int(right[kept].sum()), int(kept.sum()))
    of_kept = f"{right[kept].mean():.1%} ({low:.1%} to {high:.1%})" if kept.any() else "unknown, there is none"
    wrong_kept = f"{(kept & ~right).sum()} of {(~right).sum()} wrong ones are kept"
    right_lost = f"{(~kept & right).sum()} of {right.sum()} right ones rejected"
    return (
        f"on the validation split, with every modality shown, {(~kept).mean():.1%} of {len(kept):,} sources fall under "
        f"{threshold:g}; accuracy of the rest {of_kept}, of all {right.mean():.1%}; {right_lost}, {wrong_kept}."
    )


def check_file(path: Path) -> None:
    """Raise ConfigError where no file can be written at `path`."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: name a file.")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ConfigError(f"{above} is a file, no folder: choose another place for {path.name}.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise ConfigError(f"nothing can be written in {above}: choose another place for {path.name}.")


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV; six decimals, so that the same input gives the same bytes."""
    return str(table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV (`csv_text`), whole or not at all."""
    check_file(path)
    with replaced_file(path) as part:
        part.write_text(csv_text(table), encoding="utf-8", newline="\n")
