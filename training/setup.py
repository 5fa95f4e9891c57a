"""From a survey and a configuration to a model with its statistics, its rows and its optimizer."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from m3core.checkpoint import versions
from m3core.errors import ConfigError, SurveyError
from m3core.kinds import KINDS, family_of
from m3core.model import MultimodalCLIP
from m3core.model_config import ModalityConfig, ModelConfig
from m3core.survey import Survey
from training.config import TrainConfig

__all__ = ["Rows", "build_model", "build_optimizer", "device_of", "split_rows"]


@dataclass(frozen=True)
class Rows:
    """Row numbers of the survey that training and its judgement use.

    Attributes:
        train, validation: (n,); sources with fewer than two of the modalities take no part.
        left_out: how many sources of the two splits those are.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    left_out: int


def split_rows(survey: Survey, names: tuple[str, ...]) -> Rows:
    """Sources that can be contrasted.

    Raises:
        SurveyError: fewer than two of them in the training split.
    """
    number = np.sum([survey.present(name) for name in names], axis=0)
    train, validation = survey.rows("train"), survey.rows("validation")
    usable = number >= 2
    rows = Rows(
        train[usable[train]], validation[usable[validation]], int((~usable[np.concatenate([train, validation])]).sum())
    )
    if len(rows.train) < 2:
        raise SurveyError(
            f"{survey.path}: the training split has {len(rows.train)} sources with two or more of the modalities "
            f"{', '.join(names)}: a contrastive model needs at least two."
        )
    return rows


def chosen_modalities(survey: Survey, config: TrainConfig) -> tuple[str, ...]:
    """Modalities to train, in the survey's order.

    Raises:
        ConfigError: one that the survey lacks, or fewer than two.
    """
    unknown = [name for name in config.modalities if name not in survey.modalities]
    if unknown:
        raise ConfigError(
            f"survey {survey.path.name} has no modality {unknown[0]!r}; it has {', '.join(survey.modalities)}."
        )
    names = tuple(name for name in survey.modalities if not config.modalities or name in config.modalities)
    if len(names) < 2:
        raise ConfigError(f"contrastive training needs two modalities or more; {', '.join(names)} is one.")
    for kind in config.options:
        if kind not in KINDS:
            raise ConfigError(f"options: there is no kind {kind!r}; there are {', '.join(KINDS)}.")
    return names


def build_model(survey: Survey, config: TrainConfig, train: NDArray[np.int64]) -> MultimodalCLIP:
    """A fresh model over the survey's modalities, normalised by its training split, weights drawn from the seed."""
    modalities = []
    for name in chosen_modalities(survey, config):
        spec = survey.modalities[name]
        family = family_of(spec, config.family)
        given = config.options.get(spec.kind, {})
        allowed = family.options.model_fields
        for key in given:
            if key not in allowed:
                raise ConfigError(f"options.{spec.kind}: unknown option {key!r}; known are {', '.join(allowed)}.")
        try:
            options = family.options.model_validate(given)
        except ValidationError as fault:
            first = fault.errors()[0]
            place = ".".join(["options", spec.kind, *map(str, first["loc"])])
            raise ConfigError(f"{place} = {first['input']!r}: {first['msg']}.") from None
        modalities.append(ModalityConfig.measured(survey, name, config.family, options, train))
    torch.manual_seed(config.seed)
    return MultimodalCLIP(
        ModelConfig(
            modalities=tuple(modalities),
            embedding_dim=config.embedding_dim,
            initial_logit_scale=config.initial_logit_scale,
            classes=survey.classes,
            survey_hash=survey.hash,
            split_hash=survey.manifest.split.hash,
            versions=versions(),
        )
    )


def build_optimizer(model: torch.nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Adam or AdamW; scales, biases and norms are not decayed by AdamW."""
    betas = (config.beta1, config.beta2)
    if config.optimizer == "adam":
        return torch.optim.Adam(
            model.parameters(), lr=config.learning_rate, betas=betas, weight_decay=config.weight_decay
        )
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas)


def device_of(config: TrainConfig) -> torch.device:
    """The device to train on.

    Raises:
        ConfigError: cuda asked for where torch sees none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device = cuda: torch sees no GPU here; use device=cpu, or install a CUDA build of torch.")
    return torch.device("cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu")
