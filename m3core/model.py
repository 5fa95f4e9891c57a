"""The multimodal CLIP model: an encoder and a projection per modality, a logit scale per pair.

Shapes: B sources, D = embedding_dim.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from m3core.kinds import family_of
from m3core.model_config import ModelConfig, pair_key
from m3core.names import INPUT_FIELDS
from m3core.nn.informer import ProbSparseAttention, Sampling

__all__ = ["MAX_SCALE", "MultimodalCLIP"]

MAX_SCALE = 100.0
"""exp(logit_scale) is clamped to [1, 100], as published."""


class MultimodalCLIP(nn.Module):
    """Embeddings of any number of modalities in one space, from a configuration alone.

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
        self.projections = _named(
            {name: nn.Linear(encoder.out_features, config.embedding_dim) for name, encoder in encoders.items()}
        )
        start = math.log(config.initial_logit_scale)
        self.logit_scales = nn.ParameterDict({pair_key(*pair): torch.tensor(start) for pair in config.pairs})

    def features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encoder outputs, modality -> (B, out_features), of the modalities that `inputs` has."""
        return {
            name: self.encoders[_key(name)](_fields_of(name, inputs)) for name in self.config.names if name in inputs
        }

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

    def use_sampling(self, sampling: Sampling) -> None:
        """Choose how ProbSparse attention picks its keys in evaluation."""
        for module in self.modules():
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
