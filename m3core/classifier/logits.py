"""Class logits of every source of a survey by a run, for every mixture of modalities: made once, read without torch."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from m3core.errors import CheckpointError, ConfigError, RunError
from m3core.files import read_json, replaced_folder, sha256_file, write_json
from m3core.survey import Survey
from m3core.workspace.run import Run

if TYPE_CHECKING:
    from m3core.model.clip import Classifier

__all__ = [
    "Predictions", "class_logits", "is_classifier", "load_classifier", "observed", "predict_survey",
    "predictions_folder", "scored_split", "standard_subsets", "survey_logits", "targets",
]  # fmt: skip

MOST_FOR_ALL_SUBSETS = 6
"""63 subsets; of more modalities those of one, of all but one, and of all."""

BATCH_SIZE = 256

Subset = tuple[str, ...]
"""Modalities that a classifier is shown, in its own order."""

Progress = Callable[[float], None]
"""Told the fraction done; raising from it cancels."""


def standard_subsets(names: Sequence[str]) -> list[Subset]:
    """All modalities first, then every smaller subset, larger before smaller; of more than six only the largest
    and the smallest of those."""
    sizes = range(len(names), 0, -1)
    if len(names) > MOST_FOR_ALL_SUBSETS:
        sizes = [len(names), len(names) - 1, 1]  # type: ignore[assignment]
    return [subset for size in sizes for subset in combinations(names, size)]


def is_classifier(run: Run) -> bool:
    """Whether a run's model tells classes, or will once it has been trained; read without torch.

    Raises:
        CheckpointError, RunError: its configuration is unreadable.
    """
    if run.has_checkpoint:
        return read_json(run.checkpoint / "config.json", CheckpointError).get("head") is not None
    return run.config().get("command") == "finetune"


def load_classifier(run: Run) -> "Classifier":
    """The classifier of a run.

    Raises:
        RunError: it has none yet. CheckpointError: it is a contrastive model, or damaged.
    """
    from m3core.checkpoint.loading import load_checkpoint
    from m3core.model.clip import Classifier

    if not run.has_checkpoint:
        raise RunError(f"run {run.name} has no checkpoint yet: wait for its first epoch, or resume it.")
    model = load_checkpoint(run.checkpoint)
    if not isinstance(model, Classifier):
        raise CheckpointError(
            f"run {run.name} is no classifier: make one of it with `python -m training finetune --from {run.path}`."
        )
    return model


def targets(survey: Survey, classes: Sequence[str]) -> NDArray[np.int64]:
    """(N,) index of each source's label in a classifier's `classes`, -1 where it has none or one of another class."""
    place = {name: index for index, name in enumerate(classes)}
    of = np.array([*(place.get(name, -1) for name in survey.classes), -1], np.int64)
    return of[survey.labels]


def observed(survey: Survey, names: Sequence[str]) -> NDArray[np.bool_]:
    """(M, N): which sources have each of these modalities; False where the survey lacks it."""
    none = np.zeros(len(survey), bool)
    return np.stack([survey.present(name) if name in survey.modalities else none for name in names])


def class_logits(
    model: "Classifier",
    survey: Survey,
    rows: NDArray[np.int64],
    subsets: Sequence[Subset],
    progress: Progress = lambda done: None,
) -> NDArray[np.float32]:
    """Logits of sources by each subset of the modalities, in one pass through the encoders.

    Batches have a fixed size: the same bytes every time on a CPU.

    Returns:
        (S, len(rows), C); NaN where a source has none of a subset's modalities.

    Raises:
        CheckpointError: the survey has a modality of the model in other columns or units, or none of them.
        ConfigError: a subset names a modality that the model does not read.
    """
    import torch

    from m3core.model.batch import make_batch

    model.config.check_fits(survey)
    for name in {name for subset in subsets for name in subset} - set(model.config.names):
        raise ConfigError(f"the classifier does not read {name!r}; it reads {', '.join(model.config.names)}.")
    device = next(model.parameters()).device
    logits = np.full((len(subsets), len(rows), len(model.config.classes)), np.nan, np.float32)
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH_SIZE):
            batch = make_batch(survey, rows[start : start + BATCH_SIZE], model.config.modalities).to(device)
            readings = model.readings(batch.inputs)
            for number, subset in enumerate(subsets):
                if any(name in subset for name in readings.found):
                    answer = model.decide(readings, batch.present, subset)
                    logits[number, start : start + BATCH_SIZE] = answer.cpu().numpy()
            progress(min((start + BATCH_SIZE) / len(rows), 1.0))
    return logits


class Predictions:
    """Class logits of one survey by one run.

    Attributes:
        source_ids: (N,) text, in the survey's order.
        classes: in the order of the logits.
        names: modalities that the classifier reads.
        subsets: of which there are logits; the first is all modalities.
        logits: (S, N, C) float32, memory-mapped; NaN where a source has none of a subset's modalities.
    """

    def __init__(
        self, source_ids: NDArray[Any], classes: Sequence[str], subsets: Sequence[Subset], logits: NDArray[np.float32]
    ) -> None:
        self.source_ids, self.classes, self.logits = source_ids, tuple(classes), logits
        self.subsets = tuple(tuple(subset) for subset in subsets)
        self.names = self.subsets[0]

    def subset(self, names: Sequence[str]) -> Subset:
        """These modalities in the classifier's order.

        Raises:
            ConfigError: one that the classifier does not read, or none.
        """
        for name in names:
            if name not in self.names:
                raise ConfigError(f"the classifier does not read {name!r}; it reads {', '.join(self.names)}.")
        if not names:
            raise ConfigError(f"no modality is left: the classifier reads {', '.join(self.names)}.")
        return tuple(name for name in self.names if name in names)

    def of(self, names: Sequence[str]) -> NDArray[np.float32]:
        """(N, C) logits by these modalities alone.

        Raises:
            ConfigError: as `subset`, or a subset of which there are none.
        """
        subset = self.subset(names)
        if subset not in self.subsets:
            raise ConfigError(
                f"there are no logits for {', '.join(subset)}: choose one, all, or all but one of "
                f"{', '.join(self.names)}."
            )
        return np.asarray(self.logits[self.subsets.index(subset)])

    @classmethod
    def open(cls, run: Run, survey: Survey) -> "Predictions":
        """Open what `predict_survey` wrote.

        Raises:
            RunError: not predicted yet, or by a checkpoint that has changed since.
        """
        folder = predictions_folder(run, survey)
        if not (folder / "predictions.json").is_file():
            raise RunError(f"run {run.name} has no predictions of survey {survey.path.name} yet.")
        about = read_json(folder / "predictions.json", RunError)
        if about["weights"] != sha256_file(run.checkpoint / "model.safetensors"):
            raise RunError(f"the predictions in {folder} are of an older checkpoint.")
        logits = np.load(folder / "logits.npy", mmap_mode="r", allow_pickle=False)
        return cls(survey.source_ids, about["classes"], about["subsets"], logits)

    def write(self, folder: Path, about: dict[str, Any]) -> None:
        """Write logits.npy and predictions.json into `folder`, replacing what it held."""
        with replaced_folder(folder) as part:
            np.save(part / "logits.npy", np.asarray(self.logits, np.float32), allow_pickle=False)
            content = {**about, "classes": list(self.classes), "subsets": [list(subset) for subset in self.subsets]}
            write_json(part / "predictions.json", content)


def predictions_folder(run: Run, survey: Survey) -> Path:
    """Where the predictions of a survey by a run stand."""
    return run.path / "predictions" / survey.hash[:16]


def predict_survey(run: Run, survey: Survey, progress: Progress = lambda done: None) -> Predictions:
    """The predictions of a survey by a run, computed and kept in the run's folder where they are not there yet.

    Raises:
        RunError: no checkpoint. CheckpointError: no classifier, or a survey that does not fit it.
    """
    try:
        return Predictions.open(run, survey)
    except RunError:
        from m3core.checkpoint.loading import checkpoint_hash, versions

        model = load_classifier(run)
        subsets = standard_subsets(model.config.names)
        logits = class_logits(model, survey, np.arange(len(survey)), subsets, progress)
        about = {
            "checkpoint": checkpoint_hash(run.checkpoint),
            "weights": sha256_file(run.checkpoint / "model.safetensors"),
            "survey": survey.hash,
            "versions": versions(),
        }
        Predictions(survey.source_ids, model.config.classes, subsets, logits).write(
            predictions_folder(run, survey), about
        )
        return Predictions.open(run, survey)


def survey_logits(
    run: Run, survey: Survey, names: Sequence[str] | None = None, progress: Progress = lambda done: None
) -> tuple[tuple[str, ...], Subset, NDArray[np.float32]]:
    """Class logits of a survey by some of a classifier's modalities.

    Args:
        names: modalities to use; None: all. A mixture that is not among the kept ones is computed each time.

    Returns:
        The classes, the modalities in the classifier's order, and (N, C) logits.

    Raises:
        RunError, CheckpointError, ConfigError: as `predict_survey` and `Predictions.of`.
    """
    predictions = predict_survey(run, survey, progress)
    subset = predictions.subset(predictions.names if names is None else names)
    if subset in predictions.subsets:
        return predictions.classes, subset, predictions.of(subset)
    logits = class_logits(load_classifier(run), survey, np.arange(len(survey)), [subset], progress)
    return predictions.classes, subset, logits[0]


def scored_split(survey: Survey) -> str:
    """The split that figures are of: test, or validation where no source of the test split has a label."""
    return "test" if (survey.labels[survey.rows("test")] >= 0).any() else "validation"
