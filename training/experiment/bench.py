"""One seed of an experiment: the survey under its split, its pre-training, and every cell made from the two."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.classifier.evaluation import calibrated, calibration_of
from m3core.classifier.logits import observed, survey_logits
from m3core.embeddings.kept import Embeddings
from m3core.errors import RunError
from m3core.experiment.folder import ALL, FEATURES, FROZEN, Cell, Experiment, Outcome
from m3core.experiment.frozen import READOUTS
from m3core.light_curve.features import feature_columns
from m3core.survey import Survey, write_resplit
from m3core.workspace.run import Run, State
from training import finetune, pretrain
from training.classifier_setup import Prepared, prepare
from training.config import FROM_RUN, FinetuneConfig, TrainConfig
from training.experiment.plan import seed_split, split_spec
from training.record import Record
from training.run_config import FINETUNE, RunConfig
from training.setup import measured_modalities
from training.supervisor import Savable, Supervisor
from training.trees import TREES

__all__ = ["Bench", "Between", "check_settings"]


def split_survey(experiment: Experiment, survey: Survey, seed: int) -> Survey:
    """The survey under a seed's split, without the labels of the test stars; written once."""
    path = experiment.path / f"seed-{seed}" / "survey"
    if not path.exists():
        write_resplit(survey, path, seed_split(survey, seed), split_spec(seed), without_labels=("test",))
    return Survey.open(path)


def pretrain_settings(experiment: Experiment, split: Survey, seed: int) -> TrainConfig:
    """Settings of a seed's pre-training; ConfigError: an impossible one."""
    asked = experiment.asked
    decided = {"seed": seed, "maps": False, "lists": False, "max_minutes": asked["minutes_per_cell"]}
    return pretrain.configure(split, asked["preset"], asked["pretrain"] | decided)


def classifier_settings(experiment: Experiment, split: Survey, cell: Cell, origin: Run | None) -> FinetuneConfig:
    """Settings of a classifier from a pre-trained run, or None: from scratch; ConfigError: an impossible one."""
    asked = experiment.asked
    changes = {**asked["finetune"], **_labels(experiment, cell), "max_minutes": asked["minutes_per_cell"]}
    if origin is not None:  # the encoders are the pre-trained run's
        changes = {name: value for name, value in changes.items() if name not in FROM_RUN}
    return finetune.configure(split, asked["preset"], changes, origin)


def _labels(experiment: Experiment, cell: Cell) -> dict[str, Any]:
    row = cell.row
    return {"modality": row.modality, "labels": row.labels, "seed": cell.seed, "cap": experiment.asked["cap"]}


def check_settings(experiment: Experiment, survey: Survey) -> None:
    """Raise what the first trainings would raise of their settings, before anything is trained."""
    cell = next(cell for cell in experiment.plan.cells if cell.row.method == "scratch")
    split = split_survey(experiment, survey, cell.seed)
    a_few = split.rows("train")[:32]
    for settings in (
        pretrain_settings(experiment, split, cell.seed),
        classifier_settings(experiment, split, cell, None),
    ):
        measured_modalities(split, tuple(split.modalities), settings, a_few)


class Between:
    """What the supervisor saves between two trainings: nothing, every finished cell is on the disk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def save(self) -> None:
        """Nothing to write."""


@dataclass
class Watch:
    """Stands for the supervisor of the whole experiment in one training, and tells that run's own record of a stop."""

    supervisor: Supervisor
    record: Record

    def watch(self, trainer: Savable) -> None:
        """Save this trainer when the experiment is asked to stop."""
        self._trainer = trainer
        self.lock = trainer.lock
        self.supervisor.watch(self)

    def save(self) -> None:
        """Write the trainer's state; the lock is held."""
        self._trainer.save()
        self.record.update(state=State.STOPPED, message="stopped with its experiment")


