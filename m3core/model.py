"""The multimodal CLIP model: an encoder and a projection per modality, a logit scale per pair; and a classifier.

Shapes: B sources, D = embedding_dim.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from m3core.errors import CheckpointError
from m3core.kinds import family_of
from m3core.loss import pair_logits
from m3core.model_config import ModelConfig, pair_key
from m3core.names import INPUT_FIELDS
from m3core.nn.informer import ProbSparseAttention, Sampling

__all__ = ["MAX_SCALE", "Classifier", "ModalityEncoders", "Model", "MultimodalCLIP", "model_of", "use_sampling"]

MAX_SCALE = 100.0
"""exp(logit_scale) is clamped to [1, 100], as published."""


class ModalityEncoders(nn.Module):
    """An encoder per modality, from a configuration alone.

    The weights come from torch's generator: seed it before the call.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        encoders: dict[str, Any] = {
            modality.spec.name: family_of(modality.spec, modality.family).build(modality.spec, modality.parsed_options)
            for modality in config.modalities
        }
        self.encoders = _named(encoders)
        self.widths = {name: int(encoder.out_features) for name, encoder in encoders.items()}

    def features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encoder outputs, modality -> (B, out_features), of the modalities that `inputs` has."""
        return {
            name: self.encoders[_key(name)](_fields_of(name, inputs)) for name in self.config.names if name in inputs
        }


class MultimodalCLIP(ModalityEncoders):
    """Embeddings of any number of modalities in one space, from a configuration alone."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.projections = _named({name: nn.Linear(width, config.embedding_dim) for name, width in self.widths.items()})
        start = math.log(config.initial_logit_scale)
        self.logit_scales = nn.ParameterDict({pair_key(*pair): torch.tensor(start) for pair in config.pairs})

    def embed(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Embeddings, modality -> (B, D), L2-normalised, of the modalities that `inputs` has.

        Args:
            inputs: flat keys as in m3core.batch: {'photometry': (B, L, C), 'photometry_mask': (B, L), ...}.
        """
        return {
            name: F.normalize(self.projections[_key(name)](features), dim=-1)
            for name, features in self.features(inputs).items()
        }

    def scales(self) -> dict[tuple[str, str], Tensor]:
        """exp(logit_scale) of every pair, clamped to [1, 100]."""
        return {pair: self.logit_scales[pair_key(*pair)].exp().clamp(1.0, MAX_SCALE) for pair in self.config.pairs}

    def logits(self, embeddings: Mapping[str, Tensor]) -> dict[tuple[str, str], Tensor]:
        """scale * first @ second.T of every pair that `embeddings` has, (B, B)."""
        return {
            (first, second): pair_logits(embeddings[first], embeddings[second], scale)
            for (first, second), scale in self.scales().items()
            if first in embeddings and second in embeddings
        }


class Classifier(nn.Module):
    """Class logits from one modality's features, or from the embeddings of any number of modalities.

    `backbone` is the pre-trained part, under its own parameter names: a MultimodalCLIP's weights load into it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone: ModalityEncoders = (
            ModalityEncoders(config) if config.head == "features" else MultimodalCLIP(config)
        )
        width = self.backbone.widths[config.names[0]] if config.head == "features" else config.embedding_dim
        self.head = nn.Linear(width * len(config.names) if config.head == "concat" else width, len(config.classes))

    def embed(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Embeddings as of MultimodalCLIP.embed.

        Raises:
            CheckpointError: the classifier reads features, and has no projection.
        """
        if not isinstance(self.backbone, MultimodalCLIP):
            raise CheckpointError(
                f"this classifier reads the features of {self.config.names[0]} and has no embeddings: "
                "embed with the model that it was fine-tuned from."
            )
        return self.backbone.embed(inputs)

    def classify(self, inputs: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None) -> Tensor:
        """Logits, (B, len(classes)), in the order of config.classes; NaN in rows without any of the modalities.

        Args:
            inputs: flat keys as in m3core.batch; a modality that no row has may be left out.
            present: modality -> (B,) bool, rows that have it; left out: all rows of `inputs`.

        Raises:
            CheckpointError: `inputs` has none of the classifier's modalities.
        """
        found = self.readings(inputs)
        if not found:
            raise CheckpointError(
                f"the batch has {', '.join(inputs)}; the classifier reads {', '.join(self.config.names)}."
            )
        return self.decide(found, present)

    def readings(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the head reads, modality -> (B, features or D), of the modalities that `inputs` has."""
        return self.backbone.features(inputs) if self.config.head == "features" else self.embed(inputs)

    def decide(self, found: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None) -> Tensor:
        """Logits from `readings`, as `classify`: a withheld modality costs no second pass through the encoders."""
        example = next(iter(found.values()))
        every, none = (torch.full((len(example),), flag, device=example.device) for flag in (True, False))
        given = present or {}
        flags_MB = torch.stack([given.get(name, every) if name in found else none for name in self.config.names])
        read_MBD = torch.stack([found.get(name, torch.zeros_like(example)) for name in self.config.names])
        read_MBD = read_MBD.masked_fill(~flags_MB.unsqueeze(-1), 0.0)
        if self.config.head == "concat":
            read = torch.cat(list(read_MBD), dim=-1)
        else:
            read = read_MBD.sum(dim=0) / flags_MB.sum(dim=0).clamp(min=1).unsqueeze(-1)
        return self.head(read).masked_fill(~flags_MB.any(dim=0).unsqueeze(-1), torch.nan)


Model = MultimodalCLIP | Classifier


def model_of(config: ModelConfig) -> Model:
    """A fresh model of a configuration: a classifier where it has a head."""
    return MultimodalCLIP(config) if config.head is None else Classifier(config)


def use_sampling(model: nn.Module, sampling: Sampling) -> None:
    """Choose how ProbSparse attention picks its keys in evaluation."""
    for module in model.modules():
        if isinstance(module, ProbSparseAttention):
            module.sampling = sampling


def _key(name: str) -> str:
    """Module key of a modality: ended, since a ModuleDict has methods named 'keys', 'type', 'half'."""
    return f"{name}_"


def _named(modules: Mapping[str, nn.Module]) -> nn.ModuleDict:
    return nn.ModuleDict({_key(name): module for name, module in modules.items()})


def _fields_of(name: str, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """{'photometry': a, 'photometry_mask': m, ...} -> {'': a, 'mask': m} for the modality 'photometry'."""
    fields = {"": inputs[name]}
    for field in INPUT_FIELDS:
        if f"{name}_{field}" in inputs:
            fields[field] = inputs[f"{name}_{field}"]
    return fields
