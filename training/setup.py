"""From a survey and a configuration to a model with its statistics, its rows and its optimizer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from m3core.checkpoint.loading import versions
from m3core.errors import ConfigError, SurveyError
from m3core.kinds import KINDS, family_of
from m3core.model.clip import MultimodalCLIP
from m3core.model.config import ModalityConfig, ModelConfig
from m3core.survey import Survey
from training.config import Settings, TrainConfig

__all__ = [
    "Rows", "build_model", "build_optimizer", "check_kinds", "chosen_modalities", "device_of", "measured_modalities",
    "split_rows",
]  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Row numbers of the survey that training and its judgement use.

    Attributes:
        train, validation: (n,); sources with too few of the modalities (to contrast, two are needed) take no part.
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
    check_kinds(config)
    return names


def check_kinds(config: Settings) -> None:
    """Make sure that options are given for kinds that exist.

    Raises:
        ConfigError: one that does not.
    """
    for kind in config.options:
        if kind not in KINDS:
            raise ConfigError(f"options: there is no kind {kind!r}; there are {', '.join(KINDS)}.")


def build_model(survey: Survey, config: TrainConfig, train: NDArray[np.int64]) -> MultimodalCLIP:
    """A fresh model over the survey's modalities, normalised by its training split, weights drawn from the seed."""
    modalities = measured_modalities(survey, chosen_modalities(survey, config), config, train)
    torch.manual_seed(config.seed)
    return MultimodalCLIP(
        ModelConfig(
            modalities=modalities,
            embedding_dim=config.embedding_dim,
            initial_logit_scale=config.initial_logit_scale,
            classes=survey.classes,
            survey_hash=survey.hash,
            split_hash=survey.manifest.split.hash,
            versions=versions(),
        )
    )


def measured_modalities(
    survey: Survey, names: Sequence[str], config: Settings, train: NDArray[np.int64]
) -> tuple[ModalityConfig, ...]:
    """Modalities of a survey as a family and its options encode them, with the statistics of the sources at `train`.

    Raises:
        ConfigError: an option that the family does not have, or an impossible value.
    """
    modalities = []
    for name in names:
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
    return tuple(modalities)


def build_optimizer(model: torch.nn.Module, config: Settings, encoder_rate: float = 1.0) -> torch.optim.Optimizer:
    """Adam or AdamW; scales, biases and norms are not decayed by AdamW.

    Args:
        encoder_rate: learning rate of a classifier's backbone, as a fraction of its last layer's (the group's 'scale').
    """
    is_adamw = config.optimizer == "adamw"
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        scale = encoder_rate if name.startswith("backbone.") else 1.0
        decay = config.weight_decay if parameter.ndim > 1 or not is_adamw else 0.0
        groups.setdefault((scale, decay), []).append(parameter)
    optimizer = torch.optim.AdamW if is_adamw else torch.optim.Adam
    return optimizer(
        [
            {"params": found, "weight_decay": decay, "scale": scale, "lr": config.learning_rate * scale}
            for (scale, decay), found in groups.items()
        ],
        betas=(config.beta1, config.beta2),
    )


def device_of(config: Settings) -> torch.device:
    """The device to train on.

    Raises:
        ConfigError: cuda asked for where torch sees none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device = cuda: torch sees no GPU here; use device=cpu, or install a CUDA build of torch.")
    return torch.device("cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu")
