"""Any two runs on the same stars: what each says of the class, and how far apart they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m3core.classifier.evaluation import calibrated, calibration_of
from m3core.classifier.logits import is_classifier, scored_split, survey_logits
from m3core.embeddings.kept import Embeddings
from m3core.errors import CheckpointError, RunError
from m3core.experiment.frozen import nearest_neighbour
from m3core.experiment.resampling import Repeat, Repeats
from m3core.experiment.table import Compared, compare
from m3core.files import read_json
from m3core.model.config import ModelConfig
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["RunComparison", "compare_runs", "guesses", "how_guessed"]


@dataclass(frozen=True)
class RunComparison:
    """Attributes: compared; split of the stars; sentences: what is left out, and what would make figures too good."""

    compared: Compared
    split: str
    sentences: tuple[str, ...]


def how_guessed(run: Run) -> str:
    """What tells the class: the classifier, or for a pre-trained model its embeddings."""
    return "its classes" if is_classifier(run) else "the class of the nearest training star by the mean embedding"


def guesses(run: Run, survey: Survey) -> NDArray[np.int64]:
    """(N,) index into the survey's classes that a run says of every source, -1 where it can say none.

    Raises:
        RunError, CheckpointError: no checkpoint, no embeddings of this survey, or a survey that does not fit.
    """
    if not is_classifier(run):
        train = survey.rows("train")
        train = train[survey.labels[train] >= 0]
        mean = Embeddings.open(run, survey).mean
        return nearest_neighbour(mean, survey.labels, train, train, len(survey.classes))
    classes, used, logits = survey_logits(run, survey)
    rows = np.flatnonzero(np.isfinite(logits).all(axis=1))
    found = calibrated(calibration_of(run, classes), survey, rows, used, logits[rows]).argmax(axis=1)
    place = {name: index for index, name in enumerate(survey.classes)}
    said = np.full(len(survey), -1, np.int64)
    said[rows] = np.array([place.get(name, -1) for name in classes])[found]
    return said


def compare_runs(first: Run, second: Run, survey: Survey) -> RunComparison:
    """Compare two runs on the labelled test stars (validation, where the test split has no labels) that both answer.

    Raises:
        RunError, CheckpointError: as `guesses`; RunError: no star that both answer.
    """
    split = scored_split(survey)
    rows = survey.rows(split)
    rows = rows[survey.labels[rows] >= 0]
    said = [guesses(run, survey)[rows] for run in (first, second)]
    both = (said[0] >= 0) & (said[1] >= 0)
    if not both.any():
        raise RunError(f"{first.name} and {second.name} have no labelled star of the {split} split that both answer.")
    truth = survey.labels[rows[both]]
    sides = [Repeats((Repeat(truth, guess[both], len(survey.classes)),)) for guess in said]
    sentences = [
        f"{run.name} was trained on another split than that of {survey.path.name}: it may have seen some of these "
        "stars, and its scores would be too good"
        for run in (first, second)
        if _config(run).split_hash != survey.manifest.split.hash
    ]
    if n_left_out := int((~both).sum()):
        sentences.append(f"{n_left_out} labelled stars of the {split} split are left out: one of the two has no answer")
    if split == "validation":
        sentences.append("the test split has no labels: these stars also chose the epoch")
    return RunComparison(compare(*sides), split, tuple(sentences))


def _config(run: Run) -> ModelConfig:
    place = run.checkpoint / "config.json"
    content: Any = read_json(place, CheckpointError)
    return ModelConfig.parse(content, str(place))
