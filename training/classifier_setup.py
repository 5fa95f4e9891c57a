"""From a survey, its labels and perhaps a pre-trained run to a classifier and the sources it is trained on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from m3core.checkpoint.loading import load_checkpoint, versions
from m3core.classifier.logits import observed, targets
from m3core.errors import ConfigError, RunError, SurveyError
from m3core.model.clip import Classifier, MultimodalCLIP
from m3core.model.config import ModelConfig
from m3core.survey import Survey
from m3core.workspace.run import Run
from training.classification import Classification
from training.config import SCRATCH, FinetuneConfig
from training.labels import draw
from training.setup import Rows, measured_modalities

__all__ = ["Prepared", "build_classifier", "one_hot", "prepare", "pretrained"]


@dataclass(frozen=True)
class Prepared:
    """What a classifier is trained on.

    Attributes:
        names: modalities it reads.
        classes: those of the labelled training sources, in the survey's order.
        targets: (N,) class index of every source of the survey, -1 without a label of these classes.
        rows: labelled sources with at least one of the modalities; of the training split those drawn.
        unlabelled: (n,) further sources of the training split with one of the modalities.
        sentences: what is left out, or taken on trust.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    targets: NDArray[np.int64]
    rows: Rows
    unlabelled: NDArray[np.int64]
    sentences: tuple[str, ...]


def one_hot(prepared: Prepared) -> NDArray[np.float32]:
    """(N, C): 1 at the class of each source, 0 in all of a row without one."""
    return np.eye(len(prepared.classes) + 1, len(prepared.classes), dtype=np.float32)[prepared.targets]


def pretrained(origin: Run) -> MultimodalCLIP:
    """The model of a run to start from.

    Raises:
        RunError: it has no checkpoint, or is a classifier itself.
    """
    if not origin.has_checkpoint:
        raise RunError(f"run {origin.name} has no checkpoint yet: wait for its first epoch, or resume it.")
    model = load_checkpoint(origin.checkpoint)
    if isinstance(model, Classifier):
        raise RunError(
            f"run {origin.name} is a classifier itself: start --from the pre-trained run, or from {SCRATCH}."
        )
    return model


def _names(survey: Survey, config: FinetuneConfig, model: ModelConfig | None) -> tuple[str, ...]:
    """Modalities that the classifier reads, in the order of the survey or of the pre-trained model."""
    known = tuple(survey.modalities) if model is None else model.names
    if config.modality == "all":
        return tuple(name for name in known if name in survey.modalities)
    if config.modality not in survey.modalities:
        raise ConfigError(
            f"survey {survey.path.name} has no modality {config.modality!r}; it has {', '.join(survey.modalities)}, "
            "and 'all' reads all of them."
        )
    if config.modality not in known:
        raise ConfigError(f"the pre-trained run has no modality {config.modality!r}; it has {', '.join(known)}.")
    return (config.modality,)


def prepare(survey: Survey, config: FinetuneConfig, model: ModelConfig | None) -> Prepared:
    """Draw the labels that the classifier may see.

    Args:
        model: of the pre-trained run; None: from scratch.

    Raises:
        ConfigError: a modality that there is not, or fewer labels than classes. SurveyError: no labels, or one class.
    """
    names = _names(survey, config, model)
    usable = observed(survey, names).any(axis=0)
    train = survey.rows("train")
    labelled = train[(survey.labels[train] >= 0) & usable[train]]
    if not len(labelled):
        raise SurveyError(
            f"{survey.path}: no source of the training split has a label and {' or '.join(names)}: a classifier needs "
            "labels; import the survey with its label column (--map label=COLUMN)."
        )
    present = np.unique(survey.labels[labelled])
    classes = tuple(survey.classes[index] for index in present)
    if len(classes) < 2:
        raise SurveyError(
            f"{survey.path}: every labelled source of the training split is {classes[0]!r}: a classifier needs two "
            "classes or more."
        )
    of = targets(survey, classes)
    keep = draw(survey.source_ids[labelled], of[labelled], share=config.labels, seed=config.seed, cap=config.cap)
    validation = survey.rows("validation")
    judged = validation[(of[validation] >= 0) & usable[validation]]
    n_blind = int((survey.labels[np.concatenate([train, validation])] >= 0).sum()) - len(labelled) - len(judged)
    sentences = []
    if n_blind:
        sentences.append(
            f"{n_blind} labelled sources take no part: they have none of {', '.join(names)}, or a class that no source "
            "of the training split has"
        )
    if len(judged) < Classification.fewest_judged:
        sentences.append(
            f"the validation split has {len(judged)} labelled sources, fewer than {Classification.fewest_judged}: all "
            "epochs are trained and the last is kept"
        )
    unlabelled = np.setdiff1d(train[usable[train]], labelled[keep])
    return Prepared(names, classes, of, Rows(labelled[keep], judged, n_blind), unlabelled, tuple(sentences))


def build_classifier(
    survey: Survey,
    config: FinetuneConfig,
    prepared: Prepared,
    origin: MultimodalCLIP | None,
    statistics_of: NDArray[np.int64] | None = None,
) -> Classifier:
    """A classifier with a fresh last layer over fresh or pre-trained encoders.

    From scratch the encoders' means, standard deviations and quantiles are measured on the whole training split: they
    need no labels, and a classifier that saw fewer labels is then compared on the same inputs. A pre-trained run brings
    its own.

    Args:
        origin: the pre-trained model; None: from scratch.
        statistics_of: rows to measure instead, where a rough model is enough.
    """
    if origin is None:
        measured = survey.rows("train") if statistics_of is None else statistics_of
        modalities = measured_modalities(survey, prepared.names, config, measured)
    else:
        modalities = tuple(one for one in origin.config.modalities if one.spec.name in prepared.names)
    torch.manual_seed(config.seed)
    model = Classifier(
        ModelConfig(
            modalities=modalities,
            embedding_dim=config.embedding_dim,
            head=config.fusion if config.modality == "all" else "features",
            classes=prepared.classes,
            survey_hash=survey.hash if origin is None else origin.config.survey_hash,
            split_hash=survey.manifest.split.hash,
            versions=versions(),
        )
    )
    if origin is not None:
        weights = origin.state_dict()
        ours = model.backbone.state_dict()
        model.backbone.load_state_dict({name: weights[name] for name in ours})
    return model
