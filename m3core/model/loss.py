"""The contrastive loss over any number of modalities (CLIP: Radford et al. 2021; AstroM3: arXiv 2411.08842).

Shapes: B sources, D embedding.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["contrastive_loss", "pair_logits", "pair_loss"]


def pair_logits(first_BD: Tensor, second_BD: Tensor, scale: Tensor) -> Tensor:
    """scale * first @ second.T, (B, B); row i's positive is column i."""
    return scale * first_BD @ second_BD.T


def pair_loss(first_BD: Tensor, second_BD: Tensor, scale: Tensor) -> Tensor:
    """Symmetric cross-entropy of one pair: CE(logits) + CE(logits transposed), a sum and not a mean, as published."""
    logits = pair_logits(first_BD, second_BD, scale)
    target = torch.arange(len(logits), device=logits.device)
    return F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)


def contrastive_loss(
    embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor], scales: Mapping[tuple[str, str], Tensor]
) -> tuple[Tensor, dict[tuple[str, str], Tensor]]:
    """Sum of the pair losses, each over the sources that have both of its modalities.

    Args:
        embeddings: modality -> (B, D), L2-normalised.
        present: modality -> (B,) bool.
        scales: pair -> exp(logit_scale), clamped; its keys are the pairs of the model.

    Returns:
        The total, and the loss of each pair that at least two sources of the batch have (one source alone has
        nothing to be told from: its pair has no loss).
    """
    losses: dict[tuple[str, str], Tensor] = {}
    for (first, second), scale in scales.items():
        if first not in embeddings or second not in embeddings:
            continue
        both = present[first] & present[second]
        if int(both.sum()) > 1:
            losses[first, second] = pair_loss(embeddings[first][both], embeddings[second][both], scale)
    if not losses:
        raise ValueError("no pair of modalities has two sources in this batch: use a larger batch_size.")
    return torch.stack(list(losses.values())).sum(), losses
