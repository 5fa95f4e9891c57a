"""A classifier from start to end in this process: prepare, train, calibrate, score; or the same from a later step."""

import logging
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from m3core.checkpoint.loading import load_checkpoint, save_checkpoint
from m3core.checkpoint.tensors import load_tensors, write_tensors
from m3core.classifier.calibration import fit_calibration
from m3core.classifier.evaluation import CALIBRATION, score_sentences
from m3core.classifier.logits import load_classifier, predict_survey
from m3core.errors import ConfigError
from m3core.files import replaced_file, sha256_file
from m3core.model.clip import Classifier, MultimodalCLIP
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from training import leaks
from training.classification import Classification, class_weights
from training.classifier_setup import Prepared, build_classifier, one_hot, prepare, pretrained
from training.config import FROM_RUN, READ_OUT, SCRATCH, FinetuneConfig, validated
from training.loop import Trainer
from training.presets import classifier_preset
from training.record import Record
from training.seen import seen_by
from training.setup import Rows, build_optimizer, check_kinds, device_of
from training.supervisor import Supervisor
from training.teacher import taught
from training.vote import with_trees

__all__ = ["configure", "train"]

log = logging.getLogger(__name__)

INITIAL, LESSON = "initial", "lesson.safetensors"
"""Of a run, until it ends: the weights that it starts from, and its pseudo-labels. To resume needs nothing else."""


def configure(survey: Survey, preset_name: str, changes: dict[str, Any], origin: Run | None) -> FinetuneConfig:
    """A preset for a survey with changes; complete, and known to be possible.

    Args:
        origin: the pre-trained run to start from; None: from scratch.

    Raises:
        ConfigError: an unknown preset, setting, modality, or an impossible value. SurveyError: too few labels.
        RunError, CheckpointError: the run cannot be started from, does not fit the survey, or would leak.
    """
    config = None
    if origin is not None:
        config = pretrained(origin).config
        config.check_fits(survey)
    # what decides the number of labels comes first: epochs and batch size depend on it
    chosen = validated(changes, "settings", FinetuneConfig)
    check_kinds(chosen)
    device_of(chosen)
    prepared = prepare(survey, chosen, config)
    if origin is not None and config is not None:
        leaks.check(origin, config, survey)
    for name in READ_OUT:
        if origin is None and getattr(chosen, name):
            raise ConfigError(f"{name} reads pre-trained encoders: leave it out, or start from a run.")
    others = 0 if changes.get("pseudo_labels") == 0 else len(prepared.unlabelled)
    base = classifier_preset(preset_name, len(prepared.rows.train), others, is_pretrained=origin is not None)
    decided: dict[str, Any] = {}
    if config is not None:
        families = {modality.spec.name: modality for modality in config.modalities}
        read = [families[name] for name in prepared.names]
        decided = {
            "family": read[0].family,
            "embedding_dim": config.embedding_dim,
            "options": {modality.spec.kind: modality.options for modality in read},
        }
    for name in FROM_RUN:
        if name in changes and name in decided and getattr(chosen, name) != decided[name]:
            raise ConfigError(f"{name} comes from the pre-trained run: leave it out, or start from {SCRATCH}.")
    return validated({**base.model_dump(), **decided, **changes}, "settings", FinetuneConfig)


def train(
    run: Run,
    survey: Survey,
    config: FinetuneConfig,
    record: Record,
    supervisor: Supervisor,
    origin: Run | None,
) -> list[str]:
    """Train from where the run stands to its end.

    Args:
        origin: the pre-trained run; None: from scratch. Not read where the run has begun.

    Returns:
        What to print: scores and calibration, a sentence each.
    """
    torch.use_deterministic_algorithms(True, warn_only=True)
    record.update(state=State.PREPARING, message="measuring the training split")
    if not (run.path / INITIAL).is_dir() or (config.pseudo_labels and not (run.path / LESSON).is_file()):
        _begin(run, survey, config, origin)
    device = device_of(config)
    model = load_checkpoint(run.path / INITIAL).to(device)
    assert isinstance(model, Classifier)
    prepared = prepare(survey, config, model.config)
    for sentence in prepared.sentences:
        log.warning("%s", sentence)
    targets, rows = _targets(run, config, prepared)
    objective = Classification(
        targets, class_weights(targets[rows.train], config.class_balance), label_smoothing=config.label_smoothing,
        modality_dropout=config.modality_dropout if len(prepared.names) > 1 else 0.0,
    )  # fmt: skip
    trainer = Trainer(
        survey=survey, config=config, objective=objective, model=model,
        optimizer=build_optimizer(model, config, config.encoder_rate), rows=rows, record=record, device=device,
    )  # fmt: skip
    trainer.restore()
    log.info("resuming at step %d" if trainer.position.step else "starting at step %d", trainer.position.step)
    counts = np.bincount(prepared.targets[prepared.rows.train], minlength=len(prepared.classes))
    log.info(
        "%d labels to train on (%s), %d to validate, modalities %s, %d parameters, on %s",
        len(prepared.rows.train), ", ".join(f"{n} {name}" for name, n in zip(prepared.classes, counts, strict=True)),
        len(prepared.rows.validation), ", ".join(prepared.names),
        sum(parameter.numel() for parameter in model.parameters()), device,
    )  # fmt: skip
    record.update(message="")
    supervisor.watch(trainer)
    trainer.fit()
    if config.tree_share:
        _add_trees(run, survey, config, targets, rows)
    sentences = _calibrate_and_score(run, survey, prepared, record)
    with trainer.lock:  # no stop between the last word and the end
        record.update(state=State.FINISHED, message=sentences[0], progress=1.0, seconds_left=0.0)
        shutil.rmtree(run.path / INITIAL)
        (run.path / LESSON).unlink(missing_ok=True)
    return sentences


