"""The say of boosted trees in a classifier's answer: what they read, and what they make of it.

Shapes: B sources, K features of all encoders, P components, M numbers.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from m3core.model.config import ModelConfig
from m3core.model.encoders import ModalityEncoders
from m3core.nn.boosted_trees import BoostedTrees

__all__ = ["FrozenReading", "TreeVote", "numbers_of"]


def numbers_of(inputs: Mapping[str, Tensor]) -> dict[str, int]:
    """Inputs that are numbers and no curve, such as measured properties and catalogue columns: key -> how many."""
    return {key: values.shape[1] for key, values in inputs.items() if values.ndim == 2 and not key.endswith("_mask")}


class FrozenReading(nn.Module):
    """Features of encoders that stay as they were pre-trained, standardised, and their principal components."""

    mean: Tensor
    scale: Tensor
    centre: Tensor
    axes: Tensor

    def __init__(self, config: ModelConfig, *, n_components: int) -> None:
        super().__init__()
        self.encoders = ModalityEncoders(config).requires_grad_(False)
        width = sum(self.encoders.widths.values())
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(width, dtype=torch.float64))
        self.register_buffer("centre", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("axes", torch.zeros((n_components, width), dtype=torch.float64))

    def measured(
        self, *, mean: NDArray[np.float64], scale: NDArray[np.float64], centre: NDArray[np.float64],
        axes: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Take what was measured on the training split: (K,) mean, scale and centre, (P, K) axes."""
        for name, values in (("mean", mean), ("scale", scale), ("centre", centre), ("axes", axes)):
            setattr(self, name, torch.from_numpy(values).to(self.mean.device))

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, K) float64, standardised, of sources with every modality."""
        found = torch.cat(list(self.encoders.features(inputs).values()), dim=1)
        return (found.double() - self.mean) / self.scale

    def components(self, features: Tensor) -> Tensor:
        """(B, P) of standardised features."""
        return (features - self.centre) @ self.axes.T


class TreeVote(nn.Module):
    """Class probabilities by boosted trees that read components of frozen features, and the numbers beside curves."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        assert config.trees is not None
        self.numbers, self.share = config.trees.numbers, config.trees.share
        self.reading = FrozenReading(config, n_components=config.trees.n_components)
        self.trees = BoostedTrees(
            n_inputs=config.trees.n_components + sum(width for _, width in self.numbers),
            n_classes=len(config.classes),
            n_trees=config.trees.n_trees,
            n_leaves=config.trees.n_leaves,
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, C) probabilities, float64, of sources with every modality."""
        features = self.reading.features(inputs)
        read = [self.reading.components(features), *(inputs[key].double() for key, _ in self.numbers)]
        return self.trees(torch.cat(read, dim=1)).softmax(dim=1)