class Bench:
    """Makes the cells of one seed."""

    def __init__(self, experiment: Experiment, survey: Survey, seed: int, supervisor: Supervisor) -> None:
        """Args: survey: with all its labels, as it was given; it is read, never changed."""
        self.experiment, self.survey, self.seed, self.supervisor = experiment, survey, seed, supervisor
        self.split = split_survey(experiment, survey, seed)
        """What every method is given: it has no label of a test star."""

    def pretrained(self) -> Run:
        """The pre-trained run of this seed, trained or gone on with where it is not finished."""
        settings = pretrain_settings(self.experiment, self.split, self.seed)
        wanted = RunConfig(self.split.path.resolve(), self.split.hash, settings)
        return self._trained(
            self.experiment.pretrained_of(self.seed), wanted,
            lambda run, record, watch: pretrain.train(run, self.split, settings, record, watch),
        )  # fmt: skip

    def outcome(self, cell: Cell, features: pd.DataFrame | None) -> Outcome:
        """Make a cell.

        Args:
            features: of m3core.light_curve.features; needed by the methods of FEATURES alone.
        """
        if cell.row.method in FEATURES:
            assert features is not None
            return self._of_trees(cell, features)
        if cell.row.method in FROZEN:
            return self._of_embeddings(cell)
        return self._of_classifier(cell)

    def _prepared(self, cell: Cell) -> Prepared:
        """The labels that a cell may see: the same for every method of a modality and share."""
        return prepare(self.split, FinetuneConfig(**_labels(self.experiment, cell)), None)

    def _of_trees(self, cell: Cell, features: pd.DataFrame) -> Outcome:
        prepared = self._prepared(cell)
        train = prepared.rows.train
        columns = feature_columns(features, self.split, cell.row.modality)
        table = features[columns].to_numpy(np.float64)
        model = TREES[cell.row.method](self.seed)
        model.fit(table[train], prepared.targets[train])
        rows = self._judged(prepared.names)
        guess = model.predict(table[rows]).astype(np.int64)
        return self._judgement(cell, rows, guess, prepared, is_cut=False)

    def _of_embeddings(self, cell: Cell) -> Outcome:
        prepared = self._prepared(cell)
        origin = Run(self.experiment.pretrained_of(self.seed))
        embeddings = Embeddings.open(origin, self.split)
        modality = cell.row.modality
        vectors = np.asarray(embeddings.mean if modality == ALL else embeddings.embeddings[modality])
        read = READOUTS[cell.row.method]
        n_classes = len(prepared.classes)
        guess = read(vectors, prepared.targets, prepared.rows.train, prepared.rows.validation, n_classes)
        rows = self._judged(prepared.names)
        return self._judgement(cell, rows, guess[rows], prepared, is_cut=was_cut(origin))

    def _of_classifier(self, cell: Cell) -> Outcome:
        origin = Run(self.experiment.pretrained_of(self.seed)) if cell.row.method == "clip" else None
        settings = classifier_settings(self.experiment, self.split, cell, origin)
        place = "" if origin is None else str(origin.path.resolve())
        wanted = RunConfig(self.split.path.resolve(), self.split.hash, settings, FINETUNE, place)
        run = self._trained(
            self.experiment.run_of(cell), wanted,
            lambda run, record, watch: finetune.train(run, self.split, settings, record, watch, origin),
        )  # fmt: skip
        prepared = self._prepared(cell)
        classes, used, logits = survey_logits(run, self.split)
        assert classes == prepared.classes, "every method of a seed, modality and share has the same labels"
        rows = self._judged(prepared.names)
        probabilities = calibrated(calibration_of(run, classes), self.split, rows, used, logits[rows])
        cut = was_cut(run) or (origin is not None and was_cut(origin))
        return self._judgement(cell, rows, probabilities.argmax(axis=1), prepared, is_cut=cut)

    def _judged(self, names: tuple[str, ...]) -> NDArray[np.int64]:
        """Test stars with a label, and with one of the modalities; their labels come from the survey as given.

        A class none of whose training stars has a modality cannot be learnt from it: its test stars are judged all
        the same, and every method is wrong of them alike.
        """
        test = self.split.rows("test")
        return test[(self.survey.labels[test] >= 0) & observed(self.split, names)[:, test].any(axis=0)]

    def _judgement(
        self, cell: Cell, rows: NDArray[np.int64], guess: NDArray[np.int64], prepared: Prepared, *, is_cut: bool
    ) -> Outcome:
        return Outcome(
            cell,
            source_ids=tuple(map(str, self.survey.source_ids[rows])),
            truth=tuple(self.survey.classes[index] for index in self.survey.labels[rows]),
            guess=tuple(prepared.classes[index] if index >= 0 else "" for index in guess),
            n_labels=len(prepared.rows.train),
            is_cut=is_cut,
        )

    def _trained(self, path: Path, wanted: RunConfig, train: Callable[[Run, Record, Any], Any]) -> Run:
        """A finished run with these settings: as it stands, gone on with, or trained from its first step."""
        run = Run(path)
        if path.exists() and not (path / "config.yaml").is_file():
            shutil.rmtree(path)  # killed before it was configured
        if path.exists():
            done = RunConfig.read(run)
            if (done.settings, done.survey_hash) != (wanted.settings, wanted.survey_hash):
                raise RunError(f"{path} was trained with other settings: delete it, and go on with the experiment.")
            if run.status().state is State.FINISHED:
                return run
        path.mkdir(parents=True, exist_ok=True)
        record = Record(path)
        wanted.write(path)
        try:
            train(run, record, Watch(self.supervisor, record))
        finally:
            self.supervisor.watch(Between())
        shutil.rmtree(path / "last", ignore_errors=True)  # to resume: three times the weights
        return run


def was_cut(run: Run) -> bool:
    """Whether a run's training was ended by the limit of minutes."""
    epochs = run.metrics("epoch")
    return bool(epochs) and bool(epochs[-1].get("out_of_time"))