def _targets(run: Run, config: FinetuneConfig, prepared: Prepared) -> tuple[NDArray[np.float32], Rows]:
    """(N, C) class probabilities to be learnt, one for a label, and the sources to train on and to be judged by."""
    targets = one_hot(prepared)
    if not config.pseudo_labels:
        return targets, prepared.rows
    lesson = load_tensors(run.path / LESSON)
    rows = lesson["rows"].numpy()
    targets[rows] = lesson["targets"].numpy()
    return targets, replace(prepared.rows, train=rows)


def _begin(run: Run, survey: Survey, config: FinetuneConfig, origin: Run | None) -> None:
    """Write the weights that the run starts from."""
    model = None
    if origin is not None:
        model = pretrained(origin)
        if sentence := leaks.check(origin, model.config, survey):
            log.info("%s", sentence)
        shared = set(model.config.names) & set(survey.modalities)
        if config.modality == "all" and shared != set(model.config.names) | set(survey.modalities):
            log.warning("the classifier reads what run %s and the survey share: %s", origin.name, ", ".join(shared))
    prepared = prepare(survey, config, None if model is None else model.config)
    if model is not None and config.pseudo_labels:
        _teach(run, survey, config, prepared, model)
    save_checkpoint(build_classifier(survey, config, prepared, model), run.path / INITIAL)


def _teach(run: Run, survey: Survey, config: FinetuneConfig, prepared: Prepared, model: MultimodalCLIP) -> None:
    """Write what classifiers on a pre-trained model's features say of the training split."""
    read = prepared.names
    if config.taught_by == "all":
        read = tuple(name for name in model.config.names if name in survey.modalities)
    seen = seen_by(model.to(device_of(config)), survey, read)
    lesson = taught(
        seen, survey, prepared.targets, prepared.rows.train, prepared.unlabelled,
        n_classes=len(prepared.classes), share=config.pseudo_labels, seed=config.seed,
    )  # fmt: skip
    for sentence in lesson.sentences:
        log.info("%s", sentence)
    with replaced_file(run.path / LESSON) as part:
        write_tensors(part, {"rows": torch.from_numpy(lesson.rows), "targets": torch.from_numpy(lesson.targets)})


def _add_trees(run: Run, survey: Survey, config: FinetuneConfig, targets: NDArray[np.float32], rows: Rows) -> None:
    """Fit trees on what the encoders gave before the training, and keep them beside the network."""
    model, frozen = load_classifier(run), load_checkpoint(run.path / INITIAL)
    assert isinstance(frozen, Classifier)
    if model.trees is None:  # a run that was stopped behind this has them
        found, sentence = with_trees(model, frozen, survey, targets, rows, most=config.tree_share, seed=config.seed)
        log.info("%s", sentence)
        save_checkpoint(found, run.checkpoint)


def _calibrate_and_score(run: Run, survey: Survey, prepared: Prepared, record: Record) -> list[str]:
    """Classify the whole survey, fit the calibration on its validation split, and say how good it is."""
    record.update(state=State.PREDICTING, progress=0.0, message="", seconds_left=None)
    predict_survey(run, survey, lambda done: record.update(progress=done))
    calibrate(run, survey, prepared)
    return score_sentences(run, survey)


def calibrate(run: Run, survey: Survey, prepared: Prepared) -> None:
    """Fit the calibration on the validation split, with all modalities and with each mixture of them, and write it."""
    predictions = predict_survey(run, survey)
    weights = sha256_file(run.checkpoint / "model.safetensors")
    judged = prepared.rows.validation
    fitted = []
    for subset in predictions.subsets:
        logits = predictions.of(subset)[judged]
        known = np.isfinite(logits).all(axis=1)
        truth = prepared.targets[judged[known]]
        fitted.append(fit_calibration(logits[known], truth, prepared.classes, weights))
    calibration = fitted[0]
    for subset, found in zip(predictions.subsets[1:], fitted[1:], strict=True):
        if found.is_fitted:
            calibration = calibration.with_subset(subset, found)
    calibration.write(run.path / CALIBRATION)
