"""The multimodal CLIP model: an encoder and a projection per modality, a logit scale per pair; and a classifier.

Shapes: B sources, D = embedding_dim.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from m3core.errors import CheckpointError
from m3core.model.config import ModelConfig, pair_key
from m3core.model.encoders import ModalityEncoders, module_key, named_modules
from m3core.model.loss import pair_logits
from m3core.model.tree_vote import TreeVote
from m3core.nn.informer import ProbSparseAttention, Sampling

__all__ = ["MAX_SCALE", "Classifier", "Model", "MultimodalCLIP", "Readings", "model_of", "use_sampling"]

MAX_SCALE = 100.0
"""exp(logit_scale) is clamped to [1, 100], as published."""


class MultimodalCLIP(ModalityEncoders):
    """Embeddings of any number of modalities in one space, from a configuration alone."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.projections = named_modules(
            {name: nn.Linear(width, config.embedding_dim) for name, width in self.widths.items()}
        )
        start = math.log(config.initial_logit_scale)
        self.logit_scales = nn.ParameterDict({pair_key(*pair): torch.tensor(start) for pair in config.pairs})

    def embed(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Embeddings, modality -> (B, D), L2-normalised, of the modalities that `inputs` has.

        Args:
            inputs: flat keys as in m3core.model.batch: {'photometry': (B, L, C), 'photometry_mask': (B, L), ...}.
        """
        return {
            name: F.normalize(self.projections[module_key(name)](features), dim=-1)
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


@dataclass(frozen=True)
class Readings:
    """What a classifier takes from a batch in one pass through its encoders.

    Attributes:
        found: modality -> (B, features or D) that the head reads, of the modalities that the batch has.
        votes: (B, C) probabilities by the trees; None without trees, or where the batch lacks a modality.
    """

    found: dict[str, Tensor]
    votes: Tensor | None


class Classifier(nn.Module):
    """Class logits from one modality's features, or from the embeddings of any number of modalities.

    `backbone` is the pre-trained part, under its own parameter names: a MultimodalCLIP's weights load into it.
    Trees, where there are some, have a share in the answer for sources that have every modality, whose logits are then
    ln((1 - share) * softmax(network) + share * trees).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone: ModalityEncoders = (
            ModalityEncoders(config) if config.head == "features" else MultimodalCLIP(config)
        )
        width = self.backbone.widths[config.names[0]] if config.head == "features" else config.embedding_dim
        self.head = nn.Linear(width * len(config.names) if config.head == "concat" else width, len(config.classes))
        self.trees = None if config.trees is None else TreeVote(config)

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
            inputs: flat keys as in m3core.model.batch; a modality that no row has may be left out.
            present: modality -> (B,) bool, rows that have it; left out: all rows of `inputs`.

        Raises:
            CheckpointError: `inputs` has none of the classifier's modalities.
        """
        readings = self.readings(inputs)
        if not readings.found:
            raise CheckpointError(
                f"the batch has {', '.join(inputs)}; the classifier reads {', '.join(self.config.names)}."
            )
        return self.decide(readings, present)

    def readings(self, inputs: Mapping[str, Tensor]) -> Readings:
        """What `decide` answers from, in one pass."""
        found = self.backbone.features(inputs) if self.config.head == "features" else self.embed(inputs)
        if self.trees is None or len(found) < len(self.config.names):
            return Readings(found, None)
        return Readings(found, self.trees(inputs))

    def decide(
        self, readings: Readings, present: Mapping[str, Tensor] | None = None, shown: Collection[str] | None = None
    ) -> Tensor:
        """Logits as `classify`, by some of the modalities: to withhold one costs no second pass through the encoders.

        Args:
            shown: modalities to answer by; None: all.
        """
        found = {name: read for name, read in readings.found.items() if shown is None or name in shown}
        example = next(iter(readings.found.values()))
        every, none = (torch.full((len(example),), flag, device=example.device) for flag in (True, False))
        given = present or {}
        flags_MB = torch.stack([given.get(name, every) if name in found else none for name in self.config.names])
        read_MBD = torch.stack([found.get(name, torch.zeros_like(example)) for name in self.config.names])
        read_MBD = read_MBD.masked_fill(~flags_MB.unsqueeze(-1), 0.0)
        if self.config.head == "concat":
            read = torch.cat(list(read_MBD), dim=-1)
        else:
            read = read_MBD.sum(dim=0) / flags_MB.sum(dim=0).clamp(min=1).unsqueeze(-1)
        logits = self.head(read)
        if readings.votes is not None and self.trees is not None:
            share = self.trees.share
            both = ((1 - share) * logits.double().softmax(dim=1) + share * readings.votes).log().to(logits.dtype)
            logits = torch.where(flags_MB.all(dim=0).unsqueeze(-1), both, logits)
        return logits.masked_fill(~flags_MB.any(dim=0).unsqueeze(-1), torch.nan)


Model = MultimodalCLIP | Classifier


def model_of(config: ModelConfig) -> Model:
    """A fresh model of a configuration: a classifier where it has a head."""
    return MultimodalCLIP(config) if config.head is None else Classifier(config)


def use_sampling(model: nn.Module, sampling: Sampling) -> None:
    """Choose how ProbSparse attention picks its keys in evaluation."""
    for module in model.modules():
        if isinstance(module, ProbSparseAttention):
            module.sampling = sampling
